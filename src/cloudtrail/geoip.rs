//! Where a call came from by its address: the country and the autonomous system.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cloudtrail::field;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::syntax::geo_database::{GeoAttribute, GeoDatabases};

/// The most sources whose value is remembered. Logs have few different ones.
const MAX_REMEMBERED: usize = 4096;
/// The longest source that is remembered. Longer ones are not addresses.
const MAX_REMEMBERED_LENGTH: usize = 256;

/// The names of the derived values.
const NAMES: [(&str, GeoAttribute); 3] =
    [("country", GeoAttribute::Country), ("asn", GeoAttribute::Asn), ("asnOrg", GeoAttribute::AsnOrganisation)];

/// The attribute that the derived value `name` shows; `None` for another name.
pub fn attribute(name: &str) -> Option<GeoAttribute> {
    NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, attribute)| attribute)
}

/// The databases of `fields`. Fails with the reason if none has the attribute.
pub fn require(attribute: GeoAttribute, databases: Option<&Arc<GeoDatabases>>) -> Result<Arc<GeoDatabases>, String> {
    let databases = databases
        .ok_or_else(|| format!("needs --geoip FILE, a database of MaxMind's format with {}", attribute.plural()))?;
    databases.require(attribute)?;
    Ok(Arc::clone(databases))
}

/// The value of the first address in a source that has one. A source may be a
/// comma-separated list, or the name of a service.
pub fn value(databases: &GeoDatabases, source: &str, attribute: GeoAttribute) -> Option<String> {
    let addresses = source.split(',').filter_map(|part| part.trim().parse().ok());
    addresses.into_iter().find_map(|address| databases.find(address, attribute))
}

/// Reads a value of the source address.
#[derive(Clone, Debug)]
pub struct GeoReader {
    attribute: GeoAttribute,
    address: FieldId,
    databases: Arc<GeoDatabases>,
    /// The values of sources that were looked up.
    remembered: HashMap<Box<str>, Option<String>>,
}

impl GeoReader {
    /// Adds the fields it reads to `fields`. Fails with the reason if no database has the
    /// attribute.
    pub fn new(attribute: GeoAttribute, fields: &mut FieldSet) -> Result<GeoReader, String> {
        let databases = require(attribute, fields.geoip())?;
        Ok(GeoReader { attribute, address: fields.add("sourceIPAddress")?, databases, remembered: HashMap::new() })
    }

    /// The value; `None` if no database has one or the source is not an address.
    pub fn value(&mut self, event: &Event<'_>) -> Option<String> {
        let source = field::text(event, self.address)?;
        if let Some(value) = self.remembered.get(&*source) {
            return value.clone();
        }
        let value = value(&self.databases, &source, self.attribute);
        if source.len() <= MAX_REMEMBERED_LENGTH {
            if self.remembered.len() >= MAX_REMEMBERED {
                self.remembered.clear();
            }
            self.remembered.insert((&*source).into(), value.clone());
        }
        value
    }
}

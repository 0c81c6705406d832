//! The name of the network that a call came from.

use std::sync::Arc;

use crate::cloudtrail::field;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::syntax::network_names::NetworkNames;

/// The name of the derived value.
pub const NETWORK: &str = "network";

/// Reads the network of the source address.
#[derive(Clone, Debug)]
pub struct NetworkReader {
    address: FieldId,
    names: Arc<NetworkNames>,
}

impl NetworkReader {
    /// Adds the fields it reads to `fields`. Fails with the reason if no networks are
    /// known.
    pub fn new(fields: &mut FieldSet) -> Result<NetworkReader, String> {
        let names = require(fields.networks())?;
        Ok(NetworkReader { address: fields.add("sourceIPAddress")?, names })
    }

    /// The name of the network; `None` if it has no name or the source is not an address.
    pub fn name(&self, event: &Event<'_>) -> Option<&str> {
        let source = field::text(event, self.address)?;
        name(&self.names, &source)
    }
}

/// The names of networks. Fails with the reason if there are none.
pub fn require(names: Option<&Arc<NetworkNames>>) -> Result<Arc<NetworkNames>, String> {
    names.cloned().ok_or_else(|| "needs --networks FILE, a table of networks and their names".into())
}

/// The name of the first address in a source that is in a network. A source may be a
/// comma-separated list.
pub fn name<'a>(names: &'a NetworkNames, source: &str) -> Option<&'a str> {
    source.split(',').filter_map(|part| part.trim().parse().ok()).find_map(|address| names.name(address))
}

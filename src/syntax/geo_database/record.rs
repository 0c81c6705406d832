//! The record of a network, in the forms that publishers of databases use.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::GeoAttribute;

/// The most bytes of a value.
const MAX_VALUE: usize = 1024;

/// A record. MaxMind and DB-IP write `country.iso_code`, `autonomous_system_number` and
/// `autonomous_system_organization`, which some databases have inside `traits`. IPinfo writes
/// `country_code` or `country`, `asn`, and `as_name` or `name`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GeoRecord {
    country: GeoValue<GeoPart>,
    country_code: GeoValue<IgnoredAny>,
    traits: GeoValue<GeoPart>,
    autonomous_system_number: GeoValue<IgnoredAny>,
    autonomous_system_organization: GeoValue<IgnoredAny>,
    asn: GeoValue<IgnoredAny>,
    as_name: GeoValue<IgnoredAny>,
    name: GeoValue<IgnoredAny>,
}

/// The map `country` or `traits`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct GeoPart {
    iso_code: GeoValue<IgnoredAny>,
    autonomous_system_number: GeoValue<IgnoredAny>,
    autonomous_system_organization: GeoValue<IgnoredAny>,
}

impl GeoRecord {
    /// The value of an attribute; `None` if it is absent or empty.
    pub(super) fn value(&self, attribute: GeoAttribute) -> Option<String> {
        let (country, traits) = (self.country.part(), self.traits.part());
        let asn = self.asn.text().and_then(asn);
        match attribute {
            GeoAttribute::Country => {
                let code = country.and_then(|country| country.iso_code.text());
                let text = code.or(self.country_code.text()).or(self.country.text());
                text.map(String::from)
            }
            GeoAttribute::Asn => {
                let number = traits.and_then(|traits| traits.autonomous_system_number.text());
                self.autonomous_system_number.text().or(number).and_then(self::asn).or(asn)
            }
            GeoAttribute::AsnOrganisation => {
                let name = traits.and_then(|traits| traits.autonomous_system_organization.text());
                // Only beside a number, `name` is that of the autonomous system.
                let named = self.as_name.text().or(self.name.text().filter(|_| asn.is_some()));
                self.autonomous_system_organization.text().or(name).or(named).map(String::from)
            }
        }
    }
}

/// The number of an autonomous system as a cell shows it; `None` if the text is not one.
fn asn(text: &str) -> Option<String> {
    let number: u32 = text.strip_prefix("AS").unwrap_or(text).parse().ok()?;
    Some(format!("AS{number}"))
}

/// A text or a number as text, a map, or something else.
#[derive(Default)]
enum GeoValue<P> {
    #[default]
    Other,
    Text(String),
    Part(P),
}

impl<P> GeoValue<P> {
    fn text(&self) -> Option<&str> {
        if let GeoValue::Text(text) = self { Some(text.as_str()).filter(|text| !text.is_empty()) } else { None }
    }

    fn part(&self) -> Option<&P> {
        if let GeoValue::Part(part) = self { Some(part) } else { None }
    }
}

impl<'de, P: Deserialize<'de>> Deserialize<'de> for GeoValue<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<GeoValue<P>, D::Error> {
        deserializer.deserialize_any(GeoValueVisitor(PhantomData))
    }
}

struct GeoValueVisitor<P>(PhantomData<P>);

impl<'de, P: Deserialize<'de>> Visitor<'de> for GeoValueVisitor<P> {
    type Value = GeoValue<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<GeoValue<P>, E> {
        if text.len() > MAX_VALUE {
            return Err(E::custom(format!("a value of more than {MAX_VALUE} bytes")));
        }
        Ok(GeoValue::Text(text.trim().into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<GeoValue<P>, E> {
        Ok(GeoValue::Text(number.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GeoValue<P>, A::Error> {
        P::deserialize(MapAccessDeserializer::new(map)).map(GeoValue::Part)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<GeoValue<P>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(GeoValue::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<GeoValue<P>, E> {
        Ok(GeoValue::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<GeoValue<P>, E> {
        Ok(GeoValue::Other)
    }

    fn visit_u128<E>(self, _: u128) -> Result<GeoValue<P>, E> {
        Ok(GeoValue::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<GeoValue<P>, E> {
        Ok(GeoValue::Other)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<GeoValue<P>, E> {
        Ok(GeoValue::Other)
    }
}

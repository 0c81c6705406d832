//! Groups of options that commands share. Each group builds the request to the
//! layer that it configures.

pub mod command_help;
pub mod config;
pub mod connection;
pub mod digests;
pub mod filter;
mod geoip_file;
mod key_list;
mod network_file;
pub mod parse_error;
pub mod partial;
pub mod source;
pub mod table;
mod value_file;
pub mod work;

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::source::aws::endpoint::is_region;

/// Parses the name of a region.
pub(crate) fn region(text: &str) -> Result<String, String> {
    match is_region(text) {
        true => Ok(text.into()),
        false => Err("not a region; write one such as eu-west-1".into()),
    }
}

/// Returns a parser of numbers within `bounds`. Its error names the bounds.
pub(crate) fn number<N>(bounds: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| format!("not a number from {} to {}", bounds.start(), bounds.end()))
    }
}

//! Reads the forms of the Query protocol, and writes its lists.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The parameters of a form, under their flat names: `Tags.member.1.Key`.
pub(super) fn read(form: &str) -> Map<String, Value> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value).into())).collect()
}

/// The entries of a list or a map, each a pair of the texts under two names.
pub(super) fn pairs(parameters: &Map<String, Value>, list: &str, first: &str, second: &str) -> Map<String, Value> {
    let numbers = (1..).take_while(|number| parameters.contains_key(&format!("{list}.{number}.{first}")));
    let text =
        |number: i32, name: &str| parameters.get(&format!("{list}.{number}.{name}")).cloned().unwrap_or_default();
    numbers.map(|number| (text(number, first).as_str().unwrap_or_default().to_owned(), text(number, second))).collect()
}

/// A text, escaped for an XML element.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! Reads the files of `--networks`.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, io_message};
use crate::filter::spec::FilterSpec;
use crate::syntax::glob::is_pattern;
use crate::syntax::network_names::{MAX_BYTES, NetworkNames, NetworkNamesBuilder};
use crate::syntax::network_table::parse_network;
use crate::syntax::value_list::named_file;

const OPTION: &str = "--networks";
const SOURCE_IP: &str = "--source-ip";

/// Reads the networks of all files; `None` without files.
pub(super) fn read_networks(files: &[PathBuf]) -> Result<Option<Arc<NetworkNames>>, Error> {
    let mut networks = NetworkNamesBuilder::default();
    for file in files {
        let wrong = |reason: String| Error::option(OPTION, &file.to_string_lossy(), reason);
        let mut bytes = Vec::new();
        // One byte more, so that a file that is too large is noticed.
        File::open(file)
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| wrong(format!("cannot be read: {}", io_message(&error))))?;
        networks.add(&bytes).map_err(wrong)?;
    }
    Ok((!files.is_empty()).then(|| Arc::new(networks.build())))
}

/// Notes on values of `--source-ip` that are the name of a network, and also mean
/// something else.
pub(super) fn clashes(filter: &FilterSpec) -> Vec<String> {
    let Some(networks) = &filter.networks else { return Vec::new() };
    let option = filter.options.iter().find(|(option, _)| option.flag == SOURCE_IP);
    let values = option.map_or(Vec::new(), |(option, typed)| option.split(typed));
    let mut notes = Vec::new();
    for value in values.iter().filter(|value| named_file(value).is_none()) {
        let name = value.strip_prefix('!').unwrap_or(value);
        if networks.index(name).is_none() {
            continue;
        }
        let meaning = match parse_network(name).is_some() {
            true => "an address",
            false if is_pattern(name) => "a pattern",
            false if name.to_ascii_lowercase().ends_with(".amazonaws.com") => {
                notes.push(format!("{SOURCE_IP} {name:?} is a service and the name of a network; both match"));
                continue;
            }
            false => continue,
        };
        notes.push(format!(
            "{SOURCE_IP} {name:?} is taken as {meaning}, and is also the name of a network; --where 'network = …' \
             matches names"
        ));
    }
    notes
}

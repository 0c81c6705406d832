//! Reads the files that values of filter options name: `@FILE`.

use std::fs::File;
use std::io::Read;

use crate::error::{Error, io_message};
use crate::filter::options::FilterOption;
use crate::filter::spec::OptionValues;
use crate::syntax::value_list::{LIST_MARK, ListError, MAX_BYTES, ValueList, ValueLists, named_file};

/// Reads the lists that the options name. Fails if a file cannot be read, or a line is not
/// a value of its option.
pub(super) fn read_lists(options: &OptionValues) -> Result<ValueLists, Error> {
    let mut lists = ValueLists::default();
    for (option, typed) in options.iter().filter(|(option, _)| option.takes_lists()) {
        for value in option.split(typed) {
            let Some((file, _)) = named_file(&value) else { continue };
            let wrong = |reason: String| Error::option(option.flag, &value, reason);
            if lists.get(&file).is_none() {
                let list = read(&file).map_err(wrong)?;
                lists.insert(&file, list).map_err(|error| wrong(error.reason))?;
            }
            lists.get(&file).map_or(Ok(()), |list| check(option, list)).map_err(|error| wrong(error.reason))?;
        }
    }
    Ok(lists)
}

/// Checks the values of a list as those that are typed.
fn check(option: &FilterOption, list: &ValueList) -> Result<(), ListError> {
    list.values().try_for_each(|value| (option.check)(value.text).map_err(|reason| ListError::new(value, reason)))
}

fn read(file: &str) -> Result<ValueList, String> {
    if file.is_empty() || file == "-" {
        return Err(format!(
            "names no file; write {LIST_MARK}FILE for the values in a file, or \\{LIST_MARK} for a value that begins \
             with {LIST_MARK}"
        ));
    }
    let hint = format!("write \\{LIST_MARK} if the value begins with {LIST_MARK}");
    let unreadable = |error: std::io::Error| format!("the file cannot be read: {}; {hint}", io_message(&error));
    let mut bytes = Vec::new();
    // One byte more, so that a file that is too large is noticed.
    File::open(file).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    ValueList::parse(bytes).map_err(|error| error.reason)
}

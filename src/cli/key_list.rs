//! The request for a list of keys.

use std::path::{Path, PathBuf};

use super::source::{BucketArgs, connection, downloads};
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::source::LogFile;
use crate::source::key_list::KeyListInput;
use crate::source::spec::{BucketInput, Input};

/// The request for the objects and files of a list, which is all that a run reads.
pub(super) fn key_list_input(
    list: &Path,
    paths: &[PathBuf],
    typed: &BucketArgs,
    conditions: &FilterSpec,
) -> Result<Input, Error> {
    let others = [
        (!paths.is_empty(), "other inputs"),
        (typed.bucket.is_some(), "--bucket"),
        (typed.history.event_history, "--event-history"),
        (typed.history.no_pushdown, "--no-pushdown"),
        (typed.prefix.is_some(), "--prefix"),
        (typed.org_id.is_some(), "--org-id"),
        (!typed.kind.is_empty(), "--kind"),
        (typed.late_days.is_some(), "--late-days"),
    ];
    if let Some((_, other)) = others.into_iter().find(|(is_given, _)| *is_given) {
        return Err(Error::about("--keys-from", format!(" names all that is read; leave out {other}")));
    }
    if typed.offline && typed.mirror.is_none() {
        return Err(Error::about("--offline", " needs --mirror DIR, from which the objects of the list are read"));
    }
    let list = match list.metadata() {
        _ if list.as_os_str() == "-" => LogFile::stdin(),
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => LogFile::special(list.to_path_buf()),
        _ => LogFile::named(list.to_path_buf()),
    };
    Ok(Input::KeyList(Box::new(KeyListInput {
        list,
        bucket: BucketInput {
            window: conditions.window,
            offline: typed.offline,
            connection: connection(typed, typed.no_sign_request)?,
            request_payer: typed.request_payer,
            downloads: downloads(typed),
            ..BucketInput::default()
        },
        mirror: typed.mirror.clone(),
        window: conditions.window,
    })))
}

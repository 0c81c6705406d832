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
    args: &BucketArgs,
    conditions: &FilterSpec,
) -> Result<Input, Error> {
    let others = [
        (!paths.is_empty(), "other inputs"),
        (args.bucket.is_some(), "--bucket"),
        (args.history.event_history, "--event-history"),
        (args.history.no_pushdown, "--no-pushdown"),
        (args.prefix.is_some(), "--prefix"),
        (args.org_id.is_some(), "--org-id"),
        (!args.kind.is_empty(), "--kind"),
        (args.late_days.is_some(), "--late-days"),
    ];
    if let Some((_, other)) = others.into_iter().find(|(is_given, _)| *is_given) {
        return Err(Error::about("--keys-from", format!(" names all that is read; leave out {other}")));
    }
    if args.offline && args.mirror.is_none() {
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
            offline: args.offline,
            connection: connection(args, args.no_sign_request)?,
            request_payer: args.request_payer,
            downloads: downloads(args),
            ..BucketInput::default()
        },
        mirror: args.mirror.clone(),
        window: conditions.window,
    })))
}

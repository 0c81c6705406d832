//! Walks folders in key order, which is the order in which S3 lists the same paths.

use std::cmp::Ordering;
use std::io;
use std::ops::ControlFlow;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::cloudtrail::keys::Scope;
use crate::error::{Issue, Outcome, Problem, io_message};
use crate::sink::partial_file::{ENDING, temp_prefix};
use crate::source::s3::mirror::{is_metadata, is_own_file};
use crate::source::s3::mirror_root::{LINK, SPECIAL};

/// An entry that a walk reports.
#[derive(Debug)]
pub enum WalkEntry {
    /// A file to read.
    File(PathBuf),
    /// A folder that lies outside the scope and was not entered.
    LeftOut,
    /// A file that was delivered before the window.
    TooOld,
    /// The metadata of a digest, which a mirror keeps beside it.
    Metadata(PathBuf),
    /// A partial file of an interrupted download.
    Unfinished,
    /// A pipe, a socket or a device.
    Special,
    /// An entry that cannot be read.
    Issue(Issue),
    /// A link back to one of its parent folders, whose files the walk reads anyway.
    Loop(String),
}

/// Walks a folder of a mirror. Links and special files are reported as [`WalkEntry::Issue`] and
/// never followed.
pub fn walk_mirror(root: &Path, scope: &Scope, each: impl FnMut(WalkEntry) -> ControlFlow<()>) -> ControlFlow<()> {
    walk_folder(root, scope, false, each)
}

/// Walks `root`, a folder or a single file, and calls `each` for every entry until it breaks.
///
/// Returns an error if `root` cannot be accessed.
pub fn walk(root: &Path, scope: &Scope, mut each: impl FnMut(WalkEntry) -> ControlFlow<()>) -> io::Result<()> {
    if !std::fs::metadata(root)?.is_dir() {
        // A file that the user named is read whatever its name is.
        let _ = each(WalkEntry::File(root.to_path_buf()));
        return Ok(());
    }
    let _ = walk_folder(root, scope, true, each);
    Ok(())
}

fn walk_folder(
    root: &Path,
    scope: &Scope,
    follow_links: bool,
    mut each: impl FnMut(WalkEntry) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let temp_prefix = temp_prefix();
    let mut entries = WalkDir::new(root).follow_links(follow_links).sort_by(by_key).into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) if entry.file_type().is_dir() && is_partial(&entry) => {
                entries.skip_current_dir();
                // The output of this run is not input.
                if name(&entry).starts_with(temp_prefix.as_bytes()) {
                    continue;
                }
                WalkEntry::Unfinished
            }
            Ok(entry) if entry.file_type().is_dir() => {
                if entry.path().to_str().is_none_or(|path| scope.includes_folder(path)) {
                    continue;
                }
                entries.skip_current_dir();
                WalkEntry::LeftOut
            }
            // Reading a pipe, a socket or a device that lies in a folder could block or never
            // end.
            Ok(entry) if !entry.file_type().is_file() && follow_links => WalkEntry::Special,
            Ok(entry) if entry.file_type().is_symlink() => refused_entry(&entry, LINK),
            Ok(entry) if !entry.file_type().is_file() => refused_entry(&entry, SPECIAL),
            // The output of this run and the files of a mirror itself are not input.
            Ok(entry) if name(&entry).starts_with(temp_prefix.as_bytes()) || is_own(&entry) => continue,
            Ok(entry) => classify_file(entry, scope),
            Err(error) => walk_error(&error),
        };
        each(entry)?;
    }
    ControlFlow::Continue(())
}

/// True for a folder of files that are not complete.
fn is_partial(entry: &DirEntry) -> bool {
    entry.depth() > 0 && name(entry).ends_with(ENDING.as_bytes())
}

/// True for a file that a mirror has for itself.
fn is_own(entry: &DirEntry) -> bool {
    str::from_utf8(name(entry)).is_ok_and(is_own_file)
}

fn is_metadata_path(path: &Path) -> bool {
    let Some(path) = path.to_str() else { return false };
    // Keys have slashes on every system.
    if MAIN_SEPARATOR == '/' { is_metadata(path) } else { is_metadata(&path.replace(MAIN_SEPARATOR, "/")) }
}

fn refused_entry(entry: &DirEntry, why: &str) -> WalkEntry {
    let problem = Problem::Walk(format!("cannot be read: {why}"));
    WalkEntry::Issue(Issue { name: entry.path().display().to_string(), problem, outcome: Outcome::Nothing })
}

fn classify_file(entry: DirEntry, scope: &Scope) -> WalkEntry {
    let name = str::from_utf8(name(&entry)).unwrap_or_default();
    if name.ends_with(ENDING) {
        WalkEntry::Unfinished
    } else if is_metadata_path(entry.path()) {
        WalkEntry::Metadata(entry.into_path())
    } else if !scope.includes_file(name) {
        WalkEntry::TooOld
    } else {
        WalkEntry::File(entry.into_path())
    }
}

fn walk_error(error: &walkdir::Error) -> WalkEntry {
    let path = error.path().unwrap_or(Path::new("")).display();
    match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => {
            WalkEntry::Loop(format!("{path}: a link back to {}; not followed again", ancestor.display()))
        }
        (None, Some(error)) => WalkEntry::Issue(Issue {
            name: path.to_string(),
            problem: Problem::Walk(format!("cannot be read: {}", io_message(error))),
            outcome: Outcome::Nothing,
        }),
        (None, None) => WalkEntry::Issue(Issue {
            name: path.to_string(),
            problem: Problem::Walk("cannot be read".into()),
            outcome: Outcome::Nothing,
        }),
    }
}

/// Compares two siblings by key. A folder's key continues with `/`, so the folder `a` sorts
/// after `a-b` and before `a0`. Whole paths are compared, which is correct because siblings
/// share everything before their names.
fn by_key(one: &DirEntry, other: &DirEntry) -> Ordering {
    let (one_path, other_path) = (path(one), path(other));
    let common = one_path.len().min(other_path.len());
    let next = |entry: &DirEntry| path(entry).get(common).copied().or(entry.file_type().is_dir().then_some(b'/'));
    one_path[..common].cmp(&other_path[..common]).then_with(|| next(one).cmp(&next(other)))
}

/// Returns the name of an entry. Faster than [`DirEntry::file_name`], which parses the whole
/// path into components.
fn name(entry: &DirEntry) -> &[u8] {
    let path = path(entry);
    let separator = memchr::memrchr2(b'/', MAIN_SEPARATOR as u8, path);
    &path[separator.map_or(0, |at| at + 1)..]
}

fn path(entry: &DirEntry) -> &[u8] {
    entry.path().as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn walked(root: &Path, scope: &Scope) -> Vec<String> {
        let mut paths = Vec::new();
        walk(root, scope, |entry| {
            paths.push(match entry {
                WalkEntry::File(path) => path.strip_prefix(root).unwrap().to_string_lossy().into_owned(),
                other => format!("{other:?}").split(['(', ' ']).next().unwrap_or_default().to_string(),
            });
            ControlFlow::Continue(())
        })
        .unwrap();
        paths
    }

    #[test]
    fn entries_come_in_key_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = ["a/b.json", "a-b/c", "a.json", "a0", "a/b/c", "b", "A", "a/b-c/d"].map(String::from);
        for key in &keys {
            let path = folder.path().join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        keys.sort();
        assert_eq!(walked(folder.path(), &Scope::default()), keys);
    }

    #[test]
    fn files_before_the_window_are_reported_as_too_old() {
        let folder = tempfile::tempdir().unwrap();
        let day = folder.path().join("111122223333/CloudTrail/eu-west-1/2026/10/01");
        fs::create_dir_all(&day).unwrap();
        for name in ["111122223333_CloudTrail_eu-west-1_20261001T0900Z_A.json.gz", "x.json", &format!("x{ENDING}")] {
            fs::write(day.join(name), "").unwrap();
        }
        let since = |time: &str| {
            let window = crate::syntax::window::Window { since: time.parse().ok(), until: None };
            walked(folder.path(), &Scope::since(window)).len()
        };
        assert_eq!(walked(folder.path(), &Scope::default()).len(), 3);
        assert_eq!((since("2026-10-01T10:00:00Z"), since("2026-10-02T00:00:00Z")), (3, 1));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/x"), "").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink("a/x", folder.path().join("b")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("c")).unwrap();
        assert_eq!(walked(folder.path(), &Scope::default()), ["Loop", "a/x", "b", "Issue"]);
    }
}

//! Errors of two kinds: an [`Error`] ends the run; an [`Issue`] affects one file or
//! record, and the run continues.
//!
//! Messages are lower-case fragments, printed after `trail2tsv: ` and the name of the
//! file.

pub mod backoff;
pub mod cancel;
pub mod exit;
pub mod panics;
pub mod usage;

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use self::exit::Exit;
use self::usage::UsageError;

/// An error that ends the run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is invalid.
    #[error("{0}")]
    Usage(UsageError),
    /// The work cannot be started or finished.
    #[error("{0}")]
    Failed(String),
    /// The reader of the output closed it.
    #[error("the output was closed")]
    ClosedPipe,
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An invalid value of an option: the option, the value, and what would be valid.
    pub fn option(option: &str, value: &str, reason: impl fmt::Display) -> Error {
        Error::Usage(UsageError::value(option, value, reason))
    }

    /// An invalid command line.
    pub fn usage(reason: impl Into<String>) -> Error {
        Error::Usage(UsageError::new(reason))
    }

    /// An option that is invalid as given; `reason` follows it without a space.
    pub fn about(option: &str, reason: impl Into<String>) -> Error {
        Error::Usage(UsageError::about(option, reason))
    }

    /// The exit code for this error.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Usage(_) => Exit::Usage,
            Error::Failed(_) => Exit::Failed,
            Error::ClosedPipe => Exit::Done,
            Error::Interrupted => Exit::Interrupted,
        }
    }

    /// A failed write to `target`. A closed pipe is distinguished from other errors.
    pub fn write(target: impl fmt::Display, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Error::ClosedPipe,
            _ => Error::Failed(format!("{target}: cannot be written: {}", io_message(error))),
        }
    }
}

/// Something that could not be read. It is reported, and the run continues.
#[derive(Debug)]
pub struct Issue {
    /// The file, object or address, as the user knows it.
    pub name: String,
    /// What is wrong with it.
    pub problem: Problem,
    /// What was done about it.
    pub outcome: Outcome,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.problem)?;
        match self.outcome {
            Outcome::Nothing => write!(f, "; nothing was read"),
            Outcome::Mirrored => write!(f, "; the object in the bucket is damaged too, and was mirrored unchanged"),
            Outcome::Gap => write!(f, "; some of its logs may be missing"),
            Outcome::KeptBefore(0) => write!(f, "; no event came before it"),
            Outcome::KeptBefore(1) => write!(f, "; 1 event before it was kept"),
            Outcome::KeptBefore(n) => write!(f, "; {n} events before it were kept"),
            Outcome::KeptAround { before, after } => {
                write!(f, "; {before} events before it and {after} after it were kept")
            }
            Outcome::Kept(0) => write!(f, "; no event was found"),
            Outcome::Kept(1) => write!(f, "; 1 event was kept"),
            Outcome::Kept(n) => write!(f, "; {n} events were kept"),
            Outcome::KeptAll(0) => write!(f, "; no event was found"),
            Outcome::KeptAll(1) => write!(f, "; its 1 event was kept"),
            Outcome::KeptAll(n) => write!(f, "; all its {n} events were kept"),
            Outcome::Searched => write!(f, "; the readable part was searched"),
            Outcome::LeftOut(1) => write!(f, "; it was left out"),
            Outcome::LeftOut(n) => write!(f, "; it and {} more were left out", n - 1),
            Outcome::FilesBefore(0) => write!(f, "; nothing was read"),
            Outcome::FilesBefore(1) => write!(f, "; 1 file before it was read"),
            Outcome::FilesBefore(n) => write!(f, "; {n} files before it were read"),
            Outcome::ReadBackTo(time) => write!(f, "; its events before {time} were not read"),
            Outcome::WithoutKeys => write!(f, "; digests whose key is unknown are not proven"),
            Outcome::FilesLeft => write!(f, "; its files were left as they are"),
            Outcome::LinesCut(1) => write!(f, "; the rest of the line was left out"),
            Outcome::LinesCut(n) => write!(f, "; the rest of this line and of {} more was left out", n - 1),
            Outcome::ListsCut(1) => write!(f, "; the rest of its list was left out"),
            Outcome::ListsCut(n) => write!(f, "; the rest of this list and of {} more was left out", n - 1),
        }
    }
}

/// What became of the file or record with a [`Problem`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The file contributed nothing.
    Nothing,
    /// The file was not read, but it is in the mirror.
    Mirrored,
    /// An unknown number of files is missing.
    Gap,
    /// This many events precede the problem and were kept.
    KeptBefore(u64),
    /// Events before and after a lost part were kept.
    KeptAround {
        /// Events before the lost part.
        before: u64,
        /// Events after the lost part.
        after: u64,
    },
    /// The problem cost no events, but others did. This many were kept.
    Kept(u64),
    /// No event was lost. This many were kept.
    KeptAll(u64),
    /// The bytes that could be read were searched for matches.
    Searched,
    /// This many records of the file were dropped; the others were kept.
    LeftOut(u64),
    /// This many files of the archive precede the problem and were read.
    FilesBefore(u64),
    /// This many lines lost their rest; the others were kept.
    LinesCut(u64),
    /// This many lists within records lost their rest; the others were kept.
    ListsCut(u64),
    /// The events of a region before this time were not read.
    ReadBackTo(jiff::Timestamp),
    /// The files of an earlier run were not changed.
    FilesLeft,
    /// Signatures are checked with the keys that are known.
    WithoutKeys,
}

/// What is wrong with a file, an object or a record.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The operating system refused to read it.
    #[error("cannot be read: {}", io_message(.0))]
    Unreadable(io::Error),
    /// The compressed stream ends in the middle.
    #[error("gzip stream ends early")]
    GzipEndsEarly,
    /// The checksum does not match the content.
    #[error("{}", bad_checks(*.count, *.first, *.is_only))]
    GzipChecksum {
        /// Number of members affected.
        count: u64,
        /// The first of them, from 1.
        first: u64,
        /// Whether the file has only one member.
        is_only: bool,
    },
    /// The compressed stream is invalid.
    #[error("gzip stream is damaged{}", if *.places > 1 { format!(" in {places} places") } else { String::new() })]
    GzipDamaged {
        /// Number of damaged places.
        places: u64,
    },
    /// Bytes that are not gzip are between two members.
    #[error("{} of other data between gzip members", count(*.bytes, "byte"))]
    GzipBetween {
        /// Number of bytes.
        bytes: u64,
    },
    /// Bytes that are not gzip follow the last member.
    #[error("{} of other data after the gzip stream", count(*.bytes, "byte"))]
    GzipTrailer {
        /// Number of bytes.
        bytes: u64,
    },
    /// A compressed stream ends in the middle.
    #[error("{0} stream ends early")]
    PackedEndsEarly(&'static str),
    /// A compressed stream is invalid.
    #[error("{0} stream is damaged")]
    PackedDamaged(&'static str),
    /// Decompression would need more memory than is allowed.
    #[error("{0} stream needs too much memory to decompress; compress it again at a lower level")]
    PackedTooLarge(&'static str),
    /// It expands to far more than a log could.
    #[error("unpacks to more than 1,100 times its size; the rest was not read")]
    UnpacksTooMuch,
    /// A member of an archive requires a password.
    #[error("encrypted")]
    Encrypted,
    /// A member of an archive uses an unsupported method.
    #[error("packed {0}, which is not supported")]
    UnsupportedMethod(String),
    /// The archive format is not supported.
    #[error("packed as {0}, which is not supported; unpack it first")]
    UnsupportedArchive(&'static str),
    /// A Parquet file has no events as delivered.
    #[error("Parquet without the column record; write it with --with-record to read it again")]
    ParquetWithoutRecord,
    /// A Parquet file is damaged, or was written in a way that is not supported.
    #[error("Parquet that cannot be read: {0}")]
    Parquet(String),
    /// The members are larger in total than the archive.
    #[error("archive members overlap; the rest was not read")]
    MembersOverlap,
    /// Archives or compression are nested too deeply.
    #[error("archives are nested too deeply")]
    PackedTooDeep,
    /// A required temporary copy cannot be made.
    #[error("cannot be copied to the temporary folder: {}", io_message(.0))]
    Spool(io::Error),
    /// The temporary copy would exceed this many GiB.
    #[error("larger than {0} GiB, the limit for temporary copies; save it as a file and read that file")]
    SpoolTooLarge(u64),
    /// An archive named on the command line contains no logs.
    #[error("the archive contains no CloudTrail logs")]
    NoLogInside,
    /// The name is that of an archive, the content is not.
    #[error("named like an archive, but is not one ({})", .0.name())]
    NotAnArchive(IgnoredReason),
    /// A record exceeds this many MiB.
    #[error("a record is larger than {0} MiB")]
    TooLarge(usize),
    /// The JSON ends in the middle.
    #[error("JSON ends early")]
    JsonEndsEarly,
    /// The JSON is invalid at this byte of the inflated file, from 0.
    #[error("malformed JSON at byte {0}")]
    JsonMalformed(u64),
    /// Records are invalid, but their ends are known.
    #[error("record {number} has malformed JSON at byte {offset}")]
    RecordMalformed {
        /// Position of the first one among the records of the file, from 1.
        number: u64,
        /// The byte of the inflated file where the first one is invalid, from 0.
        offset: u64,
    },
    /// A string in a record exceeds the limit.
    #[error("a string in record {number} is larger than {limit} MiB")]
    RecordTooLarge {
        /// Position of the first one among the records of the file, from 1.
        number: u64,
        /// The limit in MiB.
        limit: usize,
    },
    /// The name is that of a CloudTrail log, the content is not.
    #[error("named like a CloudTrail log, but is not one ({})", .0.name())]
    MisnamedLog(IgnoredReason),
    /// It was named on the command line, and is not a log.
    #[error("not a CloudTrail log ({})", .0.name())]
    InputNotALog(IgnoredReason),
    /// The byte at this offset, from 0, is not UTF-8.
    #[error("byte {0} is not valid UTF-8; invalid bytes are shown as U+FFFD")]
    NotUtf8(u64),
    /// The byte at this offset, from 0, is not UTF-16.
    #[error("byte {0} is not valid UTF-16; invalid bytes are shown as U+FFFD")]
    NotUtf16(u64),
    /// A folder entry that could not be followed.
    #[error("{0}")]
    Walk(String),
    /// An object of the bucket that could not be downloaded.
    #[error("not downloaded: {0}")]
    Download(String),
    /// It could not be downloaded now, and may be later.
    #[error("not downloaded: {0}")]
    Unavailable(String),
    /// A folder of the bucket that could not be listed completely.
    #[error("not listed completely: {0}")]
    List(String),
    /// Events that are longer than a history takes.
    #[error("an event longer than 1 MiB")]
    LongEvents,
    /// A part of the event history that could not be read.
    #[error("not read: {0}")]
    EventHistory(String),
    /// An event of the event history that has no text, or another text than an event.
    #[error("event {0} has no readable CloudTrailEvent")]
    LookedUpEvent(String),
    /// Resources of an account that could not be listed.
    #[error("not read: {0}")]
    Resources(String),
    /// Public keys of a region that could not be requested.
    #[error("{0}")]
    PublicKeys(String),
    /// An event that the receiver of the output refused.
    #[error("{0}")]
    Refused(String),
    /// A line of a list of keys that names neither an object nor a file.
    #[error("{text:?} names no object or file: {reason}")]
    ListLine {
        /// The start of the line.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An object whose key cannot be a path below the mirror.
    #[error("not mirrored: {0}")]
    Key(&'static str),
}

fn bad_checks(count: u64, first: u64, is_only: bool) -> String {
    match count {
        _ if is_only => "gzip checksum does not match".into(),
        1 => format!("checksum of gzip member {first} does not match"),
        _ => format!("checksums of {count} gzip members do not match; the first is member {first}"),
    }
}

/// Formats `1 byte`, `2 bytes`.
fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

impl Problem {
    /// Converts an error of a reader.
    pub fn from_reading(error: io::Error) -> Problem {
        error.downcast::<Problem>().unwrap_or_else(Problem::Unreadable)
    }

    /// Converts the problem into an error that a reader can return.
    pub fn into_reading_error(self) -> io::Error {
        io::Error::other(self)
    }

    /// Whether some of the text is missing because of it.
    pub fn costs_text(&self) -> bool {
        !matches!(self, Problem::GzipChecksum { .. })
    }
}

/// Why a valid file has no events.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum IgnoredReason {
    /// The file is empty.
    Empty,
    /// A digest file, which proves the integrity of log files.
    Digest,
    /// An S3 notification, which also has `Records`.
    Notification,
    /// `Records` is present but not a list.
    NoRecords,
    /// Another kind of JSON.
    OtherJson,
    /// Not JSON.
    NotJson,
    /// The temporary file of an interrupted download.
    Unfinished,
    /// A pipe, a socket or a device in a folder.
    Special,
    /// The file that the output of this run will replace.
    Result,
    /// A link in an archive.
    Link,
    /// An archive in an unsupported format.
    Archive,
}

impl IgnoredReason {
    /// The name of the reason, for one file.
    pub fn name(self) -> &'static str {
        self.counted(1)
    }

    /// The name of the reason, for this many files.
    pub fn counted(self, count: u64) -> &'static str {
        let (one, many) = self.names();
        if count == 1 { one } else { many }
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            IgnoredReason::Empty => ("empty", "empty"),
            IgnoredReason::Digest => ("digest", "digests"),
            IgnoredReason::Notification => ("S3 notification", "S3 notifications"),
            IgnoredReason::NoRecords => ("without Records", "without Records"),
            IgnoredReason::OtherJson => ("other JSON", "other JSON"),
            IgnoredReason::NotJson => ("not JSON", "not JSON"),
            IgnoredReason::Unfinished => ("unfinished download", "unfinished downloads"),
            IgnoredReason::Special => ("pipe or device", "pipes or devices"),
            IgnoredReason::Result => ("earlier result", "earlier results"),
            IgnoredReason::Link => ("link", "links"),
            IgnoredReason::Archive => ("unsupported archive", "unsupported archives"),
        }
    }
}

/// The message of the operating system, without Rust's "(os error 2)".
pub fn io_message(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(problem: Problem, outcome: Outcome) -> String {
        Issue { name: "log/a.json.gz".into(), problem, outcome }.to_string()
    }

    #[test]
    fn an_issue_names_the_problem_and_the_outcome() {
        assert_eq!(
            skip(Problem::GzipEndsEarly, Outcome::KeptBefore(17)),
            "log/a.json.gz: gzip stream ends early; 17 events before it were kept"
        );
        assert_eq!(
            skip(Problem::Unreadable(io::ErrorKind::NotFound.into()), Outcome::Nothing),
            "log/a.json.gz: cannot be read: entity not found; nothing was read"
        );
    }

    #[test]
    fn system_messages_have_no_error_numbers() {
        assert_eq!(io_message(&io::Error::from_raw_os_error(28)), "No space left on device");
    }
}

//! What can go wrong, in two kinds: a [`Error`] ends the run, a [`Issue`] costs
//! one file or one record and the run goes on.
//!
//! Texts are lower-case fragments: they are printed behind `trail2tsv: ` and
//! the name of the file.

pub mod cancel;
pub mod exit;
pub mod usage;

use std::fmt;
use std::io;

use self::exit::Exit;
use self::usage::UsageError;

/// An error that ends the run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(UsageError),
    /// The work cannot be done, or not be finished.
    #[error("{0}")]
    Failed(String),
    /// Whoever read our output has seen enough.
    #[error("the output was closed")]
    ClosedPipe,
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// A wrong value of an option: which option, what was given, what would
    /// be right.
    pub fn option(option: &str, value: &str, right: impl fmt::Display) -> Error {
        Error::Usage(UsageError::value(option, value, right))
    }

    /// A wrong command line.
    pub fn usage(reason: impl Into<String>) -> Error {
        Error::Usage(UsageError::new(reason))
    }

    /// An option that makes no sense as it was given; `reason` follows it directly.
    pub fn about(option: &str, reason: impl Into<String>) -> Error {
        Error::Usage(UsageError::about(option, reason))
    }

    /// The code to leave with.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Usage(_) => Exit::Usage,
            Error::Failed(_) => Exit::Failed,
            Error::ClosedPipe => Exit::Done,
            Error::Interrupted => Exit::Interrupted,
        }
    }

    /// A failed write to `target`, with a closed pipe told from a full disk.
    pub fn write(target: impl fmt::Display, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Error::ClosedPipe,
            _ => Error::Failed(format!("{target}: cannot be written: {}", plain(error))),
        }
    }
}

/// Something that could not be read. It is named, and the run goes on.
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
            Outcome::Mirrored => write!(f, "; it is so in the bucket, and was mirrored as it is"),
            Outcome::Gap => write!(f, "; logs in it may be missing"),
            Outcome::KeptBefore(0) => write!(f, "; no event came before it"),
            Outcome::KeptBefore(1) => write!(f, "; 1 event before it was kept"),
            Outcome::KeptBefore(n) => write!(f, "; {n} events before it were kept"),
            Outcome::KeptAround { before, behind } => {
                write!(f, "; {before} before it and {behind} behind it were kept")
            }
            Outcome::Kept(0) => write!(f, "; no event was found"),
            Outcome::Kept(1) => write!(f, "; 1 event was kept"),
            Outcome::Kept(n) => write!(f, "; {n} events were kept"),
            Outcome::KeptAll(0) => write!(f, "; no event was found"),
            Outcome::KeptAll(1) => write!(f, "; its 1 event was kept"),
            Outcome::KeptAll(n) => write!(f, "; all its {n} events were kept"),
            Outcome::Searched => write!(f, "; what there is was searched all the same"),
            Outcome::LeftOut(1) => write!(f, "; it was left out"),
            Outcome::LeftOut(n) => write!(f, "; it and {} more were left out", n - 1),
            Outcome::FilesBefore(0) => write!(f, "; nothing was read"),
            Outcome::FilesBefore(1) => write!(f, "; 1 file before it was read"),
            Outcome::FilesBefore(n) => write!(f, "; {n} files before it were read"),
            Outcome::LinesCut(1) => write!(f, "; the rest of its line was left out"),
            Outcome::LinesCut(n) => write!(f, "; the rest of its line, and of {} more, was left out", n - 1),
        }
    }
}

/// What became of the file or record that has a [`Problem`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The file gave nothing.
    Nothing,
    /// It was not read, but it is kept.
    Mirrored,
    /// Nobody knows how many files are missing.
    Gap,
    /// So many events came before the problem, and were kept.
    KeptBefore(u64),
    /// Events before and behind something that is lost were kept.
    KeptAround {
        /// Those before it.
        before: u64,
        /// Those behind it.
        behind: u64,
    },
    /// The problem cost no event, but others did.
    Kept(u64),
    /// No event was lost.
    KeptAll(u64),
    /// What there is was searched for what is asked for.
    Searched,
    /// So many records of the file were left out, the others were kept.
    LeftOut(u64),
    /// This many files of the archive came before the problem, and were read.
    FilesBefore(u64),
    /// Of this many lines the rest is lost, the others were kept.
    LinesCut(u64),
}

/// What is wrong with a file, an object or a record.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The operating system would not let us read it.
    #[error("cannot be read: {}", plain(.0))]
    Unreadable(io::Error),
    /// The compressed stream stops in the middle.
    #[error("gzip stream ends early")]
    GzipEndsEarly,
    /// The content is not what was compressed.
    #[error("{}", bad_checks(*.count, *.first, *.is_only))]
    GzipChecksum {
        /// In how many members.
        count: u64,
        /// Which is the first of them, from 1.
        first: u64,
        /// Whether there is only one member.
        is_only: bool,
    },
    /// The compressed stream makes no sense.
    #[error("gzip stream is damaged{}", if *.places > 1 { format!(" in {places} places") } else { String::new() })]
    GzipDamaged {
        /// In how many places.
        places: u64,
    },
    /// Something that is not gzip stands between two members.
    #[error("{} between gzip members that are not gzip", count(*.bytes, "byte"))]
    GzipBetween {
        /// How many bytes.
        bytes: u64,
    },
    /// Something that is not gzip follows the last member.
    #[error("{} after the gzip stream that are not gzip", count(*.bytes, "byte"))]
    GzipTrailer {
        /// How many bytes.
        bytes: u64,
    },
    /// What is compressed stops in the middle.
    #[error("{0} stream ends early")]
    PackedEndsEarly(&'static str),
    /// What is compressed makes no sense.
    #[error("{0} stream is damaged")]
    PackedDamaged(&'static str),
    /// It was compressed with more memory than is used to read it.
    #[error("{0} stream needs more memory than is used for one; compress it again with a lower level")]
    PackedTooLarge(&'static str),
    /// It holds far more than it could if it were a log.
    #[error("unpacks to more than 1,100 times its size; the rest was not read")]
    UnpacksTooMuch,
    /// A member of an archive needs a password.
    #[error("encrypted")]
    Encrypted,
    /// A member of an archive is kept in a way that is not known.
    #[error("packed {0}, which is not supported")]
    UnsupportedMethod(String),
    /// An archive of a kind that is not known.
    #[error("packed as {0}, which is not supported; unpack it first")]
    UnsupportedArchive(&'static str),
    /// More members than bytes.
    #[error("its members overlap; the rest was not read")]
    MembersOverlap,
    /// An archive in an archive in an archive, or what is compressed again and again.
    #[error("packed too many times in each other")]
    PackedTooDeep,
    /// A copy on disk that is needed cannot be made.
    #[error("cannot be copied to the folder for temporary files: {}", plain(.0))]
    Spool(io::Error),
    /// The copy would be too large, in GiB.
    #[error("more than {0} GiB, which are not copied to disk; save it as a file and name that")]
    SpoolTooLarge(u64),
    /// An archive was named on the command line, and no log is in it.
    #[error("an archive without CloudTrail logs")]
    NoLogInside,
    /// The name says that it is an archive, the content is none.
    #[error("it has the name of an archive, but is none ({})", .0.name())]
    NotAnArchive(IgnoredReason),
    /// A record does not fit into the MiB that one may have.
    #[error("a record is larger than {0} MiB")]
    TooLarge(usize),
    /// The JSON stops in the middle.
    #[error("JSON ends early")]
    JsonEndsEarly,
    /// The JSON makes no sense at this byte of the inflated file, counted
    /// from 0.
    #[error("malformed JSON at byte {0}")]
    JsonMalformed(u64),
    /// Records make no sense, but where they end is known.
    #[error("record {number} has malformed JSON at byte {offset}")]
    RecordMalformed {
        /// Position of the first among the records of the file, from 1.
        number: u64,
        /// The byte of the inflated file where the first goes wrong, from 0.
        offset: u64,
    },
    /// A string of a record holds more text than the MiB that can be read.
    #[error("the text in a string of record {number} is larger than {limit} MiB")]
    RecordTooLarge {
        /// Position of the first such among the records of the file, from 1.
        number: u64,
        /// How many MiB there can be.
        limit: usize,
    },
    /// The name says that it is a log of CloudTrail, the content is none.
    #[error("it has the name of a CloudTrail log, but is none ({})", .0.name())]
    NoLog(IgnoredReason),
    /// It was named on the command line, and its content is something else.
    #[error("not a CloudTrail log ({})", .0.name())]
    NotALog(IgnoredReason),
    /// A byte that is not UTF-8, counted from 0.
    #[error("byte {0} is not UTF-8; such bytes are shown as U+FFFD")]
    NotUtf8(u64),
    /// A folder entry that could not be followed.
    #[error("{0}")]
    Walk(String),
    /// An object of the bucket that did not arrive.
    #[error("not downloaded: {0}")]
    Download(String),
    /// A folder of the bucket whose objects are not all known.
    #[error("not listed to its end: {0}")]
    List(String),
    /// An object whose key cannot be a path below the mirror.
    #[error("not mirrored: {0}")]
    Key(&'static str),
}

fn bad_checks(count: u64, first: u64, is_only: bool) -> String {
    match count {
        _ if is_only => "gzip checksum does not match".into(),
        1 => format!("checksum of gzip member {first} does not match"),
        _ => format!("checksums of {count} gzip members do not match, the first that of member {first}"),
    }
}

/// `1 byte`, `2 bytes`.
fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

impl Problem {
    /// What an error of a reader means.
    pub fn of_reading(error: io::Error) -> Problem {
        error.downcast::<Problem>().unwrap_or_else(Problem::Unreadable)
    }

    /// The error by which a reader says so.
    pub fn into_reading_error(self) -> io::Error {
        io::Error::other(self)
    }

    /// Whether a part of the text is missing for it.
    pub fn costs_text(&self) -> bool {
        !matches!(self, Problem::GzipChecksum { .. })
    }
}

/// Why a file that is in order gives no events.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum IgnoredReason {
    /// There is nothing in it.
    Empty,
    /// A digest file, which proves the integrity of log files.
    Digest,
    /// A notification of S3, which also has `Records`.
    Notification,
    /// `Records` is there, but holds no list.
    NoRecords,
    /// JSON of another kind.
    OtherJson,
    /// No JSON at all.
    NotJson,
    /// The temporary file of a download that was broken off.
    Unfinished,
    /// A pipe, a socket or a device in a folder.
    Special,
    /// What this run's result takes the place of.
    Result,
    /// A link in an archive.
    Link,
    /// An archive of a kind that is not known.
    Archive,
}

impl IgnoredReason {
    /// As counted in the last line: one file of this kind.
    pub fn name(self) -> &'static str {
        match self {
            IgnoredReason::Empty => "empty",
            IgnoredReason::Digest => "digest",
            IgnoredReason::Notification => "S3 notification",
            IgnoredReason::NoRecords => "without Records",
            IgnoredReason::OtherJson => "other JSON",
            IgnoredReason::NotJson => "not JSON",
            IgnoredReason::Unfinished => "unfinished download",
            IgnoredReason::Special => "pipe or device",
            IgnoredReason::Result => "earlier result",
            IgnoredReason::Link => "link",
            IgnoredReason::Archive => "unsupported archive",
        }
    }
}

/// The operating system's words without Rust's "(os error 2)".
pub fn plain(error: &io::Error) -> String {
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
    fn a_skip_says_what_is_wrong_and_what_was_kept() {
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
    fn the_system_speaks_plainly() {
        assert_eq!(plain(&io::Error::from_raw_os_error(28)), "No space left on device");
    }
}

//! Unpacks archives and compressed files. Each file in them is read like a separate
//! one, under the name `archive!member`.

use std::fs::File;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use super::ReportItem;
use crate::cloudtrail::keys::delivered_by;
use crate::engine::consumer::EventWorker;
use crate::engine::events::EventReader;
use crate::engine::file_conclusion::FileExpectation;
use crate::engine::part_writer::PartWriter;
use crate::error::{IgnoredReason, Issue, Outcome, Problem};
use crate::report::Coverage;
use crate::sink::partial_file::ENDING;
use crate::source::file::archive::{MemberVisitor, leads_out, read_tar, read_zip, spooled};
use crate::source::file::container::{Compression, Container};
use crate::source::file::inflate::FileContent;
use crate::source::file::layer::{PackedReader, UnpackLimit};
use crate::source::file::parquet;
use crate::source::s3::mirror::{is_metadata, is_own_file};

/// The nesting of a packed file.
#[derive(Clone, Copy)]
struct ContainerDepth {
    archives: u32,
    compressions: u32,
    /// Memory limit for unpacking, in bytes.
    memory: usize,
}

impl ContainerDepth {
    /// An archive that contains archives.
    const ARCHIVES: u32 = 2;
    /// A log and each archive around it may be compressed, plus one level to spare.
    const COMPRESSIONS: u32 = 4;
    /// Enough for the highest levels of xz and all but the highest of zstd.
    const MEMORY: usize = 66 << 20;
}

/// A packed file that is being read.
pub(super) struct Unpacker<'u, 'w, 'r, W: EventWorker> {
    reader: &'u mut EventReader<'w, W>,
    out: &'u mut PartWriter<'r, W::Part>,
    expected: FileExpectation,
    limit: UnpackLimit,
    /// Number of logs found in it.
    logs: u64,
    /// Number of its files that were skipped because they are too old.
    unopened: u64,
}

impl<'u, 'w, 'r, W: EventWorker> Unpacker<'u, 'w, 'r, W> {
    pub(super) fn new(
        reader: &'u mut EventReader<'w, W>,
        out: &'u mut PartWriter<'r, W::Part>,
        expected: FileExpectation,
    ) -> Unpacker<'u, 'w, 'r, W> {
        Unpacker { reader, out, expected, limit: UnpackLimit::default(), logs: 0, unopened: 0 }
    }

    /// Reads the packed contents of `bytes`.
    pub(super) fn bytes(mut self, kind: Container, bytes: impl Read + Send, name: &str) {
        let problems = self.out.problems();
        let mut bytes = PackedReader::new(bytes, self.limit.clone());
        let depth = ContainerDepth { archives: 0, compressions: 0, memory: ContainerDepth::MEMORY };
        self.container(kind, &mut bytes, name, depth);
        self.end(name, problems);
    }

    /// Reads a zip archive or Parquet from a file on disk.
    pub(super) fn file_on_disk(mut self, kind: Container, file: File, name: &str) {
        let problems = self.out.problems();
        self.limit.pack(file.metadata().map_or(0, |metadata| metadata.len()));
        let archives = u32::from(kind == Container::Zip);
        let depth = ContainerDepth { archives, compressions: 0, memory: ContainerDepth::MEMORY };
        self.random_access(kind, file, name, depth);
        self.end(name, problems);
    }

    /// Reports an archive without logs if it was named on the command line or has the
    /// name of an archive.
    fn end(self, name: &str, problems: u64) {
        let is_silent = self.logs == 0 && self.unopened == 0 && self.out.problems() == problems;
        if !is_silent || self.reader.context.stop.is_stopped() {
            return;
        }
        if self.expected.is_named {
            self.out.report(ReportItem::Issue(issue(name, Problem::NoLogInside, Outcome::Nothing)));
        } else if self.expected.is_archive {
            self.out.report(ReportItem::Note(format!("{name}: {}", Problem::NoLogInside)));
        }
    }

    /// Reads a container, which may be nested in others.
    fn container(&mut self, kind: Container, bytes: &mut (dyn Read + Send), name: &str, mut depth: ContainerDepth) {
        match kind {
            Container::Unsupported(kind) => self.unsupported(kind, name, depth),
            Container::Compressed(compression) if depth.compressions < ContainerDepth::COMPRESSIONS => {
                depth.compressions += 1;
                self.compressed(compression, bytes, name, depth);
            }
            Container::Tar if depth.archives < ContainerDepth::ARCHIVES => {
                depth.archives += 1;
                read_tar(bytes, &mut ArchiveMembers { unpacking: self, archive: name, depth, files: 0 });
            }
            Container::Zip | Container::Parquet if depth.archives < ContainerDepth::ARCHIVES => {
                depth.archives += u32::from(kind == Container::Zip);
                match spooled(bytes, self.reader.context.stop) {
                    Ok(_) if self.is_over() => {}
                    Ok(file) => self.random_access(kind, file, name, depth),
                    Err(problem) => self.report_problem(name, problem, Outcome::Nothing),
                }
            }
            _ => self.report_problem(name, Problem::PackedTooDeep, Outcome::Nothing),
        }
    }

    fn random_access(&mut self, kind: Container, file: File, name: &str, depth: ContainerDepth) {
        let limit = self.limit.clone();
        if kind == Container::Zip {
            return read_zip(file, &limit, &mut ArchiveMembers { unpacking: self, archive: name, depth, files: 0 });
        }
        match parquet::records(file, &limit) {
            Ok(mut records) => drop(self.file(name, &mut *records, depth)),
            Err(problem) => self.report_problem(name, problem, Outcome::Nothing),
        }
    }

    fn compressed(&mut self, kind: Compression, bytes: &mut (dyn Read + Send), name: &str, mut depth: ContainerDepth) {
        /// Memory that all threads together may take without waiting for their turn.
        const SHARED: usize = 32 << 20;
        let mut start = Vec::new();
        if let Err(error) = bytes.take(Compression::SHOWN).read_to_end(&mut start) {
            return self.report_problem(name, Problem::from_reading(error), Outcome::Nothing);
        }
        let context = self.reader.context;
        let needed = kind.memory(&start);
        let mut memory = depth.memory;
        // Streams that need more than their share take turns, in the order of the
        // output.
        if needed <= (SHARED / context.threads).min(memory) {
            memory = needed;
        } else if !context.position.wait(self.out.number(), context.stop) {
            return;
        }
        // Nested streams get less, so that the total stays bounded.
        depth.memory = if needed > (1 << 20) { depth.memory / 8 } else { depth.memory };
        let limit = self.limit.clone();
        match kind.unpacked(Cursor::new(start).chain(bytes), memory, &limit) {
            Ok(mut unpacked) => drop(self.file(name, &mut *unpacked, depth)),
            Err(error) => self.report_problem(name, Problem::from_reading(error), Outcome::Nothing),
        }
    }

    /// Reads a file, or what is packed in it.
    fn file(&mut self, name: &str, bytes: &mut (dyn Read + Send), depth: ContainerDepth) -> ControlFlow<()> {
        let Unpacker { reader, out, .. } = self;
        let content = reader.member_text(name, bytes, out);
        let mut is_bomb = false;
        match content {
            FileContent::Text(ended) => {
                is_bomb = ended.problems.iter().any(|problem| matches!(problem, Problem::UnpacksTooMuch));
                let expected = self.expected(name, depth);
                self.logs += u64::from(self.reader.conclude(ended, || expected, name, self.out));
            }
            FileContent::Container { kind, mut bytes, .. } => self.container(kind, &mut *bytes, name, depth),
        }
        match is_bomb || self.is_over() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// The expectation for a file inside the archive, by its name.
    fn expected(&self, name: &str, depth: ContainerDepth) -> FileExpectation {
        match depth.archives {
            0 => FileExpectation { is_archive: false, ..self.expected },
            _ => FileExpectation {
                is_named: false,
                is_log: delivered_by(file_name(name)).is_some(),
                is_archive: depth.compressions == 0 && Container::is_named(file_name(name)),
            },
        }
    }

    /// Reports an unsupported archive if the file is expected to be an archive.
    fn unsupported(&mut self, kind: &'static str, name: &str, depth: ContainerDepth) {
        let is_expected = if depth.archives == 0 {
            self.expected.is_named || self.expected.is_archive
        } else {
            Container::is_named(file_name(name))
        };
        if is_expected {
            return self.report_problem(name, Problem::UnsupportedArchive(kind), Outcome::Nothing);
        }
        self.out.cover(&Coverage { ignored: [(IgnoredReason::Archive, 1)].into(), ..Coverage::default() });
    }

    fn report_problem(&mut self, name: &str, problem: Problem, outcome: Outcome) {
        self.out.report(ReportItem::Issue(issue(name, problem, outcome)));
    }

    fn is_over(&self) -> bool {
        self.reader.context.stop.is_stopped() || self.out.is_full()
    }
}

fn issue(name: &str, problem: Problem, outcome: Outcome) -> Issue {
    Issue { name: name.to_string(), problem, outcome }
}

/// The name of a file without its folders and enclosing archives.
fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\', '!']).next().unwrap_or(name)
}

/// The files of one archive.
struct ArchiveMembers<'m, 'u, 'w, 'r, W: EventWorker> {
    unpacking: &'m mut Unpacker<'u, 'w, 'r, W>,
    archive: &'m str,
    depth: ContainerDepth,
    /// Number of files read.
    files: u64,
}

impl<W: EventWorker> ArchiveMembers<'_, '_, '_, '_, W> {
    fn name(&self, member: &str) -> String {
        format!("{}!{member}", self.archive)
    }

    fn count(&mut self, reason: IgnoredReason) {
        self.unpacking.out.cover(&Coverage { ignored: [(reason, 1)].into(), ..Coverage::default() });
    }
}

impl<W: EventWorker> MemberVisitor for ArchiveMembers<'_, '_, '_, '_, W> {
    fn wants(&mut self, name: &str) -> ControlFlow<(), bool> {
        if self.unpacking.is_over() {
            return ControlFlow::Break(());
        }
        let scope = self.unpacking.reader.context.scope;
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        if file.ends_with(ENDING) {
            self.count(IgnoredReason::Unfinished);
            return ControlFlow::Continue(false);
        }
        if is_own_file(file) || is_metadata(name) {
            return ControlFlow::Continue(false);
        }
        if !scope.includes_file(file) || !scope.includes_folder(folder) {
            self.unpacking.unopened += 1;
            self.unpacking.out.cover(&Coverage { unopened: 1, ..Coverage::default() });
            return ControlFlow::Continue(false);
        }
        if leads_out(name) {
            let name = self.name(name);
            let text = format!("{name}: its path leads out of the archive; it is read, but no file is created");
            self.unpacking.out.report(ReportItem::Note(text));
        }
        ControlFlow::Continue(true)
    }

    fn file(&mut self, name: &str, bytes: &mut (dyn Read + Send)) -> ControlFlow<()> {
        self.files += 1;
        let name = self.name(name);
        self.unpacking.file(&name, bytes, self.depth)
    }

    fn other(&mut self, is_link: bool) {
        self.count(if is_link { IgnoredReason::Link } else { IgnoredReason::Special });
    }

    fn problem(&mut self, name: Option<&str>, problem: Problem) {
        match name {
            Some(name) => {
                let name = self.name(name);
                self.unpacking.report_problem(&name, problem, Outcome::Nothing);
            }
            None => self.unpacking.report_problem(self.archive, problem, Outcome::FilesBefore(self.files)),
        }
    }
}

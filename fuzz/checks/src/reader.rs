//! Reads files and texts into rows with the library, at a given SIMD level and in windows of a
//! given size.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use trail2tsv::decode::event::{Event, FieldSet};
use trail2tsv::decode::structure::SimdLevel;
use trail2tsv::decode::{Decoder, Findings};
use trail2tsv::error::Problem;
use trail2tsv::filter::Filter;
use trail2tsv::filter::criteria::FilterAnswer;
use trail2tsv::filter::spec::FilterSpec;
use trail2tsv::source::file::inflate::{FileContent, Inflater, TextVisitor};
use trail2tsv::source::file::read_ahead::ReadAheadPermits;
use trail2tsv::table::Table;
use trail2tsv::table::column::DEFAULT;
use trail2tsv::table::layout::{FileLayout, Format, TableLayout};

/// The default columns, and some paths.
pub const COLUMNS: [&str; 16] = {
    let mut columns = [""; 16];
    let mut at = 0;
    while at < DEFAULT.len() {
        columns[at] = DEFAULT[at];
        at += 1;
    }
    columns[10] = "userIdentity.userName";
    columns[11] = "userIdentity.sessionContext.sessionIssuer.userName";
    columns[12] = "requestParameters.items";
    columns[13] = "requestParameters.items[].type";
    columns[14] = "responseElements[1].a";
    columns[15] = "requestParameters.instancesSet.items[].instanceId";
    columns
};

/// Values of `--event-name`, each for a filter of its own.
const NAMES: [&str; 4] = ["TerminateInstances", "Terminate*", "*Instances", "De?cribe*s"];

/// The result of reading one file or text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReaderOutcome {
    /// The rows, each with its line end.
    pub rows: Vec<String>,
    /// The number of events that matched each of [`NAMES`].
    wanted: [usize; NAMES.len()],
    /// What the decoder found.
    pub findings: Findings,
    /// The problems with the bytes of the file.
    pub problems: Vec<String>,
    /// The verdict on the file, as debug text.
    pub verdict: String,
}

impl ReaderOutcome {
    /// The same outcome without the values that depend on how the text was compressed.
    pub fn of_any_members(mut self) -> ReaderOutcome {
        (self.findings.before_further, self.findings.before_gap) = (None, None);
        self
    }

    /// The same outcome without the values that depend on how much text was in the window when the
    /// JSON broke: nothing after that position need be read.
    pub fn of_any_window(mut self) -> ReaderOutcome {
        if self.findings.broken.is_some() {
            (self.findings.bytes, self.findings.not_utf8, self.findings.has_text) = (0, None, true);
            (self.problems, self.verdict) = (Vec::new(), String::new());
        }
        self
    }
}

#[derive(Clone)]
struct ReaderTools {
    fields: FieldSet,
    table: Table,
    filters: Vec<Filter>,
}

impl ReaderTools {
    fn new() -> ReaderTools {
        let layout = TableLayout {
            columns: COLUMNS.map(String::from).into(),
            format: Format::Tsv,
            delimiter: b',',
            width: None,
            header: false,
            null: "null".into(),
            guard: false,
            zone: None,
            set: Vec::new(),
            excel: false,
            files: FileLayout::default(),
        };
        let mut fields = FieldSet::default();
        let table = Table::new(&layout, &mut fields).unwrap();
        let filter = |name: &str| {
            let conditions = FilterSpec::default().with("--event-name", [name]);
            Filter::new(&conditions, &mut fields).unwrap()
        };
        let filters = NAMES.map(filter).into();
        ReaderTools { fields, table, filters }
    }

    fn event(&mut self, event: &Event<'_>, rows: &mut Vec<String>, wanted: &mut [usize]) -> ControlFlow<()> {
        let mut row = Vec::new();
        self.table.row(event, "", &mut row);
        let mut pieces = Vec::new();
        let flow = self.table.row_in_pieces(event, "", &mut |piece| {
            pieces.extend_from_slice(piece);
            ControlFlow::Continue(())
        });
        assert!(pieces == row && flow.is_continue(), "the row differs if it is written in pieces");
        rows.push(String::from_utf8(row).expect("rows are UTF-8"));
        for (filter, wanted) in self.filters.iter_mut().zip(wanted) {
            *wanted += usize::from(filter.answer(event) != FilterAnswer::No);
        }
        ControlFlow::Continue(())
    }
}

/// A limit in bytes that the checked texts do not exceed, so that they are read as a whole.
pub(crate) const WHOLE: usize = 1 << 18;

thread_local! {
    // Made once, so that fuzzing spends its time on decoding.
    static TOOLS: ReaderTools = ReaderTools::new();
    static INFLATER: RefCell<Inflater> = RefCell::new(Inflater::new(WHOLE));
}

/// Reads a file. If it or its text exceeds `limit` bytes, it is read in windows, as large files
/// are. `None` if it is an archive.
pub(crate) fn read(file: &[u8], limit: usize, visitor: &mut impl TextVisitor) -> Option<Vec<Problem>> {
    let ahead = usize::from(file.len().is_multiple_of(8));
    let mut file = file;
    let mut read = |inflater: &mut Inflater| match inflater.read(&mut file, || true, visitor) {
        FileContent::Text(ended) => Some(ended.problems),
        FileContent::Container { .. } => None,
    };
    if limit == WHOLE {
        return INFLATER.with_borrow_mut(|inflater| read(inflater));
    }
    read(&mut Inflater::with_ahead(limit, Arc::new(ReadAheadPermits::new(ahead))))
}

/// Decodes the text of a file and collects its rows, as a worker does.
struct RowCollector<'r> {
    tools: &'r mut ReaderTools,
    decoder: &'r mut Decoder,
    rows: Vec<String>,
    wanted: [usize; NAMES.len()],
}

impl TextVisitor for RowCollector<'_> {
    fn window(&mut self, window: &[u8], is_last: bool) -> ControlFlow<(), usize> {
        let RowCollector { tools, decoder, rows, wanted } = self;
        let consumed = decoder.window(window, is_last, |event| tools.event(event, rows, wanted));
        match decoder.findings().broken {
            Some(_) if !is_last => ControlFlow::Break(()),
            _ => ControlFlow::Continue(consumed),
        }
    }

    fn further_members(&mut self) {
        self.decoder.begin_further_members();
    }

    fn gap(&mut self) {
        self.decoder.skip_gap();
    }
}

/// Reads one file after another. As in a worker, the decoder learns from each.
pub struct Reader {
    tools: ReaderTools,
    decoder: Decoder,
}

impl Reader {
    /// A reader that has seen nothing yet.
    pub fn new(way: SimdLevel) -> Reader {
        let tools = TOOLS.with(ReaderTools::clone);
        let decoder = Decoder::with(&tools.fields, way).unwrap();
        Reader { tools, decoder }
    }

    /// A reader for each SIMD level, the portable one last.
    pub fn all() -> Vec<Reader> {
        SimdLevel::all().map(Reader::new).collect()
    }

    /// Reads a text in windows. Each ends `step` bytes after the one before.
    pub fn text(&mut self, text: &[u8], step: usize) -> ReaderOutcome {
        let (mut rows, mut wanted) = (Vec::new(), [0; NAMES.len()]);
        let (mut start, mut end) = (0, step.min(text.len()));
        self.decoder.start();
        loop {
            let is_last = end == text.len();
            let window = &text[start..end];
            start += self.decoder.window(window, is_last, |event| self.tools.event(event, &mut rows, &mut wanted));
            assert!(start <= end, "more bytes are consumed than the window has");
            if is_last || self.decoder.findings().broken.is_some() {
                return self.outcome(rows, wanted, Vec::new());
            }
            end = (end + step).min(text.len());
        }
    }

    /// Reads a file as the program does: whole if neither it nor its text exceeds `limit` bytes.
    pub fn file(&mut self, file: &[u8], limit: usize) -> ReaderOutcome {
        self.decoder.start();
        let Reader { tools, decoder } = self;
        let mut reading = RowCollector { tools, decoder, rows: Vec::new(), wanted: [0; NAMES.len()] };
        let problems = read(file, limit, &mut reading).unwrap_or_default();
        let RowCollector { rows, wanted, .. } = reading;
        self.outcome(rows, wanted, problems)
    }

    fn outcome(&self, rows: Vec<String>, wanted: [usize; NAMES.len()], problems: Vec<Problem>) -> ReaderOutcome {
        let findings = self.decoder.findings().clone();
        let said = problems.iter().map(Problem::to_string).collect();
        let verdict = format!("{:?}", findings.verdict(problems));
        ReaderOutcome { rows, wanted, findings, problems: said, verdict }
    }

    /// Checks that the same number of events is wanted if only the records that the prefilter finds
    /// are decoded.
    pub fn check_search(&mut self, text: &[u8], outcome: &ReaderOutcome) {
        for (at, name) in NAMES.iter().enumerate() {
            let Some(found) = self.tools.filters[at].search().and_then(|search| search.matches(text)) else { continue };
            assert_eq!(found.is_utf8, str::from_utf8(text).is_ok(), "{name}");
            let (filter, mut wanted) = (&mut self.tools.filters[at], 0);
            self.decoder.start();
            self.decoder.restrict_to(found.places);
            self.decoder.window(text, true, |event| {
                wanted += usize::from(filter.answer(event) != FilterAnswer::No);
                ControlFlow::Continue(())
            });
            assert_eq!(wanted, outcome.wanted[at], "{name}: wanted events with the prefilter, and without");
        }
    }
}

//! Joins lines to reports.
//!
//! | state | sample line | next |
//! |---|---|---|
//! | outside | `WARNING: DATA RACE`, `Read at 0x00c0 by goroutine 7:` | titled, access |
//! | titled | `Read at 0x00c0 by goroutine 7:` | access |
//! | access | `  a.F()` then `      /x/y.go:3 +0x1`; `[failed to restore the stack]` | access |
//! | access, header broken | `main goroutine:` | access |
//! | access | `Previous write at 0x00c0 by main goroutine:` | access |
//! | access, created | `Goroutine 7 (running) created at:` | created |
//! | created | `  a.F()` then `      /x/y.go:3 +0x1` | created |
//! | access, created | `Heap block of size 8 …`, `goroutine 7 [running]:` | skipping |
//! | skipping | an access or creation header | access, created |
//! | all but titled | `==================`, `Found 1 data race(s)`, 200 lines that fit nothing | outside |
//! | all | `WARNING: DATA RACE`, a second first access | titled, access of the next report |
//! | all | anything else | the same, and a problem when the report goes on |
//!
//! Logs interleave: every (JSON origin, line prefix) has a machine of its own.

use super::{
    AccessKind, Creation, Frame, GoroutineRef, RaceAccess, RaceReport, StackTrace,
    after_test::AfterTest,
    json::{self, Origin},
    lines::{AccessHeader, Line, TITLE, TestMark, after_title, classify, may_start, test_mark, title_start},
    unwrap::{Prefix, clean, in_quotes, is_of_another_stream, lines_inside, quoted_value, strip_known},
    wrapped::{bare_function, glued, joined},
};
use crate::base::{Parsed, Problem, ProblemKind};

/// Lines that fit nothing after which a report counts as ended.
const PATIENCE: u32 = 200;
/// Lines of the input without one of a report after which it counts as ended, whoever wrote the lines.
const FORGOTTEN: u32 = 4000;
/// Unknown lines of one report that become problems.
const UNKNOWN_KEPT: usize = 20;
/// Reports that may be open at once.
const STREAMS: usize = 64;

/// Reads every report of a text. Never fails: what could not be read is a problem.
pub fn parse_reports(text: &[u8]) -> Parsed<Vec<RaceReport>> {
    let mut reader = ReportReader::new();
    match utf16(text) {
        // PowerShell redirects to UTF-16.
        Some(decode) => {
            let units = text.chunks_exact(2).map(|b| decode([b[0], b[1]]));
            let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            text.split('\n').for_each(|line| reader.push_line(line.as_bytes()));
        }
        None => text.split(|&b| b == b'\n').for_each(|line| reader.push_line(line)),
    }
    reader.finish()
}

/// Whether a text that begins like this is UTF-16: it has newlines of two bytes and has to be read as a whole.
pub fn is_utf16(start: &[u8]) -> bool {
    utf16(start).is_some()
}

/// How the units of UTF-16 are decoded, if this is UTF-16: by its mark, or because the first characters are ASCII.
fn utf16(text: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match *text {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        [a, 0, b, 0, c, 0, ..] if a.min(b).min(c) > 0 => Some(u16::from_le_bytes),
        [0, a, 0, b, 0, c, ..] if a.min(b).min(c) > 0 => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// Reads reports line by line, in memory of the reports only.
#[derive(Debug, Default)]
pub struct ReportReader {
    line: u32,
    streams: Vec<Stream>,
    reports: Vec<RaceReport>,
    problems: Vec<Problem>,
    /// The test that runs, by the last line of `go test -v`.
    running: Option<String>,
    /// The first report that the next failed test may have been blamed for.
    unblamed: usize,
    /// A panic of the testing package that is being read.
    after_test: Option<AfterTest>,
    /// Output of `go test -json` whose line is not complete, with the line of the input where it began.
    held: Vec<(Origin, String, u32)>,
}

/// One report being read, and how to know its lines.
#[derive(Debug)]
struct Stream {
    origin: Option<Origin>,
    prefix: Prefix,
    builder: Builder,
    /// Lines without meaning since the last line with one.
    idle: u32,
    /// The last line of the input that was part of the report.
    used: u32,
}

impl ReportReader {
    /// A reader before the first line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next line, with or without its newline.
    pub fn push_line(&mut self, raw: &[u8]) {
        self.line = self.line.saturating_add(1);
        // A carriage return inside a line: what it did not overwrite are lines of their own.
        let inner = raw.strip_suffix(b"\r").unwrap_or(raw);
        let several = (inner.contains(&b'\r') || may_start(raw)).then(|| lines_inside(raw)).flatten();
        match several {
            Some(lines) => lines.iter().for_each(|line| self.push_single(line.as_bytes())),
            None => self.push_single(raw),
        }
    }

    fn push_single(&mut self, raw: &[u8]) {
        match test_mark(raw) {
            Some(TestMark::Running(name)) => self.running = Some(name.to_owned()),
            // Subtests follow their test, indented.
            Some(TestMark::Failed(name)) if !name.contains('/') => {
                for report in self.reports.iter_mut().skip(self.unblamed).filter(|report| report.test.is_none()) {
                    report.test = Some(name.to_owned());
                }
                self.unblamed = self.reports.len();
            }
            _ => {}
        }
        let waits = !self.streams.is_empty() || !self.held.is_empty() || self.after_test.is_some();
        if !waits && !may_start(raw) && !json::may_be_partial(raw) {
            return;
        }
        if let Some(index) = self.streams.iter().position(|s| self.line - s.used > FORGOTTEN) {
            let stream = self.streams.remove(index);
            self.close(stream);
        }
        self.held.retain(|(.., line)| self.line - line <= FORGOTTEN);
        if let Some(json) = json::read(raw) {
            if let Some((origin, text)) = self.whole(json) {
                text.lines().for_each(|line| self.push_text(Some(&origin), &clean(line.as_bytes())));
            }
            return;
        }
        let text = clean(raw);
        if text.contains('\\') && text.contains("DATA RACE\\n") {
            // A whole report inside a quoted string.
            let text = text.replace("\\t", "\t");
            text.split("\\n").for_each(|line| self.push_text(None, line));
            return;
        }
        match quoted_value(&text, is_report_line) {
            Some(value) => self.push_text(None, &value),
            None => self.push_text(None, &text),
        }
    }

    /// The text of a JSON line with what was held back before it; `None` when it goes on in the next one.
    fn whole(&mut self, json: json::JsonLine) -> Option<(Origin, String)> {
        let json::JsonLine { origin, mut text, partial } = json;
        let mut first = self.line;
        if let Some(at) = self.held.iter().position(|(held, ..)| *held == origin) {
            let (_, before, line) = self.held.remove(at);
            text.insert_str(0, &before);
            first = line;
        }
        let open = self.streams.iter().any(|s| s.origin.as_ref() == Some(&origin));
        let goes_on = partial && text.len() < 1 << 16 && (open || ends_like_a_start(&text));
        if goes_on && self.held.len() < STREAMS {
            self.held.push((origin, text, first));
            return None;
        }
        Some((origin, text))
    }

    /// Ends the input and hands over what was read, in the order of the input.
    pub fn finish(mut self) -> Parsed<Vec<RaceReport>> {
        for (origin, text, _) in std::mem::take(&mut self.held) {
            text.lines().for_each(|line| self.push_text(Some(&origin), &clean(line.as_bytes())));
        }
        while !self.streams.is_empty() {
            let stream = self.streams.remove(0);
            self.close(stream);
        }
        self.reports.extend(self.after_test.take().and_then(AfterTest::finish));
        self.reports.sort_by_key(|r| r.lines);
        for (number, report) in (1..).zip(&mut self.reports) {
            report.number = number;
        }
        self.problems.sort_by_key(|p| p.line);
        Parsed { value: self.reports, problems: self.problems }
    }

    fn push_text(&mut self, origin: Option<&Origin>, text: &str) {
        if let Some(open) = &mut self.after_test {
            if !open.push(self.line, origin, text) {
                self.reports.extend(self.after_test.take().and_then(AfterTest::finish));
            }
        } else if let Some(found) = AfterTest::start(self.line, origin, text) {
            self.after_test = Some(found);
        }
        if let Some(at) = title_start(text) {
            self.start(origin, Prefix::before(&text[..at]), Some(&text[at..]));
            let rest = after_title(text);
            if let (line @ Line::Access(_), Some(stream)) = (classify(rest), self.streams.last_mut()) {
                stream.builder.step(self.line, line, rest);
            }
            return;
        }
        let Some(index) = self.stream_of(origin, text) else {
            self.start_without_title(origin, text);
            return;
        };
        let stream = &mut self.streams[index];
        let stripped = stream.prefix.strip(text);
        if stripped.is_none() && is_of_another_stream(text, &stream.prefix) {
            return;
        }
        let own = strip_known(stripped.unwrap_or(text));
        // What is in quotes may have a time stamp of its own.
        let own = match (classify(own), in_quotes(own).map(strip_known)) {
            (Line::Unknown, Some(inner)) if is_report_line(inner) => inner,
            (Line::Unknown, _) => strip_known(own),
            _ => own,
        };
        let whole = stream.builder.with_beginning(own);
        let own = whole.as_deref().unwrap_or(own);
        let line = classify(own);
        if stream.origin.as_ref() != origin && matches!(line, Line::Unknown | Line::Blank | Line::Neighbour) {
            return;
        }
        match stream.builder.step(self.line, line, own) {
            Step::Used => {
                stream.idle = 0;
                stream.used = self.line;
            }
            Step::Idle if stream.idle < PATIENCE => stream.idle += 1,
            Step::Idle | Step::Ends => {
                let stream = self.streams.remove(index);
                self.close(stream);
            }
            Step::Restart => {
                let prefix = stream.prefix.clone();
                let origin = stream.origin.clone();
                let text = own.to_owned();
                self.start(origin.as_ref(), prefix, None);
                if let Some(stream) = self.streams.last_mut() {
                    stream.builder.step(self.line, classify(&text), &text);
                }
            }
        }
    }

    /// The open report a line belongs to.
    fn stream_of(&self, origin: Option<&Origin>, text: &str) -> Option<usize> {
        let mine = |s: &Stream| s.origin.as_ref() == origin;
        let last = |test: &dyn Fn(&Stream) -> bool| self.streams.iter().rposition(test);
        last(&|s| mine(s) && !s.prefix.is_empty() && s.prefix.is_exactly_on(text))
            .or_else(|| last(&|s| mine(s) && !s.prefix.is_empty() && s.prefix.strip(text).is_some()))
            .or_else(|| last(&|s| mine(s) && s.prefix.is_empty()))
            .or_else(|| last(&mine))
            // `go test -json` names another test as soon as it prints, in the middle of a report if need be.
            .or_else(|| {
                let package = origin?.package.as_ref()?;
                last(&|s| s.origin.as_ref().is_some_and(|o| o.package.as_ref() == Some(package)))
            })
    }

    /// Opens a report, and ends the one before it in the same stream.
    fn start(&mut self, origin: Option<&Origin>, prefix: Prefix, title: Option<&str>) {
        // A prefix that differs in digits may be a later time stamp or another service: that report stays open, and
        // lines that are exactly on neither go to the newest.
        let index = self
            .streams
            .iter()
            .rposition(|s| s.origin.as_ref() == origin && s.prefix == prefix)
            .or_else(|| (self.streams.len() >= STREAMS).then_some(0));
        if let Some(index) = index {
            let stream = self.streams.remove(index);
            self.close(stream);
        }
        let title = title.map_or(TITLE, |t| if t.starts_with(TITLE) { TITLE } else { "DATA RACE" });
        let builder = Builder { title, first: self.line, last: self.line, ..Builder::default() };
        self.streams.push(Stream { origin: origin.cloned(), prefix, builder, idle: 0, used: self.line });
    }

    /// Opens a report whose title was lost, at a complete access header.
    fn start_without_title(&mut self, origin: Option<&Origin>, text: &str) {
        let own = strip_known(text);
        let Line::Access(AccessHeader { address: Some(_), goroutine: Some(_), .. }) = classify(own) else { return };
        let start = ["Previous ", "Read at", "Write at"].iter().filter_map(|w| text.find(w)).min().unwrap_or(0);
        self.start(origin, Prefix::before(&text[..start]), None);
        if let Some(stream) = self.streams.last_mut() {
            stream.builder.step(self.line, classify(own), own);
        }
    }

    fn close(&mut self, stream: Stream) {
        let Stream { origin, builder, .. } = stream;
        let (package, test) = origin.map_or((None, None), |o| (o.package, o.test));
        if let Some(report) = builder.finish(&mut self.problems) {
            let test = test.or_else(|| self.running.clone());
            self.reports.push(RaceReport { package, test, ..report });
        }
    }
}

/// Whether the text in quotes is a line of a report, and not a message of another writer.
fn is_report_line(value: &str) -> bool {
    match classify(value) {
        Line::Position(..) => value.contains(" +0x"),
        Line::Unknown | Line::Blank | Line::Neighbour => title_start(value).is_some(),
        _ => true,
    }
}

/// Whether a text breaks off in the middle of what starts a report.
fn ends_like_a_start(text: &str) -> bool {
    let last = text.rsplit('\n').next().unwrap_or(text);
    [TITLE, "Read at 0x", "Write at 0x"].iter().any(|start| (1..start.len()).any(|end| last.ends_with(&start[..end])))
}

/// What a line did to the report it was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It is part of the report.
    Used,
    /// It is not, and changes nothing.
    Idle,
    /// The report is over.
    Ends,
    /// The report is over and the line starts the next one.
    Restart,
}

/// Which stack frames go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Titled,
    Access,
    Created,
    Skipping,
}

#[derive(Debug)]
struct OpenAccess {
    header: AccessHeader,
    stack: StackTrace,
}

#[derive(Debug, Default)]
struct Builder {
    title: &'static str,
    first: u32,
    last: u32,
    accesses: Vec<OpenAccess>,
    creations: Vec<Creation>,
    section: Section,
    /// A function whose position has not come yet.
    pending: Option<(String, u32)>,
    /// Unknown lines that become problems when the report goes on after them.
    unknown: Vec<(u32, String)>,
    /// The line before this one, when it could not be read or lacks its end.
    beginning: Option<String>,
    problems: Vec<Problem>,
}

impl Builder {
    /// The line together with its beginning, where the line before was cut.
    fn with_beginning(&mut self, text: &str) -> Option<String> {
        let before = self.beginning.take()?;
        let line = classify(text);
        if let (Line::Unknown, Line::Position(..)) = (line, classify(&before)) {
            // `x.go:3` may have been `x.go:30 +0x1`: only the rest of the number tells.
            let rest = text.split(" +0x").next().unwrap_or("");
            let digits = text.contains(" +0x") && !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit());
            let frame = if digits { self.stack()?.frames.pop() } else { None }?;
            self.pending = Some((frame.function, self.last));
            return Some(before + text);
        }
        if let (Line::Position(..), None, Some(name)) = (line, &self.pending, bare_function(&before))
            && self.stack().is_some()
        {
            self.pending = Some((name.to_owned(), self.last));
            self.unknown.pop();
            return None;
        }
        let whole = joined(&before, text, line);
        if whole.is_some() {
            self.unknown.pop();
        } else if line == Line::Unknown && before.contains('[') {
            // Type arguments may go on for several lines.
            self.beginning = Some(before);
        }
        whole
    }

    fn step(&mut self, number: u32, line: Line<'_>, text: &str) -> Step {
        let step = self.apply(number, line);
        let inside = matches!(self.section, Section::Access | Section::Created);
        let before = self.beginning.take();
        self.beginning = match line {
            Line::Unknown if inside => Some(before.map_or_else(|| text.trim().to_owned(), |b| glued(&b, text.trim()))),
            Line::Position(..) if inside && !text.contains(" +") => Some(text.trim().to_owned()),
            _ => None,
        };
        match step {
            Step::Used => {
                self.last = number;
                let unknown = std::mem::take(&mut self.unknown);
                for (line, text) in unknown {
                    self.problem(ProblemKind::ReportLine, line, format!("not a line of a race report: {text}"));
                }
            }
            Step::Idle => {
                let odd = matches!(line, Line::Unknown | Line::Position(..) | Line::Goroutine(_));
                if odd && self.section != Section::Skipping && self.unknown.len() + self.problems.len() < UNKNOWN_KEPT {
                    self.unknown.push((number, text.trim().chars().take(120).collect()));
                }
            }
            Step::Ends => self.last = number,
            Step::Restart => {}
        }
        step
    }

    fn apply(&mut self, number: u32, line: Line<'_>) -> Step {
        match line {
            Line::Rule | Line::End if self.accesses.is_empty() => return Step::Idle,
            Line::Rule | Line::End => return Step::Ends,
            Line::Access(header) => return self.access(header),
            Line::Created { goroutine, finished } => {
                self.pending = None;
                self.section = Section::Created;
                // A doubled line is no second creation.
                let doubled = self.creations.last().is_some_and(|c| c.goroutine == goroutine && c.stack.is_empty());
                if !doubled {
                    self.creations.push(Creation { goroutine, finished, stack: StackTrace::default() });
                }
            }
            Line::Goroutine(goroutine) => match self.accesses.last_mut() {
                Some(access) if self.section == Section::Access && access.header.goroutine.is_none() => {
                    access.header.goroutine = Some(goroutine);
                }
                _ => return Step::Idle,
            },
            Line::Function(name) => {
                if self.stack().is_none() {
                    return Step::Idle;
                }
                if let Some((name, line)) = self.pending.replace((name.to_owned(), number)) {
                    self.unknown.push((line, format!("{name}()")));
                }
            }
            Line::Position(file, line) => {
                let Some((function, _)) = self.pending.take() else { return Step::Idle };
                let frame = Frame { function, file: file.to_owned(), line };
                match self.stack() {
                    Some(stack) => stack.frames.push(frame),
                    None => return Step::Idle,
                }
            }
            Line::Frame(function, file, line) => {
                self.pending = None;
                let frame = Frame { function: function.to_owned(), file: file.to_owned(), line };
                match self.stack() {
                    Some(stack) => stack.frames.push(frame),
                    None => return Step::Idle,
                }
            }
            Line::LostStack => match self.stack() {
                Some(stack) => {
                    stack.lost = true;
                    self.problem(ProblemKind::LostStack, number, "the runtime could not restore this stack".to_owned());
                }
                None => return Step::Idle,
            },
            Line::Section => {
                self.pending = None;
                if self.section != Section::Titled {
                    self.section = Section::Skipping;
                }
                return Step::Idle;
            }
            Line::Offset => return Step::Used,
            Line::Title | Line::Blank | Line::Neighbour | Line::Unknown => return Step::Idle,
        }
        Step::Used
    }

    fn access(&mut self, header: AccessHeader) -> Step {
        self.pending = None;
        let doubled = self
            .accesses
            .last_mut()
            .filter(|a| a.stack.is_empty() && a.header.previous == header.previous && a.header.kind == header.kind);
        if let Some(access) = doubled {
            access.header = header;
        } else if self.accesses.len() >= 2 || !header.previous && !self.accesses.is_empty() {
            return Step::Restart;
        } else {
            self.accesses.push(OpenAccess { header, stack: StackTrace::default() });
        }
        self.section = Section::Access;
        Step::Used
    }

    /// The stack frames go to now.
    fn stack(&mut self) -> Option<&mut StackTrace> {
        match self.section {
            Section::Titled | Section::Skipping => None,
            Section::Access => self.accesses.last_mut().map(|a| &mut a.stack),
            Section::Created => self.creations.last_mut().map(|c| &mut c.stack),
        }
    }

    fn problem(&mut self, kind: ProblemKind, line: u32, message: String) {
        self.problems.push(Problem { kind, message, file: None, line: Some(line) });
    }

    /// The report, unless there was nothing but a title.
    fn finish(mut self, problems: &mut Vec<Problem>) -> Option<RaceReport> {
        let cut = self.cut();
        if let Some(message) = cut {
            self.problem(ProblemKind::TruncatedReport, self.last, message.to_owned());
        }
        if self.accesses.last().is_some_and(|a| a.header.goroutine.is_none() && a.stack.is_empty()) {
            self.accesses.pop();
        }
        if !self.accesses.iter().any(|a| !a.stack.is_empty()) && self.accesses.len() < 2 {
            return None;
        }
        problems.append(&mut self.problems);
        let goroutines = self.goroutines();
        let accesses = self.accesses.into_iter().zip(goroutines).map(|(access, goroutine)| {
            let AccessHeader { kind, previous, address, .. } = access.header;
            RaceAccess { kind, previous, address, goroutine, stack: access.stack }
        });
        Some(RaceReport {
            number: 0,
            title: self.title.to_owned(),
            accesses: accesses.collect(),
            creations: self.creations,
            package: None,
            test: None,
            lines: (self.first, self.last),
        })
    }

    /// What says that the end of the report is missing.
    fn cut(&self) -> Option<&'static str> {
        if self.pending.is_some() {
            return Some("the report ends in the middle of a frame");
        }
        if self.accesses.len() < 2 {
            return Some("the report has no second access");
        }
        let last = self.creations.last().map(|c| &c.stack).or_else(|| self.accesses.last().map(|a| &a.stack));
        last.is_some_and(StackTrace::is_empty).then_some("the last stack of the report is missing")
    }

    /// The goroutines of the accesses. One whose header was broken is the goroutine no other access has: the main one
    /// unless a creation names another.
    fn goroutines(&self) -> Vec<GoroutineRef> {
        let known: Vec<_> = self.accesses.iter().filter_map(|a| a.header.goroutine).collect();
        let left = self.creations.iter().map(|c| GoroutineRef::Id(c.goroutine)).find(|id| !known.contains(id));
        let missing = left.unwrap_or(GoroutineRef::Main);
        self.accesses.iter().map(|a| a.header.goroutine.unwrap_or(missing)).collect()
    }
}

impl StackTrace {
    /// Whether nothing is known of the stack, not even that it was lost.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && !self.lost
    }
}

impl AccessKind {
    /// `read` or `write`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

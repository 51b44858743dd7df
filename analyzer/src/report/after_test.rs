//! The testing package's own report of a goroutine that outlived its test: not the race detector's, but the same defect.
//!
//! ```text
//! panic: Log in goroutine after TestTimer has completed: five milliseconds are over
//!
//! goroutine 18 [running]:
//! testing.(*common).log(0xc000140248, {0xc000096020, 0x1b})
//!     /go/src/testing/testing.go:1039 +0x1df
//! example.com/a.TestTimer.func1()
//!     /a/timer_test.go:20 +0x66
//! created by example.com/a.TestTimer in goroutine 17
//!     /a/timer_test.go:19 +0x45
//! ```
//!
//! It has one access: that the test is over is not done by a goroutine that could be shown.

use super::{
    AccessKind, Creation, Frame, GoroutineRef, RaceAccess, RaceReport, StackTrace,
    json::Origin,
    lines::{Line, classify},
    unwrap::Prefix,
};

/// Lines that fit nothing after which the stack is given up: the message may have several lines.
const PATIENCE: u32 = 50;
/// What the testing package says, by what the goroutine did.
const BEGINNINGS: [&str; 3] =
    ["panic: Log in goroutine after ", "panic: Fail in goroutine after ", "panic: Write called after "];
const END: &str = " has completed";

/// Whether a raw line begins such a report. Cheap: it runs on every line of a log that has a `p`.
pub(super) fn begins(line: &[u8]) -> bool {
    line.starts_with(b"panic: ") && BEGINNINGS.iter().any(|beginning| line.starts_with(beginning.as_bytes()))
}

/// A report being read.
#[derive(Debug)]
pub(super) struct AfterTest {
    origin: Option<Origin>,
    prefix: Prefix,
    title: String,
    test: String,
    lines: (u32, u32),
    goroutine: Option<u64>,
    stack: StackTrace,
    creation: StackTrace,
    /// A function whose position has not come yet, and whether it created the goroutine.
    pending: Option<(String, bool)>,
    idle: u32,
}

impl AfterTest {
    /// Opens a report at its first line.
    pub(super) fn start(number: u32, origin: Option<&Origin>, text: &str) -> Option<Self> {
        let (at, beginning) = BEGINNINGS.iter().find_map(|beginning| Some((text.find(beginning)?, *beginning)))?;
        let rest = &text[at + beginning.len()..];
        let test = &rest[..rest.find(END)?];
        Some(Self {
            origin: origin.cloned(),
            prefix: Prefix::before(&text[..at]),
            title: format!("{beginning}{test}{END}"),
            test: test.to_owned(),
            lines: (number, number),
            goroutine: None,
            stack: StackTrace::default(),
            creation: StackTrace::default(),
            pending: None,
            idle: 0,
        })
    }

    /// Takes a line; the answer is whether the report goes on.
    pub(super) fn push(&mut self, number: u32, origin: Option<&Origin>, text: &str) -> bool {
        if self.origin.as_ref() != origin {
            return true;
        }
        let own = self.prefix.strip(text).unwrap_or(text).trim();
        let Some(known) = self.goroutine else {
            let id = own.strip_prefix("goroutine ").and_then(|rest| rest.split_once(' '));
            self.goroutine = id.filter(|(_, state)| state.starts_with('[')).and_then(|(id, _)| id.parse().ok());
            return self.goroutine.is_some() || self.waits();
        };
        if own.is_empty() {
            return self.stack.frames.is_empty();
        }
        self.idle = 0;
        if let (Some((function, creates)), Line::Position(file, line)) = (self.pending.take(), classify(own)) {
            let frame = Frame { function, file: file.to_owned(), line };
            self.lines.1 = number;
            if creates {
                self.creation.frames.push(frame);
                return false;
            }
            self.stack.frames.push(frame);
            return true;
        }
        self.pending = match own.strip_prefix("created by ") {
            Some(creator) => {
                let name = creator.rsplit_once(" in goroutine ").map_or(creator, |(name, _)| name);
                Some((name.to_owned(), true))
            }
            None => called(own).map(|name| (name.to_owned(), false)),
        };
        // Another goroutine, or the end of the program.
        let over = own.starts_with("goroutine ") && !own.starts_with(&format!("goroutine {known} "));
        !over && (self.pending.is_some() || self.waits())
    }

    fn waits(&mut self) -> bool {
        self.idle += 1;
        self.idle <= PATIENCE
    }

    /// The report, if there was a stack.
    pub(super) fn finish(self) -> Option<RaceReport> {
        let goroutine = self.goroutine.filter(|_| !self.stack.frames.is_empty())?;
        let access = RaceAccess {
            kind: AccessKind::Read,
            previous: false,
            address: None,
            goroutine: GoroutineRef::Id(goroutine),
            stack: self.stack,
        };
        let creation = Creation { goroutine, finished: false, stack: self.creation };
        Some(RaceReport {
            number: 0,
            title: self.title,
            accesses: vec![access],
            creations: if creation.stack.frames.is_empty() { Vec::new() } else { vec![creation] },
            package: self.origin.and_then(|origin| origin.package),
            test: Some(self.test),
            lines: self.lines,
        })
    }
}

/// The function of a frame of a traceback: `a.(*T).M` of `a.(*T).M(0xc000012345, {0x1, 0x2})`.
fn called(text: &str) -> Option<&str> {
    let inner = text.strip_suffix(')')?;
    let mut depth = 0_usize;
    let open = inner.char_indices().rev().find(|(_, c)| match c {
        ')' => {
            depth += 1;
            false
        }
        '(' if depth > 0 => {
            depth -= 1;
            false
        }
        c => *c == '(',
    });
    let name = &text[..open?.0];
    (name.contains('.') && !name.contains(' ')).then_some(name)
}

#[cfg(test)]
mod tests {
    use crate::report::{GoroutineRef, parse_reports};

    const PANIC: &str = "PASS\npanic: Log in goroutine after TestA/sub has completed: two\n\tlines\n\t\n\n\
        goroutine 18 [running]:\n\
        testing.(*common).log(0xc000140248, {0xc000096020, 0x1b})\n\t/go/src/testing/testing.go:1039 +0x1df\n\
        example.com/a.(*T).consume(...)\n\t/a/t.go:38\n\
        created by example.com/a.newT in goroutine 17\n\t/a/t.go:21 +0x1e5\n\
        exit status 2\n";

    #[test]
    fn a_panic_of_the_testing_package_is_a_report_with_one_access() {
        for prefix in ["", "2024-04-03T21:14:32.9966429Z ", "svc-1  | "] {
            let text: String = PANIC.lines().map(|line| format!("{prefix}{line}\n")).collect();
            let reports = parse_reports(text.as_bytes()).value;
            let [report] = &reports[..] else { panic!("{prefix:?}: {reports:?}") };
            assert_eq!(report.title, "panic: Log in goroutine after TestA/sub has completed");
            assert!(report.is_after_test());
            assert_eq!(report.test.as_deref(), Some("TestA/sub"));
            let [access] = &report.accesses[..] else { panic!("{report:?}") };
            assert_eq!(access.goroutine, GoroutineRef::Id(18));
            let frames: Vec<_> = access.stack.frames.iter().map(|f| (f.function.as_str(), f.line)).collect();
            assert_eq!(frames, [("testing.(*common).log", 1039), ("example.com/a.(*T).consume", 38)]);
            assert_eq!(report.creations[0].stack.frames[0].function, "example.com/a.newT");
        }
    }

    #[test]
    fn a_message_without_a_stack_is_none() {
        assert!(parse_reports(b"panic: Log in goroutine after TestA has completed: x\nok\n").value.is_empty());
        assert!(parse_reports(b"the panic: Log in goroutine after hours\n").value.is_empty());
    }
}

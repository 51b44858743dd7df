//! What one line of a report is, once its wrapping is undone.
//!
//! Indentation carries no meaning here: forums and tables lose it, sub-processes add to it.

use super::{AccessKind, GoroutineRef};

/// One line, classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `==================`, also with progress marks before it.
    Rule,
    /// `WARNING: DATA RACE`
    Title,
    /// `Previous write at 0x00c0000060a8 by goroutine 8:`
    Access(AccessHeader),
    /// `main goroutine:`, the second half of a header another writer broke in two.
    Goroutine(GoroutineRef),
    /// `main.(*T).Close()`
    Function(&'a str),
    /// `/src/t.go:12 +0x2c`
    Position(&'a str, u32),
    /// Function and position on one line, after the newline between them was lost.
    Frame(&'a str, &'a str, u32),
    /// `[failed to restore the stack]`
    LostStack,
    /// `Goroutine 8 (running) created at:`
    Created {
        /// The goroutine.
        goroutine: u64,
        /// `finished` and not `running`.
        finished: bool,
    },
    /// A section whose frames belong to no access: `Heap block of size …`, or a goroutine dump.
    Section,
    /// `Found 1 data race(s)`, or the end of a code block.
    End,
    /// `+0x13c` on a line of its own, wrapped there.
    Offset,
    /// Nothing.
    Blank,
    /// A line of `testing` or the runtime that is known to stand beside reports.
    Neighbour,
    /// None of these.
    Unknown,
}

/// The parts of an access header that were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccessHeader {
    pub(super) kind: AccessKind,
    pub(super) previous: bool,
    pub(super) address: Option<u64>,
    /// `None` when another writer's text stands in its place.
    pub(super) goroutine: Option<GoroutineRef>,
}

/// The title the runtime prints.
pub(super) const TITLE: &str = "WARNING: DATA RACE";

/// Whether a raw line can start a report. Cheap: it runs on every line of a log.
pub(super) fn may_start(line: &[u8]) -> bool {
    line.iter().enumerate().any(|(at, byte)| match byte {
        b'D' => is_data_race(&line[at..]),
        b'R' => starts_access(&line[at..], b"Read at"),
        b'W' => starts_access(&line[at..], b"Write at"),
        b'p' => super::after_test::begins(&line[at..]),
        b'P' => line[at..].starts_with(b"Previous read at") || line[at..].starts_with(b"Previous write at"),
        _ => false,
    })
}

/// `DATA RACE`, the blank perhaps a no-break space or an entity, or with colours around each word.
fn is_data_race(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"DATA") else { return false };
    match rest {
        [b' ', rest @ ..] => rest.starts_with(b"RACE"),
        [b'&' | 0xc2, ..] => rest.windows(4).take(8).any(|word| word == b"RACE"),
        [0x1b | b'\\', ..] => rest.windows(4).take(40).any(|word| word == b"RACE"),
        _ => false,
    }
}

/// `Read at 0x`, the address perhaps damaged or set in bold.
fn starts_access(text: &[u8], words: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(words) else { return false };
    let rest = rest.strip_prefix(b"**").unwrap_or(rest);
    matches!(rest, [b' ', b'0' | b'O', b'x' | b'X', ..])
}

/// What a line of a log says about the tests around a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TestMark<'a> {
    /// `=== RUN   TestA/sub`, and the like for a test that goes on: what follows is printed under it.
    Running(&'a str),
    /// `--- FAIL: TestA (0.01s)`: what came before may have been printed under it.
    Failed(&'a str),
}

/// Reads a line of the testing package. Cheap: it runs on every line of a log.
pub(super) fn test_mark(line: &[u8]) -> Option<TestMark<'_>> {
    // Behind a time stamp or a service's name at most.
    let at = line.iter().take(128).position(|byte| matches!(byte, b'=' | b'-')).filter(|at| line.len() - at > 9)?;
    let head = line.get(at..)?;
    let (rest, failed) = match head {
        [b'=', b'=', b'=', b' ', rest @ ..] => {
            let verb = [&b"RUN "[..], b"CONT ", b"NAME "].iter().find_map(|verb| rest.strip_prefix(*verb))?;
            (verb, false)
        }
        [b'-', b'-', b'-', b' ', rest @ ..] => (rest.strip_prefix(b"FAIL: ")?, true),
        // The date of a time stamp has dashes of its own.
        _ => {
            let next = head.windows(4).take(128).position(|w| w == b"=== " || w == b"--- ")?;
            return if next == 0 { None } else { test_mark(&head[next..]) };
        }
    };
    let text = std::str::from_utf8(rest).ok()?.trim();
    let name = text.split_whitespace().next().filter(|name| !name.is_empty())?;
    Some(if failed { TestMark::Failed(name) } else { TestMark::Running(name) })
}

/// Where the title starts in a line that holds one.
pub(super) fn title_start(text: &str) -> Option<usize> {
    let at = text.find("DATA RACE")?;
    if let Some(before) = text[..at].strip_suffix("WARNING: ") {
        return Some(before.len());
    }
    // Summaries of end-to-end tests print the title without `WARNING`.
    let alone = matches!(text[at + "DATA RACE".len()..].trim(), "" | ":");
    (alone && !text[..at].contains(char::is_alphabetic)).then_some(at)
}

/// What follows the title on its line, after the newline between them was lost.
pub(super) fn after_title(text: &str) -> &str {
    text.find("DATA RACE").map_or("", |at| text[at + "DATA RACE".len()..].trim_matches([' ', '\t', '*', ':']))
}

/// Classifies a line whose wrapping is undone.
pub(super) fn classify(text: &str) -> Line<'_> {
    let text = text.trim();
    if text.is_empty() {
        return Line::Blank;
    }
    // Nearly all lines of a report are frames, and neither form below can be anything else.
    if (text.ends_with("()") || text.contains(" +0x"))
        && !text.contains("  ")
        && let Some(line) = frame_part(text)
    {
        return line;
    }
    if title_start(text).is_some() {
        return Line::Title;
    }
    if is_rule(text) {
        return Line::Rule;
    }
    if let Some(header) = access_header(text) {
        return Line::Access(header);
    }
    if let Some(line) = created(text).or_else(|| goroutine_line(text)).or_else(|| fixed(text)) {
        return line;
    }
    if let Some(line) = frame_part(text) {
        return line;
    }
    // Text another writer left without a newline stands before the indentation of the frame.
    if let Some(at) = text.rfind("  ").or_else(|| text.rfind('\t'))
        && let Some(line) = frame_part(text[at..].trim())
    {
        return line;
    }
    Line::Unknown
}

fn is_rule(text: &str) -> bool {
    let marks = text.len() - text.trim_end_matches('=').len();
    // Progress marks may stand before the rule; words there make it something else, such as a heading of a log.
    marks >= 8 && !text[..text.len() - marks].contains(|c: char| c.is_alphanumeric() || c == '=')
        || marks == 18 && !text[..text.len() - marks].contains("==")
}

/// `Read at 0x00c0 by goroutine 7:`, `Previous write by main goroutine`, `Read at 0x00c0 by 2026/01/02 INFO`.
fn access_header(text: &str) -> Option<AccessHeader> {
    const WORDS: [(&str, AccessKind, bool); 6] = [
        ("Previous read", AccessKind::Read, true),
        ("Previous write", AccessKind::Write, true),
        ("Previous Read", AccessKind::Read, true),
        ("Previous Write", AccessKind::Write, true),
        ("Read", AccessKind::Read, false),
        ("Write", AccessKind::Write, false),
    ];
    WORDS.iter().find_map(|&(word, kind, previous)| {
        let mut from = 0;
        while let Some(found) = text[from..].find(word) {
            from += found + word.len();
            if let Some((address, goroutine)) = access_tail(&text[from..]) {
                return Some(AccessHeader { kind, previous, address, goroutine });
            }
        }
        None
    })
}

/// What follows the verb: ` at 0x00c0 by goroutine 7:`.
fn access_tail(tail: &str) -> Option<(Option<u64>, Option<GoroutineRef>)> {
    let mut rest = tail.strip_prefix(' ')?.trim_start();
    let mut address = None;
    if let Some(after) = rest.strip_prefix("at ") {
        let after = after.trim_start();
        // Optical recognition takes the zero for a letter.
        let digits = ["0x", "0X", "Ox", "OX"].iter().find_map(|mark| after.strip_prefix(mark))?;
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        address = Some(u64::from_str_radix(&digits[..end], 16).ok()?);
        rest = digits[end..].trim_start();
        if !rest.starts_with("by")
            && let Some(by) = rest.find(" by ").filter(|by| *by <= 16)
        {
            rest = &rest[by + 1..];
        }
        if rest.is_empty() {
            return Some((address, None));
        }
    }
    let Some(who) = rest.strip_prefix("by") else {
        return address.map(|_| (address, None));
    };
    let goroutine = goroutine_ref(who.trim_start());
    // Without an address only the full old form counts: prose says "Write by" too.
    (address.is_some() || goroutine.is_some()).then_some((address, goroutine))
}

/// `main goroutine` or `goroutine 7` at the start of `text`.
fn goroutine_ref(text: &str) -> Option<GoroutineRef> {
    if text.starts_with("main goroutine") {
        return Some(GoroutineRef::Main);
    }
    let (id, _) = number(text.strip_prefix("goroutine")?.trim_start())?;
    Some(GoroutineRef::Id(id))
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn created(text: &str) -> Option<Line<'_>> {
    let at = text.find("Goroutine ")?;
    let (goroutine, rest) = number(text[at + "Goroutine ".len()..].trim_start())?;
    let state = rest.trim_start().strip_prefix('(')?;
    let finished = state.starts_with("finished");
    let known = finished || state.starts_with("running");
    (known && rest.contains("created at")).then_some(Line::Created { goroutine, finished })
}

/// `main goroutine:` alone, or at the end of the text another writer left without a newline.
fn goroutine_line(text: &str) -> Option<Line<'_>> {
    let body = text.strip_suffix(':')?;
    let at = match body.rfind("main goroutine") {
        Some(at) => at,
        None => body.rfind("goroutine ")?,
    };
    let goroutine = goroutine_ref(&body[at..])?;
    let whole = match goroutine {
        GoroutineRef::Main => body[at..].len() == "main goroutine".len(),
        GoroutineRef::Id(_) => body.ends_with(|c: char| c.is_ascii_digit()),
    };
    (whole && (at == 0 || !body[..at].ends_with(' '))).then_some(Line::Goroutine(goroutine))
}

fn fixed(text: &str) -> Option<Line<'_>> {
    const NEIGHBOURS: [&str; 15] = [
        "=== RUN",
        "=== CONT",
        "=== NAME",
        "=== PAUSE",
        "--- FAIL",
        "--- PASS",
        "--- SKIP",
        "FAIL",
        "PASS",
        "ok ",
        "exit status",
        "ThreadSanitizer:",
        "panic: ",
        "fatal error: ",
        "created by ",
    ];
    const SECTIONS: [&str; 4] = ["Heap block of size", "Global var ", "Location is ", "runtime stack:"];
    if text.contains("failed to restore the stack") {
        return Some(Line::LostStack);
    }
    let found = text.strip_prefix("Found ").and_then(number).is_some_and(|(_, rest)| rest.contains("data race"));
    if found || text.starts_with("```") || text.starts_with("~~~") || text.contains("</pre>") || text == "</details>" {
        return Some(Line::End);
    }
    if SECTIONS.iter().any(|s| text.starts_with(s)) {
        return Some(Line::Section);
    }
    if text.strip_prefix("goroutine ").and_then(number).is_some_and(|(_, rest)| rest.trim_start().starts_with('[')) {
        return Some(Line::Section);
    }
    if text.starts_with("Goroutine ") && text.contains(" lock mutex ") || text.contains(" previously locked here") {
        return Some(Line::Section);
    }
    if text.contains("race detected ") || NEIGHBOURS.iter().any(|n| text.starts_with(n)) {
        return Some(Line::Neighbour);
    }
    let offset = text.strip_prefix("+0x")?;
    offset.chars().all(|c| c.is_ascii_hexdigit()).then_some(Line::Offset)
}

fn frame_part(text: &str) -> Option<Line<'_>> {
    if let Some(name) = text.strip_suffix("()")
        && is_function(name)
    {
        return Some(Line::Function(name));
    }
    if let Some(at) = text.rfind("() ").or_else(|| text.rfind("()\t"))
        && is_function(&text[..at])
        && let Some((file, line)) = position(text[at + 3..].trim())
    {
        return Some(Line::Frame(&text[..at], file, line));
    }
    let (file, line) = position(text)?;
    Some(Line::Position(file, line))
}

/// Whether `name` can be a function of the report: no blanks but inside type arguments and types without a name, which
/// print whole.
fn is_function(name: &str) -> bool {
    // `go.(*struct { sync.Mutex; n int }).Lock`: a method that a type without a name got from what it embeds.
    if let Some((package, rest)) = name.split_once("(*struct {").or_else(|| name.split_once("(struct {")) {
        let method = rest.rfind("})").map(|end| &rest[end + 2..]);
        return package.ends_with('.') && method.is_some_and(|method| method.starts_with('.') && is_function(method));
    }
    let mut depth = 0usize;
    for c in name.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ' ' | '\t' | '"' | '=' | '\'' | '`' if depth == 0 => return false,
            _ => {}
        }
    }
    !name.is_empty() && !name.ends_with('.')
}

/// `FILE:LINE +0xOFF`, the offset optional where the file is a source file.
fn position(text: &str) -> Option<(&str, u32)> {
    let (body, offset) = match text.rfind('+') {
        Some(at) if text[at + 1..].chars().all(|c| c.is_ascii_hexdigit() || c == 'x') => (text[..at].trim_end(), true),
        _ => (text, false),
    };
    let colon = body.rfind(':')?;
    let file = &body[..colon];
    let line = body[colon + 1..].parse().ok()?;
    let source = [".go", ".s", ".c", ".h", ".cc", ".cpp", ".y", "<autogenerated>", "??", "_cgo_gotypes.go"];
    let known = offset || source.iter().any(|s| file.ends_with(s)) || file == "-";
    // Text another writer left without a newline stands before the indentation of the position.
    let own = file.rfind("  ").or_else(|| file.rfind('\t')).map_or(file, |at| file[at..].trim());
    (known && !own.is_empty()).then_some((own, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> (AccessKind, bool, Option<u64>, Option<GoroutineRef>) {
        match classify(text) {
            Line::Access(h) => (h.kind, h.previous, h.address, h.goroutine),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn access_headers_of_all_ages() {
        use {AccessKind::*, GoroutineRef::*};
        assert_eq!(header("Read at 0x00c0000a by main goroutine:"), (Read, false, Some(0xc0000a), Some(Main)));
        assert_eq!(header("  Previous write at 0x00c1 by goroutine 12"), (Write, true, Some(0xc1), Some(Id(12))));
        assert_eq!(header("Write by goroutine 5:"), (Write, false, None, Some(Id(5))));
        assert_eq!(header("...Read at 0x00c1 by 2026/01/02 03:04:05 INFO hello"), (Read, false, Some(0xc1), None));
        assert_eq!(header("Previous read at 0x00"), (Read, true, Some(0), None));
        assert_eq!(classify("Write by hand"), Line::Unknown);
    }

    #[test]
    fn frames_and_positions() {
        assert_eq!(classify("  a/b.(*T).M()"), Line::Function("a/b.(*T).M"));
        assert_eq!(
            classify("m.(*Box[go.shape.struct { m.k string; m.v []uint8 }]).Set()"),
            Line::Function("m.(*Box[go.shape.struct { m.k string; m.v []uint8 }]).Set")
        );
        assert_eq!(
            classify("go.(*struct { sync.Mutex; m.n int }).Lock()"),
            Line::Function("go.(*struct { sync.Mutex; m.n int }).Lock")
        );
        assert_eq!(classify("\tC:/go/src/a b/x.go:12 +0x1f"), Line::Position("C:/go/src/a b/x.go", 12));
        assert_eq!(classify("<autogenerated>:1 +0x0"), Line::Position("<autogenerated>", 1));
        assert_eq!(classify("go:7 +0x2c"), Line::Position("go", 7));
        assert_eq!(classify("-:0 +0x2c"), Line::Position("-", 0));
        assert_eq!(classify("x.go:7"), Line::Position("x.go", 7));
        assert_eq!(classify("a.F() /x/y.go:3 +0x1"), Line::Frame("a.F", "/x/y.go", 3));
        assert_eq!(classify("...      /x/y.go:3 +0x1"), Line::Position("/x/y.go", 3));
        assert_eq!(classify("2026/01/02 INFO calling close()"), Line::Unknown);
        assert_eq!(classify("listening on localhost:8080"), Line::Unknown);
        assert_eq!(classify("+0x13c"), Line::Offset);
    }

    #[test]
    fn titles_may_have_colours_inside() {
        assert!(may_start(b"\x1b[1mWARNING:\x1b[0m \x1b[1mDATA\x1b[0m \x1b[1mRACE\x1b[0m"));
        assert!(may_start(br"\u001b[1mDATA\u001b[0m \u001b[1mRACE"));
        assert!(!may_start(b"\x1b[1mDATA\x1b[0m of the day"));
    }

    #[test]
    fn marks_around_a_report() {
        assert_eq!(classify("....\u{2714}=================="), Line::Rule);
        assert_eq!(classify("WARNING: DATA RACE2026/01/02 x"), Line::Title);
        assert_eq!(classify("DATA RACE:"), Line::Title);
        assert_eq!(classify("Title: DATA RACE at TestX"), Line::Unknown);
        assert_eq!(classify("main goroutine:"), Line::Goroutine(GoroutineRef::Main));
        assert_eq!(classify("goroutine 7 [running]:"), Line::Section);
        assert_eq!(classify("Found 2 data race(s)"), Line::End);
        assert_eq!(classify("Goroutine 9 (finished) created at:"), Line::Created { goroutine: 9, finished: true });
        assert_eq!(classify("  [failed to restore the stack]"), Line::LostStack);
    }
}

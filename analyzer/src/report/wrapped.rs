//! Joins what a narrow terminal, mail or a form cut in two: a name, a path or a header that goes on in the
//! next line.
//!
//! Invariant: a line that can stand alone stays alone, unless what came before it cannot be anything but its beginning.

use super::lines::{Line, classify};

/// Longest beginning that is kept for the line after it.
const LONGEST: usize = 4_000;

/// Characters before a soft break at least: mail fills its lines, and what stands before them in a quote is taken off.
const FILLED: usize = 56;

/// Characters before a hard break at least: terminals of 60 columns, without the indentation.
const BROKEN: usize = 40;

/// The text of a line together with its beginning in the line before it.
pub(super) fn joined(before: &str, text: &str, line: Line<'_>) -> Option<String> {
    if before.len() + text.len() > LONGEST {
        return None;
    }
    if let Some(whole) = soft_break(before, text, line) {
        return Some(whole);
    }
    let candidates = || [glued(before, text), format!("{before} {text}")].into_iter();
    match line {
        Line::Unknown => {
            let whole = |joined: &String| {
                matches!(classify(joined), Line::Function(_) | Line::Access(_) | Line::Created { .. })
            };
            candidates().find(whole).or_else(|| position(before, text))
        }
        // `Context()` and `ss).resetContext()` are the ends of longer names.
        Line::Function(name) if is_beginning_of_name(before) && (is_end_of_name(name) || breaks_in_path(before)) => {
            candidates().find(|joined| matches!(classify(joined), Line::Function(_)))
        }
        Line::Position(file, _) if !file.starts_with(['/', '<']) || breaks_in_path(before) => position(before, text),
        _ => None,
    }
}

/// The halves of a line that mail broke: in the quoted-printable encoding a line that ends in `=` goes on in the next.
fn soft_break(before: &str, text: &str, line: Line<'_>) -> Option<String> {
    let front = before.strip_suffix('=').filter(|front| front.len() >= FILLED)?;
    let open = !matches!(line, Line::Title | Line::Rule | Line::Access(_) | Line::Created { .. } | Line::Blank);
    let whole = glued(front, text);
    let known = match classify(&whole) {
        Line::Function(_) => is_beginning_of_name(front),
        Line::Position(..) => is_path(front.split(" +").next().unwrap_or(front).trim_end()),
        line => matches!(line, Line::Access(_) | Line::Created { .. } | Line::Frame(..)),
    };
    (open && known).then_some(whole)
}

/// The halves of a line, with the blank between them that a line break took.
pub(super) fn glued(before: &str, text: &str) -> String {
    let before = before.strip_suffix('=').unwrap_or(before);
    let blank = before.ends_with(['{', ';']) || text.starts_with('}');
    if blank { format!("{before} {text}") } else { format!("{before}{text}") }
}

/// A path or its line number cut in two; the joint must be inside a word without blanks.
fn position(before: &str, text: &str) -> Option<String> {
    let path = before.contains('/') && !before.contains(char::is_whitespace) && !before.contains(" +0x");
    let joined = path.then(|| format!("{before}{text}"))?;
    matches!(classify(&joined), Line::Position(..)).then_some(joined)
}

/// Whether this is a long part of a path or of a package, which are not printed alone: only a break can follow it.
fn breaks_in_path(before: &str) -> bool {
    let rooted = before.starts_with('/') && !before.contains(':') || before.ends_with('/');
    before.len() >= BROKEN && rooted && is_path(before)
}

fn is_path(text: &str) -> bool {
    text.contains('/') && !text.contains(char::is_whitespace)
}

/// Whether a name without its beginning is all this can be: no package, a parenthesis that nothing opened, or a literal
/// of nothing (`Next.func1` is the end of a longer name: literals of packages are `init.func1`).
fn is_end_of_name(name: &str) -> bool {
    let literal = |rest: &str| {
        let kinds = ["func", "gowrap", "deferwrap"];
        let number = kinds.iter().find_map(|kind| rest.strip_prefix(kind));
        number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    };
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    if name.starts_with('/') || !first.contains(['/', '(']) && literal(rest) {
        return true;
    }
    let unopened = |open: char, close: char| match (name.find(open), name.find(close)) {
        (Some(open), Some(close)) => close < open,
        (None, close) => close.is_some(),
        _ => false,
    };
    !name.contains('.') || name.starts_with('.') || unopened('(', ')') || unopened('[', ']')
}

/// Whether this can be the front of a function name: a package at least, and blanks in type arguments only.
fn is_beginning_of_name(text: &str) -> bool {
    text.contains(['.', '/']) && !text.starts_with(['.', '/', '(']) && !text.contains("://") && {
        let head = text.split('[').next().unwrap_or(text);
        !head.contains(char::is_whitespace) && !head.contains([':', '"', '='])
    }
}

/// A function name that lost its parentheses: `main.(*T).Close`. Only the position after it tells it from a word.
pub(super) fn bare_function(text: &str) -> Option<&str> {
    let name = text.trim();
    let known = (is_beginning_of_name(name) && name.contains('.') || name.starts_with("_cgoexp_") || name == "??")
        && !name.ends_with(['.', ',', ')', ';']);
    (known && !name.replace("[...]", "").contains("...") && matches!(classify(&format!("{name}()")), Line::Function(_)))
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(before: &str, text: &str) -> Option<String> {
        joined(before, text, classify(text))
    }

    #[test]
    fn halves_are_joined() {
        for (before, text, whole) in [
            ("a/b.(*T).resetCont", "ext.func1()", "a/b.(*T).resetContext.func1()"),
            ("a/b.(*T).res", "etContext()", "a/b.(*T).resetContext()"),
            ("a/b.(*", "T).reset()", "a/b.(*T).reset()"),
            (
                "m.(*Box[go.shape.struct { a/m.k string; a/",
                "m.v []uint8 }]).Set()",
                "m.(*Box[go.shape.struct { a/m.k string; a/m.v []uint8 }]).Set()",
            ),
            ("m.(*Box[go.shape.struct {", "m.v []uint8 }]).Set()", "m.(*Box[go.shape.struct { m.v []uint8 }]).Set()"),
            ("m.(*Box[go.shape.struct { m.k string }])", ".Set()", "m.(*Box[go.shape.struct { m.k string }]).Set()"),
            ("/home/x/a_", "test.go:30 +0x39", "/home/x/a_test.go:30 +0x39"),
            ("/home/x/a_test.go:", "30 +0x39", "/home/x/a_test.go:30 +0x39"),
            ("Goroutine 8 (running) created", "at:", "Goroutine 8 (running) created at:"),
        ] {
            assert_eq!(join(before, text).as_deref(), Some(whole), "{before} | {text}");
        }
    }

    #[test]
    fn lines_of_others_are_not() {
        for (before, text) in [
            ("2026/01/02 INFO calling", "main.main()"),
            ("listening on /var/run", "/x/y.go:3 +0x1"),
            ("GET /healthz 200", "x.go:3 +0x1"),
            ("closing", "Close()"),
            ("http://localhost:8080", "Close()"),
            ("one", "two"),
        ] {
            assert_eq!(join(before, text), None, "{before} | {text}");
        }
        assert_eq!(bare_function("main.(*T).Close"), Some("main.(*T).Close"));
        assert_eq!(bare_function("a/b.Map[...]"), Some("a/b.Map[...]"));
        for text in ["closing", "2026/01/02 INFO main.f", "a sentence.", "(...app...)", "..."] {
            assert_eq!(bare_function(text), None, "{text}");
        }
    }
}

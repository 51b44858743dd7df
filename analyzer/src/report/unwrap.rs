//! Undoes what logs, terminals and forums did to a line.
//!
//! Two steps: [`clean`] removes damage inside a line (colours, entities, links), then the [`Prefix`] seen before the
//! title is taken off every line of the report. A prefix is compared by shape: digits change from line to line.

use std::borrow::Cow;

/// The text of a raw line without control sequences, HTML, links and emphasis.
pub(super) fn clean(raw: &[u8]) -> String {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    let mut text = String::from_utf8_lossy(raw);
    if text.contains("[3") || text.contains("[0") || text.contains("[1") {
        text = with_escapes(text);
    }
    let mut text =
        if text.chars().any(|c| c.is_control() && c != '\t') || text.contains("^[[") || text.contains('\u{feff}') {
            without_controls(&text)
        } else {
            text.into_owned()
        };
    if text.contains("[0m") || text.contains("[0K") {
        text = without_bare_colours(&text);
    }
    if text.contains("=3D") || text.contains("=C2=B7") {
        text = without_quoted_printable(&text);
    }
    if text.contains("\\u00") {
        text = text.replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&");
        text = text.replace("\\u003C", "<").replace("\\u003E", ">");
    }
    if text.contains('<') {
        text = without_tags(&text);
    }
    if text.contains('&') {
        text = without_entities(&text);
    }
    if text.contains("](http") {
        text = without_links(&text);
    }
    if text.contains("**") || text.contains("__") {
        text = without_emphasis(&text);
    }
    if text.contains('\\') {
        text = without_escapes(&text);
    }
    if text.is_ascii() {
        return text;
    }
    // Chats and pages keep indentation with no-break spaces, and allow line breaks in long words.
    text.replace(['\u{a0}', '\u{2007}', '\u{202f}'], " ").replace(['\u{200b}', '\u{2060}', '\u{ad}'], "")
}

/// Turns written-out escape bytes before a colour (`\033[31m`, `\x1b[0m`) back into the byte.
fn with_escapes(text: Cow<'_, str>) -> Cow<'_, str> {
    const WRITTEN: [&str; 7] = ["\\033[", "\\x1b[", "\\x1B[", "\\e[", "\\u001b[", "\\u001B[", "\u{241b}["];
    let mut text = text;
    for written in WRITTEN {
        if text.contains(written) {
            text = Cow::Owned(text.replace(written, "\x1b["));
        }
    }
    text
}

/// The lines inside a raw line that lost its newlines: what a carriage return, an element of HTML or an entity
/// separates. `None` when it is one line.
pub(super) fn lines_inside(raw: &[u8]) -> Option<Vec<String>> {
    const BREAKS: [&str; 12] =
        ["<br>", "<br/>", "<br />", "<BR>", "</li>", "</p>", "</div>", "</tr>", "&#10;", "&#xA;", "&#xa;", "&#x0A;"];
    let text = String::from_utf8_lossy(raw);
    let inner = text.trim_end_matches(['\r', '\n']);
    let several = inner.contains('\r') || BREAKS.iter().any(|mark| inner.matches(mark).nth(1).is_some());
    if !several {
        return None;
    }
    let mut text = inner.replace('\r', "\n");
    for mark in BREAKS {
        if text.contains(mark) {
            text = text.replace(mark, "\n");
        }
    }
    Some(text.split('\n').map(str::to_owned).collect())
}

/// The value of a quoted field that is a line of a report: `level=info msg="  main.main()"`.
pub(super) fn quoted_value(text: &str, is_line: impl Fn(&str) -> bool) -> Option<String> {
    let mut from = 0;
    while let Some(at) = text[from..].find("=\"").map(|at| from + at + 1) {
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<String>();
        match values.next() {
            Some(Ok(value)) if is_line(&value) => return Some(value),
            Some(Ok(_)) => from = at + values.byte_offset().max(1),
            _ => from = at + 1,
        }
    }
    None
}

/// What stands in quotes at the end of a line, where each line of a log is a string: `- '  main.main()'`,
/// `3,"  main.main()"`, `b'  main.main()\n',`.
pub(super) fn in_quotes(text: &str) -> Option<&str> {
    let body = text.trim_end_matches([',', ']', ')']);
    let quote = body.chars().next_back().filter(|c| matches!(c, '\'' | '"'))?;
    let (_, inner) = body[..body.len() - 1].split_once(quote)?;
    Some(inner.strip_suffix("\\n").unwrap_or(inner))
}

/// Removes escape sequences (CSI, OSC, APC) and lone control bytes. What a carriage return overwrote is dropped.
fn without_controls(text: &str) -> String {
    let text = text.trim_end_matches('\r').replace("^[[", "\x1b[");
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => match chars.next() {
                Some('[') => while chars.next().is_some_and(|c| !('\x40'..='\x7e').contains(&c)) {},
                Some(']' | '_' | 'P' | '^') => {
                    while let Some(c) = chars.next() {
                        if c == '\x07' {
                            break;
                        }
                        if c == '\x1b' {
                            chars.next_if_eq(&'\\');
                            break;
                        }
                    }
                }
                _ => {}
            },
            '\r' => out.clear(),
            '\t' => out.push(c),
            '\u{feff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Decodes the quoted-printable encoding of mail: `=3D=3D` is the beginning of a rule.
fn without_quoted_printable(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|code| code.iter().all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(c)));
        let code = code.filter(|_| *first == b'=').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Removes `[31m`, `[0m`, `[0K`: colours whose escape byte was lost on the way.
fn without_bare_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        out.push_str(&rest[..at]);
        let body = &rest[at + 1..];
        let end = body.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(body.len());
        if end > 0 && body[end..].starts_with(['m', 'K']) {
            rest = &body[end + 1..];
        } else {
            out.push('[');
            rest = body;
        }
    }
    out.push_str(rest);
    out
}

/// Removes the HTML tags log viewers and forums wrap lines in; `<autogenerated>` is no tag.
fn without_tags(text: &str) -> String {
    const TAGS: [&str; 16] =
        ["a", "b", "br", "code", "div", "em", "font", "i", "li", "p", "pre", "span", "strong", "td", "tr", "tt"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let body = &rest[at + 1..];
        let name = body.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        let tag = TAGS.iter().any(|t| t.eq_ignore_ascii_case(&name[..end]));
        match body.find('>') {
            // Chats write `<http://x.org|x.org>`.
            Some(close) if name.starts_with("http") => {
                out.push_str(body[..close].rsplit('|').next().unwrap_or(""));
                rest = &body[close + 1..];
            }
            Some(close) if tag && !(name.starts_with("pre") && body.starts_with('/')) => rest = &body[close + 1..],
            _ => {
                out.push('<');
                rest = body;
            }
        }
    }
    out.push_str(rest);
    out
}

fn without_entities(text: &str) -> String {
    const NAMES: [(&str, &str); 6] =
        [("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("nbsp", " "), ("middot", "\u{b7}")];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        // Escaped twice is common: `&amp;lt;`.
        let mut body = &rest[at + 1..];
        while let Some(inner) = body.strip_prefix("amp;") {
            body = inner;
        }
        let doubled = body.len() < rest.len() - at - 1;
        let end = body.find(';').filter(|&end| end <= 8);
        let known = end.and_then(|end| {
            let name = &body[..end];
            let named = NAMES.iter().find(|(n, _)| *n == name).map(|(_, t)| (*t).to_owned());
            named.or_else(|| numeric_entity(name).map(String::from)).map(|t| (t, end))
        });
        match known {
            Some((t, end)) => {
                out.push_str(&t);
                rest = &body[end + 1..];
            }
            None if doubled || !body.starts_with('#') => {
                out.push('&');
                rest = body;
            }
            None => {
                out.push('&');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn numeric_entity(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code).filter(|c| !c.is_control())
}

/// `0x00c0[486](https://…)a8` to `0x00c0486a8`.
fn without_links(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(middle) = out.find("](http") {
        let Some(open) = out[..middle].rfind('[') else { break };
        let Some(close) = out[middle..].find(')') else { break };
        let label = out[open + 1..middle].to_owned();
        out.replace_range(open..=middle + close, &label);
    }
    out
}

/// Removes `**` and `__` around the words of headers. Type arguments may hold `**` of their own.
fn without_emphasis(text: &str) -> String {
    const WORDS: [&str; 7] = ["Read", "Write", "Previous", "WARNING", "Goroutine", "DATA RACE", "by"];
    for mark in ["**", "__"] {
        if WORDS.iter().any(|w| text.contains(&format!("{mark}{w}")) || text.contains(&format!("{w}{mark}"))) {
            return text.replace(mark, "");
        }
    }
    text.to_owned()
}

/// Removes the backslash before punctuation of Markdown, and the one that breaks a line. Reports have no backslashes:
/// Windows paths print with `/`.
fn without_escapes(text: &str) -> String {
    let text = text.trim_end().trim_end_matches('\\');
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' || !chars.peek().is_some_and(|n| "*_()[]<>.#+-`=|~".contains(*n)) {
            out.push(c);
        }
    }
    out
}

/// What stands before the title of a report and so before each of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefix {
    text: String,
}

impl Prefix {
    /// The prefix of a title line, from the text before the title. Progress marks and words that touch the title are
    /// another writer's and no prefix.
    pub(super) fn before(text: &str) -> Self {
        let trimmed = text.trim();
        let touches = !text.ends_with(char::is_whitespace) && !trimmed.ends_with(['>', '|', ']', ':', '#']);
        Self { text: if touches { String::new() } else { trimmed.to_owned() } }
    }

    /// Whether there is no prefix.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether `text` begins with this very prefix.
    pub(super) fn is_exactly_on(&self, text: &str) -> bool {
        text.trim_start().starts_with(&self.text)
    }

    /// `text` without a prefix of this shape.
    pub(super) fn strip<'a>(&self, text: &'a str) -> Option<&'a str> {
        let mut want = self.text.as_str();
        let mut rest = text.trim_start();
        while let Some(c) = want.chars().next() {
            let class = class_of(c);
            let (want_run, want_rest) = split_run(want, class);
            let (run, next) = split_run(rest, class);
            let equal = match class {
                Class::Digits => !run.is_empty(),
                Class::Blanks => !run.is_empty() || next.is_empty(),
                Class::Letters => run == want_run || same_word_class(run, want_run),
                Class::Mark => run == want_run,
            };
            if !equal {
                // `.120Z` prints as `.12Z`, and `.000Z` as `Z`.
                if c == '.' && rest.starts_with('Z') {
                    want = split_run(want_rest, Class::Digits).1;
                    continue;
                }
                return None;
            }
            want = want_rest;
            rest = next;
        }
        // A row of a table or a box ends in a bar, too.
        let bar = |c: &char| "|\u{2502}\u{2503}\u{2551}".contains(*c);
        let (first, last) = (self.text.chars().next(), self.text.chars().next_back());
        let bar = first.filter(bar).or_else(|| last.filter(bar));
        // So does a string, in the quote that was opened.
        let end = bar.or_else(|| ['"', '\''].into_iter().find(|quote| self.text.matches(*quote).count() % 2 == 1));
        Some(end.map_or(rest, |end| rest.trim_end().trim_end_matches(',').trim_end_matches(end)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digits,
    Letters,
    Blanks,
    Mark,
}

fn class_of(c: char) -> Class {
    match c {
        c if c.is_ascii_digit() => Class::Digits,
        c if c.is_alphabetic() => Class::Letters,
        c if c.is_whitespace() => Class::Blanks,
        _ => Class::Mark,
    }
}

/// Splits the run of one class off the front; a mark is a run of its own.
fn split_run(text: &str, class: Class) -> (&str, &str) {
    let end = match class {
        Class::Mark => text.chars().next().filter(|&c| class_of(c) == Class::Mark).map_or(0, char::len_utf8),
        _ => text.find(|c| class_of(c) != class).unwrap_or(text.len()),
    };
    text.split_at(end)
}

/// Whether two words of a prefix stand for the same field: months, days, halves of the day, output streams.
fn same_word_class(a: &str, b: &str) -> bool {
    const CLASSES: [&[&str]; 5] = [
        &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        &["AM", "PM"],
        &["stdout", "stderr"],
        &["I", "W", "E", "F", "P"],
    ];
    CLASSES.iter().any(|class| class.contains(&a) && class.contains(&b))
}

/// Whether a line names its stream as docker compose does, and another one than `prefix`.
pub(super) fn is_of_another_stream(text: &str, prefix: &Prefix) -> bool {
    let Some(own) = prefix.text.strip_suffix('|') else { return false };
    let name = text.split_once('|').map(|(name, _)| name.trim());
    name.is_some_and(|name| {
        let plain = !name.is_empty() && !name.contains(char::is_whitespace);
        plain && name != own.trim() && name.chars().all(|c| c.is_alphanumeric() || "-_.@/".contains(c))
    })
}

/// Takes off quote marks, time stamps and stream names one after the other, for lines whose prefix was not on the
/// title.
pub(super) fn strip_known(text: &str) -> &str {
    let mut rest = text.trim();
    for _ in 0..8 {
        let next = quote(rest).or_else(|| timestamp(rest)).or_else(|| stream_name(rest));
        match next {
            Some(next) => rest = next.trim_start(),
            None => break,
        }
    }
    // The last cell of a row of a table.
    if text.trim_start().starts_with('|') {
        rest = rest.trim_start_matches('|').trim_end_matches('|').trim();
    }
    match rest.strip_prefix('`').and_then(|r| r.strip_suffix('`')) {
        Some(inner) if !rest.starts_with("``") => inner.trim(),
        _ => rest,
    }
}

fn quote(text: &str) -> Option<&str> {
    text.strip_prefix('>').or_else(|| text.strip_prefix("| ")).or_else(|| text.strip_prefix("# "))
}

/// `2024-04-03T21:14:32.99Z `, `[2020-07-14 02:16:00,9] `, `21:14:32 `, `2026/01/02 `.
fn timestamp(text: &str) -> Option<&str> {
    let open = text.starts_with(['[', '(']);
    let body = if open { &text[1..] } else { text };
    let end = body.find(|c: char| !c.is_ascii_digit() && !"-/:.,TZ+".contains(c)).unwrap_or(body.len());
    let run = &body[..end];
    let pairs = run.matches(':').count() >= 2 || run.matches('-').count() >= 2 || run.matches('/').count() == 2;
    let digits = run.chars().filter(char::is_ascii_digit).count();
    if !pairs || digits < 6 || !run.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = &body[end..];
    if open {
        let close = rest.find([']', ')'])?;
        return (close <= 16).then(|| &rest[close + 1..]);
    }
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

/// `web-1  | ` of docker compose, `Step #6 - "test": ` of Cloud Build, `[pod/x/app] ` of kubectl, `stdout F ` of CRI.
fn stream_name(text: &str) -> Option<&str> {
    if let Some((name, rest)) = text.split_once(" | ").or_else(|| text.split_once(" |").filter(|(_, r)| r.is_empty()))
        && !name.trim().contains(char::is_whitespace)
    {
        return Some(rest);
    }
    if text.starts_with("Step #") {
        let at = text.find("\":")?;
        return Some(&text[at + 2..]);
    }
    if let Some(body) = text.strip_prefix("[pod/") {
        return body.find("] ").map(|at| &body[at + 2..]);
    }
    let rest = text.strip_prefix("stdout ").or_else(|| text.strip_prefix("stderr "))?;
    rest.strip_prefix("F ").or_else(|| rest.strip_prefix("P ")).or(Some(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_inside_a_line() {
        assert_eq!(clean(b"\x1b[31m  a.F()\x1b[0m\r\n"), "  a.F()");
        assert_eq!(clean(b"\x1b_bk;t=17\x07\x1b[90m# \x1b[0mx"), "# x");
        assert_eq!(clean(b"\x16==\x0e=="), "====");
        assert_eq!(clean(b"[31ma.F[go.shape.int]()[0m"), "a.F[go.shape.int]()");
        assert_eq!(clean(b"&lt;autogenerated&gt;:1 &#43;0x1 &amp;lt;"), "<autogenerated>:1 +0x1 <");
        assert_eq!(clean(b"0x00c0[486](https://e.org/x#step:6:7)a8"), "0x00c0486a8");
        assert_eq!(clean(b"**Read at** 0x1 by"), "Read at 0x1 by");
        assert_eq!(clean(b"a.F[go.shape.**int]()"), "a.F[go.shape.**int]()");
        assert_eq!(clean(b"a.(\\*T).M\\_x()"), "a.(*T).M_x()");
        assert_eq!(clean(b"<span class=\"l\">a.F()</span><br>"), "a.F()");
        assert_eq!(clean(b"\\u003cautogenerated\\u003e:1"), "<autogenerated>:1");
    }

    #[test]
    fn written_out_bytes_and_invisible_ones() {
        assert_eq!(clean(br"\033[31ma.F()\033[0m"), "a.F()");
        assert_eq!(clean(br"\u001b[31ma.F()\u001b[0m"), "a.F()");
        assert_eq!(clean("\u{241b}[31ma.F()\u{241b}[0m".as_bytes()), "a.F()");
        assert_eq!(clean("\u{a0}\u{a0}a/\u{200b}b.F()".as_bytes()), "  a/b.F()");
        assert_eq!(clean(b"<http://a.org|a.org>/b.F()"), "a.org/b.F()");
        assert_eq!(clean(b"  a.F()\\"), "  a.F()");
        assert_eq!(clean(b"a.F[...]()"), "a.F[...]()");
    }

    #[test]
    fn lines_that_lost_their_newlines() {
        assert_eq!(lines_inside(b"  a.F()\r\n"), None);
        assert_eq!(lines_inside(b"a<br>b<br/>c").map(|l| l.len()), None);
        assert_eq!(lines_inside(b"a<br>b<br>c").unwrap(), ["a", "b", "c"]);
        assert_eq!(lines_inside(b"10%\r20%\ra.F()\r").unwrap(), ["10%", "20%", "a.F()"]);
        let is_line = |value: &str| value.contains("()");
        assert_eq!(quoted_value("time=\"x\" msg=\"  a.F()\" n=1", is_line).as_deref(), Some("  a.F()"));
        assert_eq!(quoted_value("a=\"b\" c=\"d", is_line), None);
        for line in ["- '  a.F()'", "3,\"  a.F()\"", r"b'  a.F()\n',", "'  a.F()'"] {
            assert_eq!(in_quotes(line), Some("  a.F()"), "{line}");
        }
        assert_eq!(in_quotes("it's"), None);
    }

    #[test]
    fn prefixes_by_shape() {
        let p = Prefix::before("[2020-07-14T02:16:00.902Z] ");
        assert_eq!(p.strip("[2020-07-14T02:16:01.1Z]   a.F()"), Some("   a.F()"));
        assert_eq!(p.strip("[2020-07-14T02:16:01Z]   a.F()"), Some("   a.F()"));
        assert_eq!(p.strip("[2020-07-14T02:16:01.000Z]"), Some(""));
        assert_eq!(p.strip("  a.F()"), None);
        assert!(Prefix::before("....").is_empty());
        assert_eq!(Prefix::before("| ").strip("|   a.F() |"), Some("   a.F() "));
        assert_eq!(Prefix::before("\u{2502} ").strip("\u{2502}   a.F()   \u{2502}"), Some("   a.F()   "));
        assert!(is_of_another_stream("b-10 | GET /", &Prefix::before("a-1  | ")));
        assert!(!is_of_another_stream("a-1  | a.F()", &Prefix::before("a-1  | ")));
        assert!(!is_of_another_stream("m.F[a | b]()", &Prefix::before("a-1  | ")));
        let p = Prefix::before("Step #6 - \"race\": ");
        assert_eq!(p.strip("Step #6 - \"race\":   a.F()"), Some("   a.F()"));
    }

    #[test]
    fn prefixes_by_knowledge() {
        assert_eq!(strip_known("> > 2024-04-03T21:14:32.9Z   a.F()"), "a.F()");
        assert_eq!(strip_known("[2020-07-14 02:16:00,9]  a.F()"), "a.F()");
        assert_eq!(strip_known("web-1  |   a.F()"), "a.F()");
        assert_eq!(strip_known("/x/y.go:3 +0x1"), "/x/y.go:3 +0x1");
        assert_eq!(strip_known("2024-01-02T03:04:05Z stderr F a.F()"), "a.F()");
    }
}

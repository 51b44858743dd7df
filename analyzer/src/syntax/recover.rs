//! What to do about text the grammar cannot read.
//!
//! tree-sitter-go 0.25 knows neither `new(expr)` (Go 1.26) nor methods with type parameters (Go 1.27), and after a
//! missing brace it may take the rest of a file for one error. So a file with errors is read again from a copy of the
//! same length in which such forms are spelt as the grammar likes them, and, if that is not enough, declaration by
//! declaration. Names are always taken from the file itself, never from the copy.

use std::ops::Range;

/// A copy of a file for the grammar's eyes.
pub(super) struct Repair {
    pub(super) text: Vec<u8>,
    /// Receivers blanked out in the copy: where their `func` stands, and their parentheses.
    pub(super) receivers: Vec<(usize, Range<usize>)>,
}

/// The copy, or `None` when there is nothing to spell differently.
pub(super) fn repair(text: &[u8]) -> Option<Repair> {
    let mut copy = text.to_vec();
    let mut receivers = Vec::new();
    let mut changed = false;
    let brackets = Brackets::of(text);
    let mut code = Code { text, at: 0 };
    while let Some(token) = code.next_token() {
        match &text[token.clone()] {
            b"new" | b"make" if !after_dot(text, token.start) && takes_value(text, &brackets, token.end) => {
                // An ordinary name: its arguments are then read as expressions.
                copy[token.end - 1] = b'_';
                changed = true;
            }
            b"func" if starts_line(text, token.start) => {
                if let Some(receiver) = generic_method(text, &brackets, token.end) {
                    copy[receiver.clone()].fill(b' ');
                    receivers.push((token.start, receiver));
                    changed = true;
                }
            }
            _ => {}
        }
    }
    changed.then_some(Repair { text: copy, receivers })
}

/// Where declarations begin, going by the first column as gofmt writes it.
pub(super) fn declaration_starts(text: &[u8]) -> Vec<usize> {
    let brackets = Brackets::of(text);
    let mut starts = Vec::new();
    let mut code = Code { text, at: 0 };
    while let Some(token) = code.next_token() {
        let declares = match &text[token.clone()] {
            b"func" => match code.peek() {
                Some(b'(') => brackets.end(code.at).is_some_and(|end| Code { text, at: end }.peek_is_name()),
                _ => code.peek_is_name(),
            },
            b"type" | b"var" | b"const" | b"import" => true,
            _ => false,
        };
        if declares && starts_line(text, token.start) {
            starts.push(token.start);
        }
    }
    starts
}

fn starts_line(text: &[u8], at: usize) -> bool {
    at == 0 || text[at - 1] == b'\n'
}

fn after_dot(text: &[u8], at: usize) -> bool {
    text[..at].trim_ascii_end().ends_with(b".")
}

/// Whether the first argument of the `new` or `make` that ends at `at` reads as an expression: it does unless it can
/// only be a type.
fn takes_value(text: &[u8], brackets: &Brackets, at: usize) -> bool {
    let mut code = Code { text, at };
    if code.peek() != Some(b'(') {
        return false;
    }
    let Some(end) = brackets.end(code.at) else { return false };
    code.at += 1;
    let Some(first) = code.peek() else { return false };
    let start = code.at;
    let word = code.next_token().map(|token| &text[token]).unwrap_or_default();
    let may_be_type = first == b'[' || matches!(word, b"map" | b"chan" | b"struct" | b"interface" | b"func");
    if !may_be_type {
        return true;
    }
    // `[]T{…}` and `func() {…}()` have a pair of braces more than a type made of the same words. What stands inside of
    // brackets is passed over: however deep calls are nested, each then looks at its own words only.
    let (mut braces, mut words) = (0_u32, 0_u32);
    let mut code = Code { text, at: start };
    while let Some(token) = code.next_token() {
        match &text[token.clone()] {
            _ if token.start >= end => break,
            b"struct" | b"interface" => words += 1,
            [open @ (b'{' | b'(' | b'[')] => {
                braces += u32::from(*open == b'{');
                code.at = brackets.end(token.start).unwrap_or(end);
            }
            _ => {}
        }
    }
    braces > words
}

/// The receiver of the method that follows `func`, if the method has type parameters of its own.
fn generic_method(text: &[u8], brackets: &Brackets, at: usize) -> Option<Range<usize>> {
    let mut code = Code { text, at };
    if code.peek()? != b'(' {
        return None;
    }
    let receiver = code.at..brackets.end(code.at)?;
    code.at = receiver.end;
    if !code.peek_is_name() {
        return None;
    }
    code.next_token()?;
    (code.peek()? == b'[').then_some(receiver)
}

/// Where brackets end, found in one pass: a file may open thousands and close none.
struct Brackets {
    /// The place of each bracket that is closed, and one past the bracket that does it; by place.
    pairs: Vec<(usize, usize)>,
}

impl Brackets {
    fn of(text: &[u8]) -> Self {
        let mut open = Vec::new();
        let mut pairs = Vec::new();
        let mut code = Code { text, at: 0 };
        while let Some(token) = code.next_token() {
            match text[token.start] {
                b'(' | b'[' | b'{' => open.push(token.start),
                b')' | b']' | b'}' => pairs.extend(open.pop().map(|start| (start, token.end))),
                _ => {}
            }
        }
        pairs.sort_unstable();
        Self { pairs }
    }

    /// One past the bracket that closes the one at `open`, whatever its shape.
    fn end(&self, open: usize) -> Option<usize> {
        let row = self.pairs.binary_search_by_key(&open, |&(start, _)| start).ok()?;
        Some(self.pairs[row].1)
    }
}

/// Words and single characters of Go text, without comments and white space. A string is one token.
struct Code<'t> {
    text: &'t [u8],
    at: usize,
}

impl Code<'_> {
    fn next_token(&mut self) -> Option<Range<usize>> {
        self.peek()?;
        let start = self.at;
        let first = self.text[start];
        self.at = match first {
            b'"' | b'\'' => self.quoted_end(start, first),
            b'`' => self.find(start + 1, b"`").map_or(self.text.len(), |end| end + 1),
            _ if is_word(first) => {
                self.text[start..].iter().position(|&b| !is_word(b)).map_or(self.text.len(), |n| start + n)
            }
            _ => start + 1,
        };
        Some(start..self.at)
    }

    /// The next character of code, with `at` moved to it.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let rest = self.text.get(self.at..)?;
            match rest {
                [b'/', b'/', ..] => self.at = self.find(self.at, b"\n")?,
                [b'/', b'*', ..] => self.at = self.find(self.at + 2, b"*/")? + 2,
                [first, ..] if first.is_ascii_whitespace() => self.at += 1,
                [first, ..] => return Some(*first),
                [] => return None,
            }
        }
    }

    fn peek_is_name(&mut self) -> bool {
        self.peek().is_some_and(|first| is_word(first) && !first.is_ascii_digit())
    }

    fn find(&self, from: usize, what: &[u8]) -> Option<usize> {
        self.text.get(from..)?.windows(what.len()).position(|window| window == what).map(|n| from + n)
    }

    /// One past the closing quote; a quote left open ends with its line.
    fn quoted_end(&self, start: usize, quote: u8) -> usize {
        let mut at = start + 1;
        while let Some(&b) = self.text.get(at) {
            match b {
                b'\\' => at += 2,
                b'\n' => return at,
                _ if b == quote => return at + 1,
                _ => at += 1,
            }
        }
        self.text.len()
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || !b.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(text: &str) -> Option<String> {
        repair(text.as_bytes()).map(|repair| String::from_utf8_lossy(&repair.text).into_owned())
    }

    #[test]
    fn new_of_a_value_is_spelt_as_a_call() {
        assert_eq!(repaired("a = new(x + 1)").as_deref(), Some("a = ne_(x + 1)"));
        assert_eq!(repaired("a = new([]int{1})").as_deref(), Some("a = ne_([]int{1})"));
        assert_eq!(
            repaired("a = new(func() int { return 1 }())").as_deref(),
            Some("a = ne_(func() int { return 1 }())")
        );
    }

    #[test]
    fn new_of_a_type_and_other_words_stay() {
        for text in ["new([]int)", "new(map[K]struct{ a int })", "x.new(1)", "// new(1)\n", "\"new(1)\"", "renew(1)"] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }

    #[test]
    fn the_receiver_of_a_generic_method_is_blanked() {
        assert_eq!(repaired("func (t *T) M[K any](k K) {}").as_deref(), Some("func        M[K any](k K) {}"));
        assert_eq!(repaired("func (t *T) M(k K) {}"), None);
    }

    #[test]
    fn declarations_start_in_the_first_column() {
        let text = "package p\nfunc f() {\n\tfunc() {}()\n}\nfunc (t T) m() {}\nvar a = `\nfunc g() {}\n`\n";
        let starts: Vec<&str> = declaration_starts(text.as_bytes())
            .into_iter()
            .map(|at| text[at..].split(['{', '=']).next().unwrap_or(""))
            .collect();
        assert_eq!(starts, ["func f() ", "func (t T) m() ", "var a "]);
    }
}

//! Go text to tokens, in one pass and without memory of its own.
//!
//! Terms and rules are those of the Go specification's chapter on lexical elements, the semicolons a newline stands for
//! included. What no Go text contains is [`Token::Bad`]: the parser then refuses the file, so nothing here has to guess.

use memchr::{memchr, memchr3, memmem};

use crate::base::Span;

/// What a token is; its text is where [`Scanner::span`] says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token {
    Bad,
    Eof,
    Name,
    Int,
    Float,
    Imaginary,
    Rune,
    String,
    RawString,
    /// Written, or meant by a newline: see [`Scanner::implied`].
    Semicolon,
    Comma,
    Dot,
    Ellipsis,
    Colon,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Define,
    Assign,
    /// `+=` and its like.
    Update,
    Increment,
    Decrement,
    Arrow,
    Bang,
    Tilde,
    OrOr,
    AndAnd,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Or,
    Caret,
    Star,
    /// `/`, `%` or `&^`.
    Quotient,
    Ampersand,
    ShiftLeft,
    ShiftRight,
    Break,
    Case,
    Chan,
    Const,
    Continue,
    Default,
    Defer,
    Else,
    Fallthrough,
    For,
    Func,
    Go,
    Goto,
    If,
    Import,
    Interface,
    Map,
    Package,
    Range,
    Return,
    Select,
    Struct,
    Switch,
    Type,
    Var,
}

impl Token {
    /// Whether a newline after this token means a semicolon.
    fn ends_statement(self) -> bool {
        use Token::*;
        matches!(
            self,
            Name | Int
                | Float
                | Imaginary
                | Rune
                | String
                | RawString
                | Break
                | Continue
                | Fallthrough
                | Return
                | Increment
                | Decrement
                | RightParen
                | RightBracket
                | RightBrace
        )
    }

    /// Precedence as a binary operator, from 1 to 5; 0 for what is none.
    pub(super) fn precedence(self) -> u8 {
        use Token::*;
        match self {
            OrOr => 1,
            AndAnd => 2,
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => 3,
            Plus | Minus | Or | Caret => 4,
            Star | Quotient | Ampersand | ShiftLeft | ShiftRight => 5,
            _ => 0,
        }
    }

    /// Whether a type may begin with this token; parentheses aside.
    pub(super) fn begins_type(self) -> bool {
        use Token::*;
        matches!(self, Name | Star | LeftBracket | Map | Chan | Arrow | Func | Struct | Interface)
    }
}

/// The current token of a text. A copy looks ahead without moving the original.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    start: usize,
    end: usize,
    pub(super) token: Token,
    /// Whether the current [`Token::Semicolon`] is not written.
    pub(super) implied: bool,
}

impl<'t> Scanner<'t> {
    /// Before the first token. `text` must be UTF-8.
    pub(super) fn new(text: &'t [u8]) -> Self {
        let mark = b"\xef\xbb\xbf";
        let end = if text.starts_with(mark) { mark.len() } else { 0 };
        Self { text, start: end, end, token: Token::Bad, implied: false }
    }

    /// Where the current token stands.
    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }

    /// The current token as written.
    pub(super) fn word(&self) -> &'t [u8] {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// Moves to the next token. Line comments on the way are handed to `comment`.
    pub(super) fn advance(&mut self, comment: &mut impl FnMut(Span)) {
        let text = self.text;
        let ends = self.token.ends_statement();
        let mut at = self.end;
        self.implied = false;
        let first = loop {
            match text.get(at) {
                Some(b' ' | b'\t' | b'\r') => at += 1,
                Some(b'\n') if ends => return self.imply(at, at + 1),
                Some(b'\n') => at += 1,
                Some(b'/') if text.get(at + 1) == Some(&b'/') => {
                    let end = memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
                    comment(Span::new(at, end));
                    at = end;
                }
                Some(b'/') if text.get(at + 1) == Some(&b'*') => {
                    let Some(length) = memmem::find(&text[at + 2..], b"*/") else {
                        return self.set(Token::Bad, at, at);
                    };
                    let end = at + 2 + length + 2;
                    if ends && memchr(b'\n', &text[at..end]).is_some() {
                        return self.imply(at, end);
                    }
                    at = end;
                }
                Some(&first) => break first,
                None if ends => return self.imply(at, at),
                None => return self.set(Token::Eof, at, at),
            }
        };
        match first {
            b'a'..=b'z' => {
                let end = self.word_end(at);
                match text.get(end) {
                    Some(&b) if !b.is_ascii() => self.name(at),
                    _ => self.set(keyword(&text[at..end]).unwrap_or(Token::Name), at, end),
                }
            }
            b'A'..=b'Z' | b'_' | 0x80.. => self.name(at),
            b'0'..=b'9' => self.number(at),
            b'"' => self.string(at),
            b'`' => match memchr(b'`', &text[at + 1..]) {
                Some(length) => self.set(Token::RawString, at, at + length + 2),
                None => self.set(Token::Bad, at, at),
            },
            b'\'' => self.rune(at),
            b'.' if text.get(at + 1).is_some_and(u8::is_ascii_digit) => self.number(at),
            _ => {
                let (token, length) = operator(&text[at..]);
                self.set(token, at, at + length);
            }
        }
    }

    fn set(&mut self, token: Token, start: usize, end: usize) {
        (self.token, self.start, self.end) = (token, start, end);
    }

    fn imply(&mut self, start: usize, end: usize) {
        self.set(Token::Semicolon, start, end);
        self.implied = true;
    }

    /// One past the ASCII letters, digits and underscores from `at` on.
    fn word_end(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        at + rest.iter().position(|&b| !WORD[b as usize]).unwrap_or(rest.len())
    }

    /// A name, whose letters may be of any script.
    fn name(&mut self, start: usize) {
        let mut end = self.word_end(start);
        while self.text.get(end).is_some_and(|b| !b.is_ascii()) {
            let rest = self.text[end..].utf8_chunks().next().map_or("", |chunk| chunk.valid());
            let Some(letter) = rest.chars().next() else { return self.set(Token::Bad, start, end) };
            // What Go counts as a digit is a number of other kinds, too, here; no Go compiler accepts those.
            if !(letter.is_alphabetic() || end > start && letter.is_numeric()) {
                return self.set(Token::Bad, start, end);
            }
            end = self.word_end(end + letter.len_utf8());
        }
        self.set(Token::Name, start, end);
    }

    fn string(&mut self, start: usize) {
        let mut at = start + 1;
        loop {
            let Some(length) = memchr3(b'"', b'\\', b'\n', &self.text[at..]) else {
                return self.set(Token::Bad, start, at);
            };
            at += length;
            match self.text[at] {
                b'"' => return self.set(Token::String, start, at + 1),
                b'\\' => match self.escape_end(at, b'"') {
                    Some(end) => at = end,
                    None => return self.set(Token::Bad, start, at),
                },
                _ => return self.set(Token::Bad, start, at),
            }
        }
    }

    fn rune(&mut self, start: usize) {
        let end = match self.text.get(start + 1) {
            Some(b'\\') => self.escape_end(start + 1, b'\''),
            Some(b'\'' | b'\n') | None => None,
            // All bytes of one character but the first begin with the bits 10.
            Some(_) => {
                let rest = &self.text[start + 2..];
                Some(start + 2 + rest.iter().position(|b| b & 0xc0 != 0x80).unwrap_or(rest.len()))
            }
        };
        match end {
            Some(end) if self.text.get(end) == Some(&b'\'') => self.set(Token::Rune, start, end + 1),
            _ => self.set(Token::Bad, start, start),
        }
    }

    /// One past the escape sequence at `at`.
    fn escape_end(&self, at: usize, quote: u8) -> Option<usize> {
        let (length, digits): (usize, fn(&u8) -> bool) = match *self.text.get(at + 1)? {
            b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' => return Some(at + 2),
            b if b == quote => return Some(at + 2),
            b'0'..=b'7' => return self.text.get(at + 1..at + 4)?.iter().all(is_octal).then_some(at + 4),
            b'x' => (2, u8::is_ascii_hexdigit),
            b'u' => (4, u8::is_ascii_hexdigit),
            b'U' => (8, u8::is_ascii_hexdigit),
            _ => return None,
        };
        self.text.get(at + 2..at + 2 + length)?.iter().all(digits).then_some(at + 2 + length)
    }

    fn number(&mut self, start: usize) {
        match number(&self.text[start..]) {
            Some((token, length)) => self.set(token, start, start + length),
            None => self.set(Token::Bad, start, start),
        }
    }
}

fn is_octal(b: &u8) -> bool {
    matches!(b, b'0'..=b'7')
}

/// ASCII letters, digits and the underscore.
const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        table[b] = (b as u8).is_ascii_alphanumeric() || b as u8 == b'_';
        b += 1;
    }
    table
};

fn keyword(word: &[u8]) -> Option<Token> {
    Some(match word {
        b"break" => Token::Break,
        b"case" => Token::Case,
        b"chan" => Token::Chan,
        b"const" => Token::Const,
        b"continue" => Token::Continue,
        b"default" => Token::Default,
        b"defer" => Token::Defer,
        b"else" => Token::Else,
        b"fallthrough" => Token::Fallthrough,
        b"for" => Token::For,
        b"func" => Token::Func,
        b"go" => Token::Go,
        b"goto" => Token::Goto,
        b"if" => Token::If,
        b"import" => Token::Import,
        b"interface" => Token::Interface,
        b"map" => Token::Map,
        b"package" => Token::Package,
        b"range" => Token::Range,
        b"return" => Token::Return,
        b"select" => Token::Select,
        b"struct" => Token::Struct,
        b"switch" => Token::Switch,
        b"type" => Token::Type,
        b"var" => Token::Var,
        _ => return None,
    })
}

/// The longest operator or delimiter at the beginning of `text`, and its length.
fn operator(text: &[u8]) -> (Token, usize) {
    use Token::*;
    match text {
        [b'(', ..] => (LeftParen, 1),
        [b')', ..] => (RightParen, 1),
        [b'[', ..] => (LeftBracket, 1),
        [b']', ..] => (RightBracket, 1),
        [b'{', ..] => (LeftBrace, 1),
        [b'}', ..] => (RightBrace, 1),
        [b',', ..] => (Comma, 1),
        [b';', ..] => (Semicolon, 1),
        [b'.', b'.', b'.', ..] => (Ellipsis, 3),
        [b'.', ..] => (Dot, 1),
        [b':', b'=', ..] => (Define, 2),
        [b':', ..] => (Colon, 1),
        [b'=', b'=', ..] => (Equal, 2),
        [b'=', ..] => (Assign, 1),
        [b'!', b'=', ..] => (NotEqual, 2),
        [b'!', ..] => (Bang, 1),
        [b'<', b'<', b'=', ..] | [b'>', b'>', b'=', ..] | [b'&', b'^', b'=', ..] => (Update, 3),
        [b'<', b'<', ..] => (ShiftLeft, 2),
        [b'<', b'=', ..] => (LessEqual, 2),
        [b'<', b'-', ..] => (Arrow, 2),
        [b'<', ..] => (Less, 1),
        [b'>', b'>', ..] => (ShiftRight, 2),
        [b'>', b'=', ..] => (GreaterEqual, 2),
        [b'>', ..] => (Greater, 1),
        [b'&', b'&', ..] => (AndAnd, 2),
        [b'&', b'^', ..] => (Quotient, 2),
        [b'|', b'|', ..] => (OrOr, 2),
        [b'+', b'+', ..] => (Increment, 2),
        [b'-', b'-', ..] => (Decrement, 2),
        [b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', b'=', ..] => (Update, 2),
        [b'&', ..] => (Ampersand, 1),
        [b'|', ..] => (Or, 1),
        [b'+', ..] => (Plus, 1),
        [b'-', ..] => (Minus, 1),
        [b'*', ..] => (Star, 1),
        [b'/' | b'%', ..] => (Quotient, 1),
        [b'^', ..] => (Caret, 1),
        [b'~', ..] => (Tilde, 1),
        _ => (Bad, 0),
    }
}

/// The number at the beginning of `text`, and its length.
fn number(text: &[u8]) -> Option<(Token, usize)> {
    let radix = match text {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 10,
    };
    let prefix = if radix == 10 { 0 } else { 2 };
    let mut at = digits_end(text, prefix, radix)?;
    let whole = &text[prefix..at];
    let mut float = false;
    if matches!(radix, 10 | 16) && text.get(at) == Some(&b'.') {
        float = true;
        let fraction = at + 1;
        at = digits_end(text, fraction, radix)?;
        if whole.is_empty() && at == fraction || text.get(fraction) == Some(&b'_') {
            return None;
        }
    } else if whole.is_empty() {
        return None;
    }
    match (text.get(at), radix) {
        (Some(b'e' | b'E'), 10) | (Some(b'p' | b'P'), 16) => {
            float = true;
            at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
            let end = digits_end(text, at, 10)?;
            if end == at {
                return None;
            }
            at = end;
        }
        _ if float && radix == 16 => return None,
        _ => {}
    }
    let token = if text.get(at) == Some(&b'i') {
        at += 1;
        Token::Imaginary
    } else if float {
        Token::Float
    } else {
        if radix == 10 && whole.first() == Some(&b'0') && !whole.iter().all(|b| is_octal(b) || *b == b'_') {
            return None;
        }
        Token::Int
    };
    // A letter right after it belongs to no Go text.
    let ends = text.get(at).is_none_or(|&b| b.is_ascii() && !WORD[b as usize]);
    ends.then_some((token, at))
}

/// One past the digits from `at` on; `None` if an underscore stands elsewhere than between two of them, or after a prefix.
fn digits_end(text: &[u8], start: usize, radix: u8) -> Option<usize> {
    let is_digit = |b: u8| match radix {
        2 => matches!(b, b'0' | b'1'),
        8 => is_octal(&b),
        16 => b.is_ascii_hexdigit(),
        _ => b.is_ascii_digit(),
    };
    let mut at = start;
    while let Some(&b) = text.get(at) {
        if b == b'_' {
            let between = at > start || radix != 10;
            if !between || !text.get(at + 1).is_some_and(|&next| is_digit(next)) {
                return None;
            }
        } else if !is_digit(b) {
            break;
        }
        at += 1;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Token, &str)> {
        let mut scanner = Scanner::new(text.as_bytes());
        let mut found = Vec::new();
        loop {
            scanner.advance(&mut |_| {});
            if matches!(scanner.token, Token::Eof | Token::Bad) {
                found.extend((scanner.token == Token::Bad).then_some((Token::Bad, "")));
                return found;
            }
            found.push((scanner.token, std::str::from_utf8(scanner.word()).unwrap()));
        }
    }

    #[test]
    fn newlines_after_values_and_closing_brackets_mean_semicolons() {
        use Token::*;
        let kinds: Vec<Token> =
            tokens("a\n(\n)\nreturn // x\n+ /* \n */ b /* \n */ c").iter().map(|row| row.0).collect();
        let expected = [
            Name, Semicolon, LeftParen, RightParen, Semicolon, Return, Semicolon, Plus, Name, Semicolon, Name,
            Semicolon,
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn literals_are_whole() {
        use Token::*;
        for (text, token) in [
            ("0x1F_FF", Int),
            ("0b01", Int),
            ("0o17", Int),
            ("017", Int),
            ("0_7", Int),
            ("1_000", Int),
            ("08.5", Float),
            (".5e-3", Float),
            ("1.", Float),
            ("1e+9", Float),
            ("0x1.8p-2", Float),
            ("0x_1p3", Float),
            ("08i", Imaginary),
            ("1.5i", Imaginary),
            ("'a'", Rune),
            ("'\\''", Rune),
            ("'界'", Rune),
            ("'\\U0001F600'", Rune),
            ("'\\377'", Rune),
            ("\"a\\\"b\"", String),
            ("\"\\x41 // no comment\"", String),
            ("`a\n\\`", RawString),
            ("größe_2", Name),
            ("x界", Name),
            ("types", Name),
        ] {
            assert_eq!(tokens(text), [(token, text), (Semicolon, "")], "{text}");
        }
    }

    #[test]
    fn what_no_go_text_contains_is_bad() {
        for text in [
            "08", "0b2", "0o8", "1__0", "1_", "0x", "0x1.8", "1e", "1x", "''", "'ab'", "'\\q'", "\"a", "\"\\xZ\"",
            "`a", "@", "#", "/* a", "a€", "'a", "\"\n\"", "\0",
        ] {
            assert_eq!(tokens(text).last(), Some(&(Token::Bad, "")), "{text}");
        }
    }
}

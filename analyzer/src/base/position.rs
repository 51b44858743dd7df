//! Byte ranges and the lines they stand on.

/// A half-open byte range of one file. Files are below 4 GiB; larger ones are left out before they get here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of bytes `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    /// Whether `other` lies inside this span.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The bytes of the span, or nothing when `text` is not the file it was made from.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// Starts of the lines of one file, to turn offsets into line numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineIndex {
    starts: Box<[u32]>,
}

impl LineIndex {
    /// Scans `text` once.
    pub fn new(text: &[u8]) -> Self {
        let after_newlines = memchr::memchr_iter(b'\n', text).map(|i| i + 1);
        Self {
            starts: std::iter::once(0).chain(after_newlines).map(|i| u32::try_from(i).unwrap_or(u32::MAX)).collect(),
        }
    }

    /// The line of a byte offset, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }

    /// The column of a byte offset in bytes, from 1.
    pub fn column(&self, offset: u32) -> u32 {
        let start = self.starts.get(self.line(offset) as usize - 1).copied().unwrap_or(0);
        offset - start + 1
    }

    /// The bytes of line `line` (from 1), its newline included, or `None` past the end.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// Number of lines; a file that ends in a newline has an empty last one.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether nothing was scanned.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let index = LineIndex::new(b"ab\ncd\n");
        assert_eq!([0, 2, 3, 5, 6].map(|o| index.line(o)), [1, 1, 2, 2, 3]);
        assert_eq!([0, 2, 3].map(|o| index.column(o)), [1, 3, 1]);
    }
}

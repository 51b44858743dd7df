//! Where the rows of a large table stand, in four bytes each: most pieces of code are short, and most files are.

use super::{Idx, IndexVec, Span};

/// Bits of a row that hold the length of a span; the others hold where it starts.
const LENGTH_BITS: u32 = 8;
/// The length that says: too long, or too far behind in the file, for a row.
const ELSEWHERE: u32 = (1 << LENGTH_BITS) - 1;

/// The spans of a table's rows, in order of their ids.
#[derive(Clone, Debug)]
pub struct Spans<I> {
    rows: IndexVec<I, u32>,
    /// Those that do not fit into a row. Invariant: in order of their ids.
    others: Vec<(I, Span)>,
}

impl<I: Idx> Spans<I> {
    /// Adds the span of the next row.
    pub fn push(&mut self, span: Span) {
        let length = span.end.checked_sub(span.start).filter(|&length| length < ELSEWHERE);
        let length = length.filter(|_| span.start.leading_zeros() >= LENGTH_BITS);
        let id = self.rows.push(span.start << LENGTH_BITS | length.unwrap_or(ELSEWHERE));
        if length.is_none() {
            self.others.push((id, span));
        }
    }

    /// The span of a row.
    #[inline]
    pub fn of(&self, id: I) -> Span {
        let row = self.rows[id];
        let (start, length) = (row >> LENGTH_BITS, row & ELSEWHERE);
        if length == ELSEWHERE { self.elsewhere(id) } else { Span { start, end: start + length } }
    }

    #[cold]
    fn elsewhere(&self, id: I) -> Span {
        let at = self.others.partition_point(|(other, _)| *other < id);
        self.others[at].1
    }

    /// Gives back the memory reserved for rows that never came.
    pub fn shrink_to_fit(&mut self) {
        self.rows.shrink_to_fit();
        self.others.shrink_to_fit();
    }
}

impl<I: Idx> Default for Spans<I> {
    fn default() -> Self {
        Self { rows: IndexVec::new(), others: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define_id;

    define_id!(
        #[expect(unreachable_pub)]
        Row
    );

    #[test]
    fn every_span_comes_back_as_it_was() {
        let far = 1 << (u32::BITS - LENGTH_BITS);
        let given = [(0, 0), (7, 9), (1, ELSEWHERE), (1, ELSEWHERE + 1), (9, 7), (far - 1, far), (far, far + 1)];
        let given = given.map(|(start, end)| Span { start, end });
        let mut spans = Spans::<Row>::default();
        given.into_iter().for_each(|span| spans.push(span));
        assert_eq!(std::array::from_fn(|at| spans.of(Row::new(at))), given);
        assert_eq!(spans.others.len(), 3);
    }
}

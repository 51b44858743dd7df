//! Rows for several threads at once.
//!
//! Rayon halves a table as often as threads ask for more, but at first into a few large pieces, and nobody can take part of a
//! piece that is being worked on: at the end of a stage one thread has an eighth of its work left, and the others none.
//! Invariant: every stage over a table hands out small pieces. What a stage answers does not depend on them.

use rayon::iter::{IndexedParallelIterator, MaxLen};

/// Functions and other rows of a few microseconds each: less than this is lost in handing them out.
const FEW: usize = 16;

/// How many rows a thread takes at once.
pub trait InPieces: IndexedParallelIterator {
    /// One: files, goroutines, searches, each of which may take long.
    fn one_by_one(self) -> MaxLen<Self> {
        self.with_max_len(1)
    }

    /// A few: rows that are many and short, such as functions.
    fn few_at_once(self) -> MaxLen<Self> {
        self.with_max_len(FEW)
    }
}

impl<I: IndexedParallelIterator> InPieces for I {}

//! The order in which a fixed point over the blocks of a function is worked out.

use fixedbitset::FixedBitSet;

/// Numbers that are still to be visited, the smallest first.
///
/// Blocks are numbered as they stand in the source, so that what leads to a block is mostly settled when its turn comes:
/// a last-in-first-out list runs through everything behind a branch once for each way into it.
#[derive(Debug)]
pub struct Worklist(FixedBitSet);

impl Worklist {
    /// A list of numbers below `len`, with `first` on it.
    pub fn of(len: usize, first: usize) -> Self {
        let mut list = Self(FixedBitSet::with_capacity(len));
        list.push(first);
        list
    }

    /// Puts a number on the list, if it is not there already.
    pub fn push(&mut self, number: usize) {
        self.0.insert(number);
    }

    /// Takes the smallest.
    pub fn pop(&mut self) -> Option<usize> {
        let first = self.0.minimum()?;
        self.0.remove(first);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_comes_first_and_once() {
        let mut list = Worklist::of(8, 5);
        list.push(2);
        list.push(5);
        assert_eq!([list.pop(), list.pop(), list.pop()], [Some(2), Some(5), None]);
        list.push(0);
        assert_eq!(list.pop(), Some(0));
    }
}

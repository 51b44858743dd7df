//! Many short lists in one table: a list of its own for each row of a large table would be an allocation, a header and what
//! the allocator rounds up, for a few words of content.

use std::{fmt, marker::PhantomData, num::NonZeroU32};

/// Lists, one after the other.
#[derive(Clone, Debug)]
pub struct Lists<T> {
    rows: Vec<T>,
    /// One past the last row of each list.
    ends: Vec<u32>,
}

/// A list of a [`Lists`]. Empty ones need no table.
pub struct List<T> {
    /// Its number, from 1.
    number: Option<NonZeroU32>,
    rows: PhantomData<fn() -> T>,
}

impl<T> Lists<T> {
    /// Adds a list.
    pub fn push(&mut self, rows: impl IntoIterator<Item = T>) -> List<T> {
        let before = self.rows.len();
        self.rows.extend(rows);
        if self.rows.len() == before {
            return List::default();
        }
        // Four thousand million rows do not fit the memory this program may use.
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.ends.push(number(self.rows.len()));
        List { number: NonZeroU32::new(number(self.ends.len())), rows: PhantomData }
    }

    /// The rows of a list; none of one of another table.
    #[inline]
    pub fn of(&self, list: List<T>) -> &[T] {
        let Some(number) = list.number else { return &[] };
        let at = number.get() as usize - 1;
        let first = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[first as usize..self.ends[at] as usize]
    }

    /// Gives back the memory reserved for rows that never came.
    pub fn shrink_to_fit(&mut self) {
        self.rows.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), ends: Vec::new() }
    }
}

impl<T> List<T> {
    /// Whether it has no rows.
    pub fn is_empty(self) -> bool {
        self.number.is_none()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { number: None, rows: PhantomData }
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("List").field(&self.number).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_one_after_the_other() {
        let mut lists = Lists::default();
        let (first, none, second) = (lists.push([1, 2]), lists.push([]), lists.push([3]));
        assert_eq!((lists.of(first), lists.of(none), lists.of(second)), (&[1, 2][..], &[][..], &[3][..]));
        assert!(none.is_empty() && !second.is_empty());
    }
}

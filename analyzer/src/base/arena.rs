//! Typed `u32` ids and the tables they index.

use std::{fmt, marker::PhantomData, ops};

use rayon::prelude::*;

use super::InPieces;

/// A dense `u32` id. Made with [`define_id!`](crate::base::define_id); the type of the id is the name of its table.
pub trait Idx: Copy + Eq + Ord + std::hash::Hash + fmt::Debug + Send + Sync {
    /// The id of row `index`.
    fn new(index: usize) -> Self;
    /// The row this id stands for.
    fn index(self) -> usize;
}

/// Declares one `u32` id type that implements [`Idx`](crate::base::Idx). It is never zero, so that an `Option` of it is
/// as small.
#[macro_export]
macro_rules! define_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(std::num::NonZeroU32);
        impl $crate::base::Idx for $name {
            #[inline]
            fn new(index: usize) -> Self {
                // A table of four thousand million rows does not fit the memory this program may use.
                Self(std::num::NonZeroU32::MIN.saturating_add(u32::try_from(index).unwrap_or(u32::MAX)))
            }
            #[inline]
            fn index(self) -> usize {
                (self.0.get() - 1) as usize
            }
        }
    };
}
pub use crate::define_id;

/// A `Vec` indexed by one id type only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IndexVec<I, T> {
    rows: Vec<T>,
    id: PhantomData<fn(I) -> I>,
}

impl<I: Idx, T> IndexVec<I, T> {
    /// An empty table.
    pub fn new() -> Self {
        Self { rows: Vec::new(), id: PhantomData }
    }

    /// A table of `n` copies of `row`.
    pub fn filled(row: T, n: usize) -> Self
    where
        T: Clone,
    {
        Self::from(vec![row; n])
    }

    /// Adds a row and returns its id.
    pub fn push(&mut self, row: T) -> I {
        let id = I::new(self.rows.len());
        self.rows.push(row);
        id
    }

    /// Makes room for `rows` more rows and no others.
    pub fn reserve_exact(&mut self, rows: usize) {
        self.rows.reserve_exact(rows);
    }

    /// Keeps the rows whose ids pass; those after a row that is left out get other ids.
    pub fn retain(&mut self, mut keep: impl FnMut(I) -> bool) {
        let mut at = 0;
        self.rows.retain(|_| {
            at += 1;
            keep(I::new(at - 1))
        });
    }

    /// Gives back the memory reserved for rows that never came.
    pub fn shrink_to_fit(&mut self) {
        self.rows.shrink_to_fit();
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row, or `None` when the id is of another table.
    #[inline]
    pub fn get(&self, id: I) -> Option<&T> {
        self.rows.get(id.index())
    }

    /// All rows, in order of their ids.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// All rows, mutable, in order of their ids.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.rows.iter_mut()
    }

    /// Ids with their rows.
    pub fn iter_enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> + ExactSizeIterator {
        self.rows.iter().enumerate().map(|(i, row)| (I::new(i), row))
    }

    /// Every id of the table.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.rows.len()).map(I::new)
    }

    /// Every id of the table, for several threads at once.
    pub fn par_ids(&self) -> impl IndexedParallelIterator<Item = I> + use<I, T> {
        (0..self.rows.len()).into_par_iter().few_at_once().map(I::new)
    }

    /// Ids with their rows, mutable, for several threads at once.
    pub fn par_iter_mut_enumerated(&mut self) -> impl IndexedParallelIterator<Item = (I, &mut T)>
    where
        T: Send,
    {
        self.rows.par_iter_mut().few_at_once().enumerate().map(|(i, row)| (I::new(i), row))
    }

    /// The rows as a slice.
    pub fn as_slice(&self) -> &[T] {
        &self.rows
    }

    /// The rows as a mutable slice.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.rows
    }
}

impl<I: Idx, T> Default for IndexVec<I, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I, T> From<Vec<T>> for IndexVec<I, T> {
    fn from(rows: Vec<T>) -> Self {
        Self { rows, id: PhantomData }
    }
}

impl<I: Idx, T> FromIterator<T> for IndexVec<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(rows: It) -> Self {
        Self::from(rows.into_iter().collect::<Vec<_>>())
    }
}

impl<I: Idx, T> ops::Index<I> for IndexVec<I, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: I) -> &T {
        &self.rows[id.index()]
    }
}

impl<I: Idx, T> ops::IndexMut<I> for IndexVec<I, T> {
    #[inline]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.rows[id.index()]
    }
}

impl<I, T: fmt::Debug> fmt::Debug for IndexVec<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.rows).finish()
    }
}

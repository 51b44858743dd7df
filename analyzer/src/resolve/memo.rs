//! Tables of answers that any thread may fill in: typing is lazy across files and eager within them.
//!
//! Invariant: an answer does not depend on who asks, so that two threads may write the same row.

use std::sync::atomic::{AtomicU32, Ordering};

use super::model::TypeId;
use crate::{base::Idx, syntax::FileFacts};

/// One optional [`TypeId`] per row.
#[derive(Default)]
pub(super) struct Memo(Box<[AtomicU32]>);

const UNSET: u32 = u32::MAX;

impl Memo {
    /// `len` rows without an answer.
    pub(super) fn new(len: usize) -> Self {
        Self((0..len).map(|_| AtomicU32::new(UNSET)).collect())
    }

    /// The answer of a row, if there is one.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<TypeId> {
        let id = self.0.get(row)?.load(Ordering::Acquire);
        (id != UNSET).then(|| TypeId::new(id as usize))
    }

    /// Gives a row its answer.
    pub(super) fn set(&self, row: usize, ty: TypeId) {
        if let Some(slot) = self.0.get(row) {
            slot.store(u32::try_from(ty.index()).unwrap_or(UNSET), Ordering::Release);
        }
    }
}

/// The answers about one file.
#[derive(Default)]
pub(super) struct FileMemo {
    /// Types of type expressions.
    pub(super) type_exprs: Memo,
    /// Types of expressions.
    pub(super) exprs: Memo,
    /// Types of local variables.
    pub(super) locals: Memo,
    /// Types of package variables and constants.
    pub(super) values: Memo,
    /// Types of functions, without receivers.
    pub(super) functions: Memo,
}

impl FileMemo {
    /// Tables of the size a file needs.
    pub(super) fn new(facts: &FileFacts) -> Self {
        Self {
            type_exprs: Memo::new(facts.type_exprs.len()),
            exprs: Memo::new(facts.exprs.len()),
            locals: Memo::new(facts.locals.len()),
            values: Memo::new(facts.values.len()),
            functions: Memo::new(facts.functions.len()),
        }
    }
}

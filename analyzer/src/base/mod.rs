//! The small types everything else is made of: ids, dense tables, interned names, positions, and results that keep
//! what was not understood.
//!
//! Invariant: nothing here knows Go, race reports or the file system.

mod arena;
mod lists;
mod parallel;
mod parsed;
mod position;
mod spans;
mod symbol;
mod worklist;

pub use arena::{Idx, IndexVec, define_id};
pub use lists::{List, Lists};
pub use parallel::InPieces;
pub use parsed::{Parsed, Problem, ProblemKind};
pub use position::{LineIndex, Span};
pub use spans::Spans;
pub use symbol::{Symbol, SymbolText};
pub use worklist::Worklist;

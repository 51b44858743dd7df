//! One Go file → [`FileFacts`]. The only module that knows tree-sitter.
//!
//! Invariant: lowering is a pure function of the file's bytes, so files are lowered in parallel and the result may be
//! cached by content. The tree is dropped here.
//!
//! Absent on purpose: other files, types, what a goroutine means. A `go` statement is recorded as syntax.
//!
//! | module | turns |
//! |---|---|
//! | `scan`, `parse` | the bytes of a file that is Go into a flat syntax tree |
//! | `kind`, `tree`, `recover` | that tree; the bytes of any other file into one; nobody else talks to tree-sitter |
//! | `lower`, `types`, `exprs` | declarations, types and expressions into rows |
//! | `evaluate` | an expression into instructions in Go's order of evaluation |
//! | `body`, `branch`, `flow` | statements into basic blocks |
//! | `scope`, `names` | identifiers into locals and symbols |
//! | `statements` | a file into the places where a statement can be put |
//! | `dump` | facts into text for tests |

mod body;
mod branch;
mod dump;
mod evaluate;
mod exprs;
pub mod facts;
mod flow;
mod kind;
mod lower;
mod names;
mod parse;
mod recover;
mod scan;
mod scope;
mod statements;
#[cfg(test)]
mod tests;
mod tree;
mod types;

pub use dump::dump;
pub use facts::*;
pub use lower::{forget_last_file, lower, lower_by};
pub use statements::{Statement, StatementKind, Statements, statements};
pub use tree::Reader;

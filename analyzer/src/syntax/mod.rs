//! One Go file → [`FileFacts`]. The only module that knows tree-sitter.
//!
//! Invariant: lowering is a pure function of the file's bytes, so files are lowered in parallel and the result may be
//! cached by content. The tree is dropped here.
//!
//! Absent on purpose: other files, types, what a goroutine means. A `go` statement is recorded as syntax.

pub mod facts;

pub use facts::*;

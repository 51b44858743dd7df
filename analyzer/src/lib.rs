//! Bytes of Go files and text of race reports in, facts and proofs out. No I/O: the caller reads files and prints.
//!
//! Modules depend downwards only: `base ← source ← syntax ← resolve ← callgraph ← lifetime`, `base ← report`, and
//! `locate` on `report` and `callgraph`. `tests/tidy.rs` fails when an edge points the other way.

pub mod base;
pub mod callgraph;
pub mod lifetime;
pub mod locate;
pub mod report;
pub mod resolve;
pub mod source;
pub mod syntax;

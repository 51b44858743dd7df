//! Which function calls which: static calls, methods, interface dispatch, function values, `go` and `defer`.
//!
//! Invariant: every call of every function with source is one [`CallSite`]; a site without known targets says why.
//!
//! Absent on purpose: libraries by name (what `errgroup.Go` does with its argument is a model of `lifetime`).

mod build;
mod collect;
mod dispatch;
mod instances;
pub mod model;
mod node;
mod resolve;
mod scc;
mod solve;
mod statements;
#[cfg(test)]
mod tests;

pub use build::CallGraph;
pub use model::*;

//! Names and types across files: [`Program`] answers what a name means, what type an expression has, which place it
//! reads or writes, and what a call calls, as far as that follows from declarations.
//!
//! Invariant: an answer is exact or it is `Unknown` with a [`Reason`]; nothing is matched by name alone.
//!
//! Absent on purpose: libraries by name, race reports, locks, lifetimes.

mod callees;
mod calls;
mod declare;
mod display;
mod generics;
mod initorder;
mod memo;
pub mod model;
mod names;
mod program;
mod scope;
mod select;
mod symbols;
#[cfg(test)]
mod tests;
mod typer;
mod types;
mod typing;
mod universe;

pub use model::*;
pub use program::Program;

/// What `callgraph` shares with this module: typing on demand, and names as they are bound.
pub(crate) mod internal {
    pub(crate) use super::{
        calls::{Called, Receiver},
        declare::{Declarations, Entity},
        names::Binding,
        select::Member,
        typer::Typer,
    };
}

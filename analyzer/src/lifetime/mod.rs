//! Lifetimes: which goroutines run, who waits for them, and which state ends while they still use it.
//!
//! Invariant: what a library does comes from [`Models`]; no library and no project is named here.
//!
//! Absent on purpose: Go syntax trees, report text, wording, rule ids.

pub mod abrupt;
mod adds;
mod after_call;
pub mod after_signal;
pub mod after_spawn;
mod after_start;
pub mod again;
mod alternatives;
pub mod body;
pub mod calls;
mod channels;
pub mod conflict;
pub mod constant;
pub mod counted;
pub mod domain;
pub mod domain_local;
pub mod elements;
mod embedded;
pub mod engine;
pub mod entry_locks;
pub mod events;
mod evidence;
mod flags;
mod free_lists;
mod guards;
pub mod handed;
mod hidden_order;
mod iterations;
pub mod joins;
mod kept_handle;
mod kept_owner;
mod late_counts;
mod lent;
mod levels;
mod library_goroutines;
pub mod locks;
pub mod models;
mod named_groups;
mod next_use;
mod nil_tests;
mod no_return;
mod objects;
pub mod obligations;
pub mod order;
pub mod origin;
mod other_starts;
pub mod other_ways;
pub mod owner;
pub mod partial_joins;
mod phases;
mod pipes;
pub mod place;
pub mod published;
pub mod reach;
mod recycled;
mod replies;
pub mod restored;
mod reused;
pub mod rounds;
mod running;
pub mod shared;
pub mod siblings;
pub mod skips;
pub mod spawns;
mod started_flags;
mod test_handles;
mod uncounted;
mod waits_for_all;

pub use domain::*;
pub use engine::Lifetimes;
pub use models::{Effect, Models, Operand};
pub use place::Places;

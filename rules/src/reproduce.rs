//! How to make a race happen on demand: what to hold where, and which tests to run. Plain data, without Go.
//!
//! The detector finds a race whenever nothing orders the two accesses, whatever the clock says; a race is rare because
//! most runs have an order by accident (one side is long over, and both took some lock since). So one side, the
//! goroutine that lives on, is held right before its access until the other side has happened: between the two there is
//! then nothing left that could order them. A [`Placement`] says where that is; the code that waits and tells
//! (`hold.go.txt`) is made invisible to the detector.
//!
//! Invariant: edits preserve lines, so that a report of an edited file reads like one of the file. Nothing here runs
//! anything, or knows how reports are printed.

mod pair;
mod placements;
mod points;
mod pools;
mod relocate;
mod runs;
mod subject;

pub use pair::{Pair, Shown};
pub use placements::{Edits, HELPER, Helper, Longer, Placement, apply, helper, helper_text, placements};
pub use points::{End, Point};
pub use relocate::relocated;
pub use runs::{TestRun, is_test, package_folder, test_runs};
pub use subject::{Subject, of_finding, of_report};

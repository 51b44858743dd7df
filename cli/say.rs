//! Words beside the answer: notes on standard error, and progress on a terminal.
//!
//! Invariant: nothing here fails. A closed standard error must not change an exit code.

use std::{
    fmt::Arguments,
    io::{IsTerminal, Write},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::JoinHandle,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long a run may take before it says what it is doing.
const QUIET: Duration = Duration::from_secs(1);

/// How often the line of progress moves.
const TICK: Duration = Duration::from_millis(120);

/// A line on standard error. Unlike `eprintln!` it does not panic when nobody reads it.
pub(crate) fn note(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A step of a long search: the line of progress on a terminal, a line of its own in a log.
pub(crate) fn step(progress: &Progress, text: Arguments<'_>) {
    if std::io::stderr().is_terminal() {
        progress.stage(&text.to_string());
    } else {
        note(text);
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What a long run is doing, shown on a terminal and only there.
pub(crate) struct Progress {
    bar: ProgressBar,
    waiter: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Progress that appears after a second, if standard error is a terminal.
    pub(crate) fn start() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if !std::io::stderr().is_terminal() {
            return Self { bar, waiter: None };
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        let (stop, stopped) = mpsc::channel();
        let late = bar.clone();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(QUIET) == Err(RecvTimeoutError::Timeout) {
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(TICK);
            }
        });
        Self { bar, waiter: Some((stop, thread)) }
    }

    /// Says what comes next.
    pub(crate) fn stage(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Takes the line away: what follows is the answer.
    pub(crate) fn finish(&mut self) {
        if let Some((stop, thread)) = self.waiter.take() {
            drop(stop);
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

//! Files that the command writes: all of them, or none.
//!
//! Invariant: a file with its own name is complete. It is written under another name beside it and renamed; an error, or
//! Ctrl-C, takes the unfinished ones away.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};

use crate::say::note;

/// Exit code after Ctrl-C, as shells have it: 128 and the number of the signal.
pub(crate) const INTERRUPTED: i32 = 130;

/// Ctrl-C as an error, for commands that clean up on the way out.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Unfinished files.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Takes unfinished files away when the run is interrupted.
pub(crate) fn clean_up_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| {
        discard();
        note(format_args!("interrupted"));
        std::process::exit(INTERRUPTED);
    })
    .context("cannot listen for interrupts")
}

fn discard() {
    for path in UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = fs::remove_file(path);
    }
}

/// Writes files, none of them if one cannot be written.
///
/// # Errors
/// Names the file that could not be written.
pub(crate) fn write_all(files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let written = write_aside(files);
    if written.is_err() {
        discard();
    }
    written
}

fn write_aside(files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let mut aside = Vec::with_capacity(files.len());
    for (path, text) in files {
        let cannot = || format!("cannot write {}", path.display());
        // What is no plain file (`/dev/stdout`, a pipe) cannot be replaced, and cannot be half of a file.
        if fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
            fs::write(path, text).with_context(cannot)?;
            continue;
        }
        let unfinished = beside(path).with_context(cannot)?;
        UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(unfinished.clone());
        let mut file = fs::File::create(&unfinished).with_context(cannot)?;
        file.write_all(text).and_then(|()| file.sync_all()).with_context(cannot)?;
        aside.push((unfinished, path));
    }
    for (unfinished, path) in aside {
        fs::rename(&unfinished, path).with_context(|| format!("cannot write {}", path.display()))?;
        UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != unfinished);
    }
    Ok(())
}

/// A name beside a file that nobody else uses.
fn beside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().context("it has no file name")?;
    anyhow::ensure!(!path.is_dir(), "it is a folder");
    Ok(path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id())))
}

/// Prints an answer. Who closes the pipe has read enough: that is no error, and changes no exit code.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub(crate) fn print(text: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write the answer"),
    }
}

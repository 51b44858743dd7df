//! Runs Go, and the test binaries it builds. Nothing else is ever run.
//!
//! Invariant: a process that was started here is the head of a process group, and the group is ended before its caller
//! goes on, whether it came to its end, ran out of time, or was interrupted.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{
    output::{INTERRUPTED, Interrupted},
    say::note,
};

/// Output of one run that is read; a test that prints more is told from its beginning.
const MAX_OUTPUT: u64 = 64 << 20;
/// How often a running process is looked at.
const TICK: Duration = Duration::from_millis(2);
/// How long a build may take.
const BUILD_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Vet goes into the folder of every package, and that of the helper exists in the overlay only.
pub(super) const NO_VET: &str = "-vet=off";

/// How long cleaning up may take before another Ctrl-C ends the command at once.
const IMPATIENT: Duration = Duration::from_secs(2);

/// When the first request to end came.
static FIRST: OnceLock<Instant> = OnceLock::new();
/// Whether Ctrl-C, or another request to end, has come.
static ENDING: AtomicBool = AtomicBool::new(false);
/// Whether somebody looks at [`ENDING`] and cleans up.
static LOOKED_AT: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C end what runs. Before anything runs there is nothing to clean up, and the command just ends.
pub(super) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        let first = *FIRST.get_or_init(Instant::now);
        ENDING.store(true, Ordering::SeqCst);
        // Who sends a signal to a process and its group sends it twice: only a later one means that it takes too long.
        if first.elapsed() > IMPATIENT || !LOOKED_AT.load(Ordering::SeqCst) {
            note(format_args!("interrupted"));
            std::process::exit(INTERRUPTED);
        }
    })
    .context("cannot listen for interrupts")
}

/// From here on Ctrl-C is an error that comes out of [`run`], so that everything is cleaned up on the way.
pub(super) fn watch() {
    LOOKED_AT.store(true, Ordering::SeqCst);
}

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Exited(ExitStatus),
    TimedOut,
}

/// What a process printed, and how it ended.
pub(super) struct Ran {
    pub(super) end: End,
    pub(super) text: Vec<u8>,
}

impl Ran {
    pub(super) fn succeeded(&self) -> bool {
        matches!(self.end, End::Exited(status) if status.success())
    }
}

/// Ends the group of a process when it is dropped.
struct Group {
    head: Child,
    ended: bool,
}

impl Group {
    fn end(&mut self) {
        // Once only: the number may then belong to somebody else.
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        #[cfg(unix)]
        if let Ok(id) = i32::try_from(self.head.id()) {
            // Nobody may be left of the group: that is no error.
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.head.kill();
        let _ = self.head.wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a command to its end, and ends everything it started.
///
/// # Errors
/// When it cannot be started, or on Ctrl-C ([`Interrupted`]).
pub(super) fn run(command: &mut Command, timeout: Duration, scratch: &Path) -> Result<Ran> {
    // A file and no pipe: a process that was left behind keeps a pipe open, and its reader waiting.
    let mut output = tempfile::tempfile_in(scratch).context("cannot write to the temporary folder")?;
    let copy = |file: &File| file.try_clone().context("cannot share the output");
    command.stdin(Stdio::null()).stdout(copy(&output)?).stderr(copy(&output)?);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let name = command.get_program().to_string_lossy().into_owned();
    let head = command.spawn().with_context(|| format!("cannot run {name}"))?;
    let mut group = Group { head, ended: false };
    let start = Instant::now();
    let end = loop {
        if let Some(status) = group.head.try_wait().with_context(|| format!("cannot wait for {name}"))? {
            break End::Exited(status);
        }
        if ENDING.load(Ordering::SeqCst) {
            return Err(Interrupted.into());
        }
        if start.elapsed() > timeout {
            break End::TimedOut;
        }
        std::thread::sleep(TICK);
    };
    group.end();
    if ENDING.load(Ordering::SeqCst) {
        return Err(Interrupted.into());
    }
    output.seek(SeekFrom::Start(0))?;
    let mut text = Vec::new();
    output.take(MAX_OUTPUT).read_to_end(&mut text)?;
    Ok(Ran { end, text })
}

/// The Go toolchain that a folder uses.
pub(super) struct Go {
    pub(super) version: String,
    pub(super) goos: String,
    pub(super) goarch: String,
    flags: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Environment {
    goversion: String,
    goos: String,
    goarch: String,
    goflags: String,
}

impl Go {
    /// Asks the `go` on the path.
    ///
    /// # Errors
    /// When there is none, or it is too old for overlays.
    pub(super) fn find(dir: &Path) -> Result<Self> {
        let mut command = Command::new("go");
        command.args(["env", "-json", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS"]).current_dir(dir).stdin(Stdio::null());
        let output = command.output().context("`reproduce` needs `go` on the path")?;
        if !output.status.success() {
            bail!("go env: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let found: Environment = serde_json::from_slice(&output.stdout).context("go env printed something else")?;
        // Go 1.15 and older print no version here.
        let version = found.goversion;
        if minor(&version).is_some_and(|minor| minor < 16) || version.is_empty() {
            bail!(
                "this Go ({}) is too old: overlays came with Go 1.16",
                if version.is_empty() { "before 1.16" } else { &version }
            );
        }
        Ok(Self { version, goos: found.goos, goarch: found.goarch, flags: found.goflags })
    }

    /// The command that builds the tests of a package. `-mod=mod` would let Go write `go.mod` and `go.sum`.
    pub(super) fn build(&self, job: &Build<'_>) -> Command {
        let mut command = Command::new("go");
        command.current_dir(job.dir).env("PWD", job.dir).args(["test", "-c", "-race", NO_VET]);
        if self.flags.contains("-mod=mod") && !job.flags.iter().any(|flag| flag.contains("-mod")) {
            command.arg("-mod=readonly");
        }
        command.args(job.flags);
        if let Some(overlay) = job.overlay {
            command.arg("-overlay").arg(overlay);
        }
        command.arg("-o").arg(job.out).arg(job.package);
        command
    }
}

/// The `24` of `go1.24.3`.
fn minor(version: &str) -> Option<u32> {
    let rest = version.strip_prefix("go1.")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A test binary to build.
pub(super) struct Build<'a> {
    /// Folder to build in: that of the module.
    pub(super) dir: &'a Path,
    pub(super) package: &'a str,
    pub(super) flags: &'a [String],
    pub(super) overlay: Option<&'a Path>,
    pub(super) out: &'a Path,
}

/// Builds; the answer is the binary, or what Go said instead.
pub(super) fn build(go: &Go, job: &Build<'_>, scratch: &Path) -> Result<Result<PathBuf, String>> {
    let mut command = go.build(job);
    // What a build that is ended leaves goes with the temporary folder.
    command.env("GOTMPDIR", scratch);
    let ran = run(&mut command, BUILD_TIMEOUT, scratch)?;
    let text = String::from_utf8_lossy(&ran.text).trim().to_owned();
    if !ran.succeeded() {
        return Ok(Err(text));
    }
    // A package without tests is built to nothing.
    Ok(if job.out.exists() { Ok(job.out.to_owned()) } else { Err(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(minor("go1.26.8"), Some(26));
        assert_eq!(minor("go1.9"), Some(9));
        assert_eq!(minor("devel go1.27-abc"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_group_is_ended_when_time_is_up() {
        let scratch = tempfile::tempdir().expect("a folder");
        let file = scratch.path().join("child");
        let script = format!("sleep 600 & echo $! > {}; echo started; wait", file.display());
        let ran = run(Command::new("sh").args(["-c", &script]), Duration::from_millis(500), scratch.path());
        let ran = ran.expect("a shell");
        assert!(matches!(ran.end, End::TimedOut));
        assert_eq!(ran.text, b"started\n");
        let child: i32 = std::fs::read_to_string(file).expect("a child").trim().parse().expect("a number");
        let gone = || nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), None).is_err() || zombie(child);
        let end = Instant::now() + Duration::from_secs(5);
        while !gone() && Instant::now() < end {
            std::thread::sleep(TICK);
        }
        assert!(gone(), "process {child} lives on");
    }

    /// Nobody may collect an orphan in a container: it is over all the same.
    #[cfg(unix)]
    fn zombie(id: i32) -> bool {
        std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| stat.contains(") Z"))
    }
}

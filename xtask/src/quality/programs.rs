//! The programs on which the call graph is measured, and their x/tools graphs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command;

pub(super) struct Program {
    pub(super) name: &'static str,
    source: Source,
    /// What `go list` is asked for.
    pattern: &'static str,
    /// Import paths of the analysed packages begin with it.
    pub(super) package: &'static str,
}

enum Source {
    /// A part of GOROOT/src; `module` is the folder below it that holds the go.mod.
    Goroot { module: &'static str },
    /// A module of the proxy, pinned.
    Module { version: &'static str },
}

pub(super) const PROGRAMS: &[Program] = &[
    Program { name: "net/http", source: Source::Goroot { module: "" }, pattern: "net/http/...", package: "net/http" },
    Program {
        name: "database/sql",
        source: Source::Goroot { module: "" },
        pattern: "database/sql/...",
        package: "database/sql",
    },
    Program { name: "go/types", source: Source::Goroot { module: "" }, pattern: "go/types/...", package: "go/types" },
    Program { name: "cmd/go", source: Source::Goroot { module: "cmd" }, pattern: "cmd/go/...", package: "cmd/go" },
    Program {
        name: "cmd/compile",
        source: Source::Goroot { module: "cmd" },
        pattern: "cmd/compile/...",
        package: "cmd/compile",
    },
    Program {
        name: "raft",
        source: Source::Module { version: "v1.7.3" },
        pattern: "./...",
        package: "github.com/hashicorp/raft",
    },
    Program {
        name: "bbolt",
        source: Source::Module { version: "v1.5.0" },
        pattern: "./...",
        package: "go.etcd.io/bbolt",
    },
];

pub(super) const MODES: [&str; 3] = ["static", "cha", "vta"];

impl Program {
    /// Whether it is a module of its own, with dependencies elsewhere.
    pub(super) fn is_module(&self) -> bool {
        matches!(self.source, Source::Module { .. })
    }

    pub(super) fn file_name(&self) -> String {
        self.name.replace('/', "-")
    }

    pub(super) fn title(&self) -> String {
        match self.source {
            Source::Goroot { .. } => self.name.to_owned(),
            Source::Module { version } => format!("{} {version}", self.package),
        }
    }

    /// The directory `outlive graph` is given; file names are relative to it. A module is copied out of the module
    /// cache, which is read-only and whose path says the version, so that it looks like a checkout.
    pub(super) fn directory(&self, work: &Path) -> Result<PathBuf> {
        match self.source {
            Source::Goroot { .. } => {
                let root = command::output(command::new("go").args(["env", "GOROOT"]))?;
                Ok(Path::new(root.trim()).join("src"))
            }
            Source::Module { version } => {
                let copy = work.join("src").join(format!("{}@{version}", self.file_name()));
                if !copy.exists() {
                    let query = format!("{}@{version}", self.package);
                    // Outside any module: what is downloaded must not depend on a go.mod nearby.
                    let mut download = command::new("go");
                    download.args(["mod", "download", "-json", &query]).current_dir(work);
                    let answer: Value = serde_json::from_str(&command::output(&mut download)?)?;
                    let cached = answer["Dir"].as_str().context("go mod download gave no Dir")?;
                    let partial = copy.with_extension("partial");
                    copy_tree(Path::new(cached), &partial)?;
                    fs::rename(&partial, &copy)?;
                }
                // Our side reads dependencies from the module cache, so they have to be there.
                command::run(command::new("go").args(["mod", "download"]).current_dir(&copy))?;
                Ok(copy)
            }
        }
    }

    /// Writes the x/tools graphs to the returned directory, unless they are there: the code, the Go version and the
    /// printing program are the same as at the last run.
    pub(super) fn reference(&self, printer: &Printer, directory: &Path, work: &Path) -> Result<PathBuf> {
        let out = work.join("reference").join(self.file_name());
        let stamp = format!("{}\n{}\n", self.title(), printer.fingerprint);
        let stamp_file = out.join("stamp");
        if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
            return Ok(out);
        }
        eprintln!("{}: x/tools graphs", self.name);
        let load_from = match self.source {
            Source::Goroot { module } => directory.join(module),
            Source::Module { .. } => directory.to_owned(),
        };
        let mut print = command::new(&printer.binary);
        print.arg("-dir").arg(load_from).arg("-root").arg(directory).arg("-out").arg(&out);
        print.args(["-mode", &MODES.join(","), self.pattern]);
        command::run(&mut print)?;
        fs::write(stamp_file, stamp)?;
        Ok(out)
    }
}

/// The program of tests/callgraph, built.
pub(super) struct Printer {
    binary: PathBuf,
    /// Go's version and the printer's own source: graphs made by another are not comparable.
    fingerprint: String,
}

impl Printer {
    pub(super) fn build(repository: &Path, work: &Path) -> Result<Self> {
        let source = repository.join("tests/callgraph");
        let binary = work.join("callgraph");
        command::run(command::new("go").arg("build").arg("-o").arg(&binary).arg(".").current_dir(&source))?;
        let mut fingerprint = command::output(command::new("go").arg("version"))?;
        let mut files: Vec<PathBuf> = fs::read_dir(&source)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
        for file in files {
            fingerprint.push_str(&fs::read_to_string(file)?);
        }
        Ok(Self { binary, fingerprint })
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &copy)?;
        } else {
            // Written anew rather than copied: the cache's files are read-only.
            fs::write(&copy, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

//! Flags of `go test`, told apart: those of the build, and those that the test binary takes itself.

use anyhow::{Result, bail};

/// Flags that `go test` hands on to the binary, where they begin with `-test.`.
const OF_THE_BINARY: [(&str, bool); 13] = [
    ("short", false),
    ("v", false),
    ("failfast", false),
    ("fullpath", false),
    ("cpu", true),
    ("parallel", true),
    ("shuffle", true),
    ("skip", true),
    ("bench", true),
    ("benchtime", true),
    ("fuzz", true),
    ("fuzztime", true),
    ("list", true),
];
/// Flags that would undo what `reproduce` does.
const OWN: [&str; 9] = ["run", "count", "race", "overlay", "c", "o", "json", "exec", "vet"];
/// Build flags that take a value in the next argument.
const WITH_VALUE: [&str; 14] = [
    "tags",
    "ldflags",
    "gcflags",
    "asmflags",
    "mod",
    "modfile",
    "p",
    "covermode",
    "coverpkg",
    "buildmode",
    "compiler",
    "installsuffix",
    "pkgdir",
    "toolexec",
];

/// Flags of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) build: Vec<String>,
    /// As the binary takes them, what stands behind `-args` at the end.
    pub(super) run: Vec<String>,
}

impl Flags {
    /// Tells flags apart.
    ///
    /// # Errors
    /// For a flag that `reproduce` sets itself, and for what is no flag.
    pub(super) fn read(given: &[String]) -> Result<Self> {
        let mut out = Self::default();
        let mut rest = given.iter();
        while let Some(flag) = rest.next() {
            let Some(name) = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-')) else {
                bail!("`{flag}` is no flag; packages are named by --package, tests by --test");
            };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            if name == "args" {
                out.run.extend(rest.cloned());
                break;
            }
            if OWN.contains(&name) {
                bail!("`-{name}` is set by `reproduce` itself (see --test and --runs)");
            }
            if name == "timeout" {
                bail!("a run is ended by --timeout");
            }
            if let Some((_, valued)) = OF_THE_BINARY.iter().find(|(known, _)| *known == name) {
                let value = if *valued && value.is_none() { rest.next().cloned() } else { value };
                out.run.push(value.map_or_else(|| format!("-test.{name}"), |value| format!("-test.{name}={value}")));
                continue;
            }
            out.build.push(flag.clone());
            if value.is_none() && WITH_VALUE.contains(&name) {
                out.build.extend(rest.next().cloned());
            }
        }
        Ok(out)
    }

    /// The build tags among them.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut rest = self.build.iter();
        while let Some(flag) = rest.next() {
            let name = flag.trim_start_matches('-');
            let value = match name.split_once('=') {
                Some(("tags", value)) => Some(value.to_owned()),
                None if name == "tags" => rest.next().cloned(),
                _ => None,
            };
            out.extend(value.iter().flat_map(|tags| tags.split([',', ' '])).map(str::to_owned));
        }
        out.retain(|tag| !tag.is_empty());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str]) -> Result<Flags> {
        Flags::read(&flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn flags_go_where_they_belong() {
        let flags = read(&["-tags", "a,b", "-short", "--cpu=4", "-parallel", "2", "-ldflags=-s", "-args", "-x"]);
        let flags = flags.expect("known flags");
        assert_eq!(flags.build, ["-tags", "a,b", "-ldflags=-s"]);
        assert_eq!(flags.run, ["-test.short", "-test.cpu=4", "-test.parallel=2", "-x"]);
        assert_eq!(flags.tags(), ["a", "b"]);
        assert!(read(&["-run", "X"]).is_err() && read(&["./..."]).is_err());
    }
}

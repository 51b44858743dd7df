//! The command line.

use std::path::PathBuf;

use analyzer::source::BuildOptions;
use clap::{Args, Parser, Subcommand, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Finds and explains lifetime races in Go: goroutines that are still running after other code reset, reassigned,
/// closed, recycled or restored the state they use.
#[derive(Debug, Parser)]
#[command(name = "outlive", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for lifetime races in a checkout. Exit 0: none, 1: findings, 2: could not run
    Check(CheckArgs),
    /// Explain the race detector's reports in a file. Exit 0: answered, 2: could not run
    Explain(ExplainArgs),
    /// Make a race happen on demand under `go test -race`, without touching the checkout. Exit 0: reproduced (with
    /// --verify-fix: the fix holds), 1: not, 2: could not run
    Reproduce(ReproduceArgs),
    /// Print the call graph, or what stands around one function
    Graph(GraphArgs),
    /// List the rules
    Rules,
    /// Show the configuration in force, and where it comes from
    Config(ConfigArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    Man,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: the contract of docs/json.md.
    Json,
    /// Graphviz (`graph` only).
    Dot,
}

/// Which files take part.
#[derive(Clone, Debug, Args)]
pub(crate) struct BuildArgs {
    /// Build tags that are set
    #[arg(long, value_delimiter = ',')]
    pub(crate) tags: Vec<String>,
    /// Operating system that files are chosen for
    #[arg(long, default_value = "linux")]
    pub(crate) goos: String,
    /// Architecture that files are chosen for
    #[arg(long, default_value = "amd64")]
    pub(crate) goarch: String,
    /// Go installation whose standard library is read where code imports it
    #[arg(long, value_name = "DIR")]
    pub(crate) goroot: Option<PathBuf>,
    /// Module cache whose modules are read where code imports them (as `go env GOMODCACHE` prints it)
    #[arg(long, value_name = "DIR")]
    pub(crate) modcache: Option<PathBuf>,
    /// Threads to use; all cores unless given
    #[arg(long)]
    pub(crate) threads: Option<usize>,
}

impl BuildArgs {
    /// The options for reading sources.
    pub(crate) fn options(&self, tests: bool) -> BuildOptions {
        BuildOptions { goos: self.goos.clone(), goarch: self.goarch.clone(), tags: self.tags.clone(), tests }
    }
}

/// How `check` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Text,
    /// For programs: the contract of docs/json.md.
    Json,
    /// SARIF 2.1.0, for code hosts and viewers.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// A GitLab code quality report.
    Gitlab,
    /// JUnit XML, for whatever shows test results.
    Junit,
    /// One page with timelines and source excerpts, for a browser.
    Html,
}

/// The least confidence of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// Nothing that matters had to be assumed.
    High,
    /// One thing that matters had to be assumed.
    Medium,
    /// Several things that matter had to be assumed.
    Low,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folder to check
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: CheckFormat,
    /// Also write a file in another format; may be given several times
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(crate) output: Vec<Output>,
    /// Only findings that this git revision does not have; `REV...` is where HEAD left REV
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Of those, only findings with a step in a changed line
    #[arg(long, requires = "since")]
    pub(crate) changed_only: bool,
    /// Only findings that are not in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write the findings to the baseline instead of printing them
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "")]
    pub(crate) write_baseline: Option<String>,
    /// The least confidence of findings to print; high unless given
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) confidence: Option<Level>,
    /// Print findings of any confidence: the same as `--confidence low`
    #[arg(long, conflicts_with = "confidence")]
    pub(crate) all: bool,
    /// Only these rules
    #[arg(long, value_delimiter = ',')]
    pub(crate) rules: Vec<String>,
    /// Read files that match, but report nothing in them; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Print no more findings than this; 0 for all
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) max_findings: usize,
    /// Also say how much was read and what was found, by rule
    #[arg(long)]
    pub(crate) statistics: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

/// Where answers of earlier runs are kept.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// Folder to keep answers in; one among the user's caches unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Neither use answers of earlier runs nor keep this one
    #[arg(long, conflicts_with = "cache_dir")]
    pub(crate) no_cache: bool,
}

/// Where the configuration comes from.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// Configuration to use, instead of the nearest `outlive.toml` in the folder or above it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Use no configuration file
    #[arg(long, conflicts_with = "config")]
    pub(crate) no_config: bool,
}

/// A file to write, in a format.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) format: CheckFormat,
    pub(crate) file: PathBuf,
}

impl std::str::FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE, as in sarif=outlive.sarif")?;
        if file.is_empty() {
            return Err("no file after `=`".to_owned());
        }
        Ok(Self { format: CheckFormat::from_str(format, false)?, file: file.into() })
    }
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Folder whose configuration is meant
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Print the configuration in force
    #[arg(long)]
    pub(crate) show: bool,
    /// Print the JSON schema of `outlive.toml` instead
    #[arg(long, conflicts_with = "show")]
    pub(crate) schema: bool,
    #[command(flatten)]
    pub(crate) file: ConfigFile,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A report or a whole log; `-` reads standard input
    #[arg(required_unless_present = "rule")]
    pub(crate) report: Option<PathBuf>,
    /// Print the documentation of a rule instead
    #[arg(long, value_name = "ID", conflicts_with = "report")]
    pub(crate) rule: Option<String>,
    /// Checkout that the report speaks of; without it the reports are only read and listed
    #[arg(long)]
    pub(crate) repo: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Exit 1 when there is a race
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Print the mechanical fixes as one unified diff, and nothing else
    #[arg(long, requires = "repo")]
    pub(crate) patch: bool,
    /// Write a page with timelines and source excerpts, too
    #[arg(long, value_name = "FILE", requires = "repo")]
    pub(crate) html: Option<PathBuf>,
    /// Say which revision of the checkout's history the lines of the reports fit best (asks git)
    #[arg(long, requires = "repo")]
    pub(crate) find_revision: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// A report or a whole log; `-` reads standard input
    #[arg(required_unless_present = "finding")]
    pub(crate) report: Option<PathBuf>,
    /// A finding of `check` instead, by its fingerprint or the beginning of it
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "report")]
    pub(crate) finding: Option<String>,
    /// Which report of the input, by its number; the first about a lifetime unless given
    #[arg(long, value_name = "N", conflicts_with = "finding")]
    pub(crate) number: Option<u32>,
    /// Checkout to reproduce it in
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) repo: PathBuf,
    /// Tests to run, as `go test -run` takes them; chosen by the report and the call graph unless given
    #[arg(long, value_name = "REGEX")]
    pub(crate) test: Option<String>,
    /// Package of the tests: import path, or folder below the checkout
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) package: Option<String>,
    /// Runs of each kind, once a hold is found that works
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// How long one run may take
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: std::time::Duration,
    /// Keep the overlay, so that the printed command runs
    #[arg(long)]
    pub(crate) keep: bool,
    /// Run the same hold on a fixed tree, too: a git revision, or a patch file
    #[arg(long, value_name = "REV|PATCH")]
    pub(crate) verify_fix: Option<String>,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    /// Flags for `go test`
    #[arg(last = true, value_name = "FLAGS")]
    pub(crate) go_flags: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// Folder to read
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// A function: what it calls; with --to, a path
    #[arg(long)]
    pub(crate) from: Option<String>,
    /// A function: who calls it; with --from, a path
    #[arg(long)]
    pub(crate) to: Option<String>,
    /// Every call
    #[arg(long)]
    pub(crate) calls: bool,
    /// Only callers of packages with this path or below it
    #[arg(long)]
    pub(crate) package: Vec<String>,
    /// Read test files, too
    #[arg(long)]
    pub(crate) tests: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

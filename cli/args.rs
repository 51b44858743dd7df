//! The command line.

use std::path::PathBuf;

use analyzer::source::BuildOptions;
use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Print the call graph, or what stands around one function
    Graph(GraphArgs),
    /// List the rules
    Rules,
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
#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folder to check
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Print findings of medium and low confidence, too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only these rules
    #[arg(long, value_delimiter = ',')]
    pub(crate) rules: Vec<String>,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
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
    pub(crate) build: BuildArgs,
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
    pub(crate) build: BuildArgs,
}

//! The command `outlive`: chooses inputs, order, format and exit code. What is decided, is decided in the crates below.

mod args;
mod baseline;
mod cache;
mod check;
mod config;
mod dependencies;
mod explain;
mod graph;
mod ignores;
mod load;
mod manual;
mod names;
mod news;
mod output;
mod patch;
mod render;
mod reproduce;
mod revision;
mod say;
mod since;

use std::process::ExitCode;

use anyhow::{Result, bail};
use args::{Cli, Command, Format, GraphArgs};
use clap::Parser;
use say::note;

/// An analysis makes millions of small pieces on several threads at once; the allocator of the C library takes a twelfth
/// of its time for them.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code when the command could not run.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A panic is a defect of this program, not of the code it reads: say so, once, and never as a finding.
    std::panic::set_hook(Box::new(|info| {
        note(format_args!(
            "internal error: {info}\nthis is a defect of outlive; please report it with the command line"
        ));
    }));
    match std::panic::catch_unwind(|| run(&cli)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && io.kind() == std::io::ErrorKind::BrokenPipe
            {
                return ExitCode::SUCCESS;
            }
            if error.is::<output::Interrupted>() {
                note(format_args!("interrupted"));
                return ExitCode::from(u8::try_from(output::INTERRUPTED).unwrap_or(COULD_NOT_RUN));
            }
            note(format_args!("error: {error:#}"));
            ExitCode::from(COULD_NOT_RUN)
        }
        Err(_) => ExitCode::from(COULD_NOT_RUN),
    }
}

fn run(cli: &Cli) -> Result<u8> {
    match &cli.command {
        Command::Check(args) => with_threads(args.build.threads, || check::run(args)),
        Command::Explain(args) => with_threads(args.build.threads, || explain::run(args)),
        Command::Reproduce(args) => with_threads(args.build.threads, || reproduce::run(args)),
        Command::Graph(args) => with_threads(args.build.threads, || print_graph(args)),
        Command::Rules => render::rules(),
        Command::Config(args) => config::run(args),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man => manual::page(),
    }
}

fn with_threads(threads: Option<usize>, job: impl FnOnce() -> Result<u8> + Send) -> Result<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build()?;
    pool.install(job)
}

fn print_graph(args: &GraphArgs) -> Result<u8> {
    if args.from.is_none() && args.to.is_none() && !args.calls {
        bail!("say what to print: --calls, --from FUNC or --to FUNC");
    }
    let config = config::Config::find(&args.dir, &args.config)?;
    let loaded = load::load(&args.dir, &config.build(&args.build), args.tests)?;
    let (program, calls) = (&loaded.program, &loaded.graph);
    let query = match (&args.from, &args.to, args.calls) {
        (Some(from), Some(to), _) => graph::Query::Path(names::funcs(program, from)?, names::funcs(program, to)?),
        (Some(from), None, _) => graph::Query::From(names::funcs(program, from)?),
        (None, Some(to), _) => graph::Query::To(names::called(program, calls, to)?),
        (None, None, _) => graph::Query::Calls,
    };
    let format = match args.format {
        Format::Text => graph::Format::Text,
        Format::Json => graph::Format::Json,
        Format::Dot => graph::Format::Dot,
    };
    let edges = graph::edges(program, calls, &query, &args.package);
    if format != graph::Format::Json {
        render::text::write_problems(&loaded.problems);
    }
    if let (graph::Query::Path(from, to), true) = (&query, edges.is_empty())
        && !from.iter().any(|func| to.contains(func))
    {
        eprintln!("note: no path");
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    graph::write(&edges, &loaded.problems, format, &mut out)?;
    std::io::Write::flush(&mut out)?;
    Ok(0)
}

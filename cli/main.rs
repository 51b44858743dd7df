//! The command `outlive`: chooses inputs, order, format and exit code. What is decided, is decided in the crates below.

mod args;
mod check;
mod dependencies;
mod explain;
mod graph;
mod load;
mod patch;
mod render;
mod revision;

use std::process::ExitCode;

use anyhow::{Result, bail};
use args::{Cli, Command, Format, GraphArgs};
use clap::Parser;

/// Exit code when the command could not run.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A panic is a defect of this program, not of the code it reads: say so, once, and never as a finding.
    std::panic::set_hook(Box::new(|info| {
        eprintln!("internal error: {info}\nthis is a defect of outlive; please report it with the command line");
    }));
    match std::panic::catch_unwind(|| run(&cli)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && io.kind() == std::io::ErrorKind::BrokenPipe
            {
                return ExitCode::SUCCESS;
            }
            eprintln!("error: {error:#}");
            ExitCode::from(COULD_NOT_RUN)
        }
        Err(_) => ExitCode::from(COULD_NOT_RUN),
    }
}

fn run(cli: &Cli) -> Result<u8> {
    match &cli.command {
        Command::Check(args) => with_threads(args.build.threads, || check::run(args)),
        Command::Explain(args) => with_threads(args.build.threads, || explain::run(args)),
        Command::Graph(args) => with_threads(args.build.threads, || print_graph(args)),
        Command::Rules => render::rules(),
    }
}

fn with_threads(threads: Option<usize>, job: impl FnOnce() -> Result<u8> + Send) -> Result<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build()?;
    pool.install(job)
}

fn print_graph(args: &GraphArgs) -> Result<u8> {
    let loaded = load::load(&args.dir, &args.build, args.tests)?;
    let query = match (&args.from, &args.to, args.calls) {
        (Some(from), Some(to), _) => graph::Query::Path(from.clone(), to.clone()),
        (Some(from), None, _) => graph::Query::From(from.clone()),
        (None, Some(to), _) => graph::Query::To(to.clone()),
        (None, None, true) => graph::Query::Calls,
        (None, None, false) => bail!("say what to print: --calls, --from FUNC or --to FUNC"),
    };
    let format = match args.format {
        Format::Text => graph::Format::Text,
        Format::Json => graph::Format::Json,
        Format::Dot => graph::Format::Dot,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if !graph::run(&loaded.program, &loaded.graph, &query, &args.package, format, &mut out)? {
        bail!("no such function in {}; names are as in Go symbols: `path.F`, `path.(*T).M`", args.dir.display());
    }
    Ok(0)
}

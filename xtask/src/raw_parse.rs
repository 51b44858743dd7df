//! `cargo xtask raw-parse DIR`: parses every Go file with tree-sitter, drops the trees and does nothing else. The least a tool
//! made with tree-sitter takes.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use rayon::prelude::*;

use crate::bench::go_files;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with Go files
    dir: PathBuf,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut files = go_files(&args.dir)?;
    files.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).map_or(0, |meta| meta.len())));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let nodes: usize = pool.install(|| {
        files
            .par_iter()
            .with_max_len(1)
            .map_init(parser, |parser, path| -> Result<usize> {
                let parser = parser.as_mut().map_err(|error| anyhow::anyhow!("{error}"))?;
                let text = fs::read(path)?;
                Ok(parser.parse(&text, None).map_or(0, |tree| tree.root_node().descendant_count()))
            })
            .sum::<Result<usize>>()
    })?;
    println!("{} files, {nodes} nodes", files.len());
    Ok(ExitCode::SUCCESS)
}

fn parser() -> Result<tree_sitter::Parser, tree_sitter::LanguageError> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_go::LANGUAGE.into())?;
    Ok(parser)
}

//! Completions and the manual page, made from the definition of the command line.

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::{args::Cli, output};

/// Prints completions for a shell.
pub(crate) fn completions(shell: Shell) -> Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "outlive", &mut text);
    output::print(&text)?;
    Ok(0)
}

/// Prints the manual page: the command, then each subcommand.
pub(crate) fn page() -> Result<u8> {
    let mut command = Cli::command();
    command.build();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text).context("the manual page")?;
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        let man = clap_mangen::Man::new(part.clone());
        text.extend_from_slice(format!(".SH \"OUTLIVE {}\"\n", part.get_name().to_uppercase()).as_bytes());
        man.render_description_section(&mut text).context("the manual page")?;
        man.render_synopsis_section(&mut text).context("the manual page")?;
        man.render_options_section(&mut text).context("the manual page")?;
    }
    output::print(&text)?;
    Ok(0)
}

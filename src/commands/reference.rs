//! `chaos-tui completions SHELL` and `chaos-tui man [COMMAND]`, generated from the definition of the command line.

use super::{invocation::called_as, output::print_page, prepare::Refusal};
use clap_complete::Shell;
use color_eyre::eyre::{Result, WrapErr};
use std::process::ExitCode;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionArgs {
    /// Shell to generate the script for
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Command to print the page of [default: chaos-tui itself]
    pub command: Option<String>,
}

/// The names of the subcommands that the help lists.
pub(crate) fn command_names(cli: &clap::Command) -> impl Iterator<Item = &str> {
    cli.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name)
}

/// Prints the completion script for a shell.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn completions(mut cli: clap::Command, arguments: &CompletionArgs) -> Result<ExitCode> {
    // A plug-in is completed by kubectl.
    let name = if called_as().contains(' ') { cli.get_name().to_owned() } else { called_as().to_owned() };
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli, name, &mut script);
    print_page(&*String::from_utf8_lossy(&script))
}

/// Prints a manual page in roff.
///
/// # Errors
/// If the command does not exist or standard output cannot be written.
pub(crate) fn man(mut cli: clap::Command, arguments: &ManArgs) -> Result<ExitCode> {
    cli.build();
    let page = match &arguments.command {
        None => cli,
        Some(name) => {
            let known = command_names(&cli).collect::<Vec<_>>().join(", ");
            let unknown =
                || Refusal::usage(format!("there is no command {name:?}; the commands are {known}"));
            cli.find_subcommand(name).cloned().ok_or_else(unknown)?
        }
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).render(&mut roff).wrap_err("cannot make the manual page")?;
    print_page(&*String::from_utf8_lossy(&roff))
}

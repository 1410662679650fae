//! Arguments, and which command they mean.

use crate::commands::{self, Global};
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use std::process::ExitCode;

/// A terminal dashboard for live chaos-engineering sessions.
///
/// `chaos-tui experiment.json` steps through an experiment on a screen. `chaos-tui run` is a drop-in for `chaos run`: the
/// same files, log lines, journal, options and exit codes. `chaos-tui demo` needs nothing but this terminal.
#[derive(Debug, Parser)]
#[command(name = "chaos-tui", version, about, subcommand_negates_reqs = true, arg_required_else_help = true)]
pub struct Cli {
    /// Options every command knows; they may stand before or after it.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The live session, when no command is named.
    #[command(flatten)]
    pub live: Option<commands::live::Arguments>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The lesson of the circuit breaker in the sandbox: `before`, then `after`, then both side by side
    Demo(commands::demo::Arguments),
    /// Run an experiment without a screen, as `chaos run` does
    Run(Box<commands::run::Arguments>),
    /// Check an experiment: every error at once, each with its place and a way out
    Validate(commands::validate::Arguments),
    /// Run only the embedded cluster, for kubectl and others
    Sandbox(commands::sandbox::Arguments),
    /// Run one of the demo services (the sandbox's containers are this)
    #[command(hide = true)]
    Image(commands::image::Arguments),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let Cli { global, command, live } = Cli::parse();
    let command = match (command, live) {
        (Some(command), None) => command,
        (None, Some(arguments)) => return commands::live::run(&global, &arguments),
        (Some(_), Some(_)) => refuse(
            ErrorKind::ArgumentConflict,
            "options of the live session stand before a command: put them after it",
        ),
        (None, None) => refuse(ErrorKind::MissingRequiredArgument, "name an experiment or a command"),
    };
    match command {
        Command::Demo(arguments) => commands::demo::run(&global, &arguments),
        Command::Run(arguments) => commands::run::run(&global, &arguments),
        Command::Validate(arguments) => commands::validate::command(&global, &arguments),
        Command::Sandbox(arguments) => commands::sandbox::run(&arguments),
        Command::Image(arguments) => match commands::image::run(&arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
    }
}

/// Ends with a usage error, exit code 2.
fn refuse(kind: ErrorKind, message: &str) -> ! {
    Cli::command().error(kind, message).exit()
}

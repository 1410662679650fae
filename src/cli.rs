//! Arguments, and which command they mean.

use crate::commands::{self, Global};
use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind,
    parser::ValueSource,
};
use std::process::ExitCode;

/// A terminal dashboard for live chaos-engineering sessions.
///
/// `chaos-tui experiment.json` steps through an experiment on a screen. `chaos-tui run` is a drop-in for `chaos run`: the
/// same files, log lines, journal, options and exit codes. `chaos-tui demo` needs nothing but this terminal.
#[derive(Debug, Parser)]
#[command(name = "chaos-tui", version, about, arg_required_else_help = true, args_override_self = true)]
pub struct Cli {
    /// Options every command knows; they may stand before or after it.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The live session, when no command is named.
    #[command(flatten)]
    pub live: commands::live::Arguments,
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
    /// Show where the config file is looked for and what is in force
    Config(commands::config::Arguments),
    /// Run only the embedded cluster, for kubectl and others
    Sandbox(commands::sandbox::Arguments),
    /// Run one of the demo services (the sandbox's containers are this)
    #[command(hide = true)]
    Image(commands::image::Arguments),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let Cli { global, command, live } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let Some(command) = command else {
        if live.source.is_empty() {
            refuse(ErrorKind::MissingRequiredArgument, "name an experiment or a command");
        }
        return commands::live::run(&global, &live);
    };
    if given::<commands::live::Arguments>(&matches) {
        let message =
            "what belongs to a command stands behind it; before it only options that every command knows";
        refuse(ErrorKind::ArgumentConflict, message);
    }
    match command {
        Command::Demo(arguments) => commands::demo::run(&global, &arguments),
        Command::Run(arguments) => commands::run::run(&global, &arguments),
        Command::Validate(arguments) => commands::validate::command(&global, &arguments),
        Command::Config(arguments) => commands::config::run(&arguments),
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

/// Whether the command line itself gives any argument of a group.
fn given<Group: Args>(matches: &ArgMatches) -> bool {
    let group = Group::augment_args(clap::Command::new("group"));
    group
        .get_arguments()
        .any(|argument| matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine))
}

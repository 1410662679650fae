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

/// The command line of `chaos-tui run ...`, without the options of all that is not meant: building these up is a tenth of
/// what a short run takes.
#[derive(Debug, Parser)]
#[command(name = "chaos-tui", version, args_override_self = true)]
struct Headless {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: RunAlone,
}

#[derive(Debug, Subcommand)]
enum RunAlone {
    /// Run an experiment without a screen, as `chaos run` does
    Run(Box<commands::run::Arguments>),
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
    if std::env::args_os().nth(1).is_some_and(|first| first == "run") {
        let Headless { global, command: RunAlone::Run(arguments) } = Headless::parse();
        return commands::run::run(&global, &arguments);
    }
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

#[cfg(test)]
mod tests {
    use super::{Cli, Headless};
    use clap::{Command, CommandFactory, FromArgMatches};

    fn run_of(mut command: Command) -> Command {
        command.build();
        command.find_subcommand("run").unwrap().clone()
    }

    #[test]
    fn run_alone_is_told_as_among_the_others() {
        let help = |command| run_of(command).render_long_help().to_string();
        assert_eq!(help(Headless::command()), help(Cli::command()));
    }

    #[test]
    fn run_alone_reads_what_it_reads_among_the_others() {
        let line = [
            "chaos-tui",
            "run",
            "--verbose",
            "x.json",
            "--dry",
            "pause",
            "--settings",
            "s.yaml",
            "--var",
            "a=b",
        ];
        let alone = Headless::from_arg_matches(&Headless::command().get_matches_from(line)).unwrap();
        let among = Cli::from_arg_matches(&Cli::command().get_matches_from(line)).unwrap();
        let told =
            |global: &dyn std::fmt::Debug, command: &dyn std::fmt::Debug| format!("{global:?} {command:?}");
        let among_command = format!("{:?}", among.command.unwrap());
        assert_eq!(told(&alone.global, &alone.command), format!("{:?} {among_command}", among.global));
    }

    #[test]
    fn a_wrong_option_of_run_is_refused_with_the_same_words() {
        let line = ["chaos-tui", "run", "x.json", "--rollback-strateg"];
        let words = |command: Command| command.try_get_matches_from(line).unwrap_err().to_string();
        assert_eq!(words(Headless::command()), words(Cli::command()));
    }
}

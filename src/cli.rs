//! Arguments, and which command they mean.

use crate::{
    commands::{self, GlobalArgs},
    experiment::nearest,
};
use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable,
    error::ErrorKind, parser::ValueSource,
};
use color_eyre::eyre::Result;
use std::{path::Path, process::ExitCode};

/// A terminal dashboard for live chaos-engineering sessions.
///
/// `chaos-tui experiment.json` opens an experiment on a screen and steps through it. `chaos-tui run` is a drop-in for `chaos
/// run`: same files, log lines, journal, options and exit codes. `chaos-tui demo` needs nothing but this terminal.
#[derive(Debug, Parser)]
#[command(name = "chaos-tui", version, about, args_override_self = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The live session, when no command is named.
    #[command(flatten)]
    live: commands::live::Arguments,
    /// Accepted before and after the command.
    #[command(flatten)]
    global: GlobalArgs,
}

const EXAMPLES: &str = "\
Examples:
  chaos-tui --sandbox=after experiments/kill-pod.json          step through it in the embedded cluster
  chaos-tui run --fail-on not-resilient experiment.json        in CI: exit code 3 when users were let down";

#[derive(Debug, Subcommand)]
enum Command {
    /// Three lessons on circuit breakers in the embedded cluster, compared side by side
    Demo(Deferred<commands::demo::Arguments>),
    /// Run an experiment without a screen, as `chaos run` does
    Run(Deferred<Box<commands::run::Arguments>>),
    /// Check an experiment: all errors at once, each with its position and a remedy
    Validate(Deferred<commands::validate::Arguments>),
    /// Show where the config file is looked for and what is in force
    Config(Deferred<commands::config::Arguments>),
    /// Run only the embedded cluster, for kubectl and others
    Sandbox(Deferred<commands::sandbox::Arguments>),
    /// Print a completion script for a shell
    Completions(Deferred<commands::reference::CompletionArgs>),
    /// Print the manual page, as roff
    Man(Deferred<commands::reference::ManArgs>),
    /// Run one of the demo services (the sandbox's containers are this)
    #[command(hide = true)]
    Image(Deferred<commands::image::Arguments>),
}

/// The arguments of a command, which are only built when it is called: a short run is not to wait for those of all others.
#[derive(Debug)]
struct Deferred<A>(A);

impl<A: Args> Args for Deferred<A> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(|command| described(command, A::augment_args))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(|command| described(command, A::augment_args_for_update))
    }
}

/// With its own description, which that of the arguments would replace.
fn described(command: clap::Command, augment: fn(clap::Command) -> clap::Command) -> clap::Command {
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    augment(command).about(Resettable::from(about)).long_about(Resettable::from(long_about))
}

impl<A: FromArgMatches> FromArgMatches for Deferred<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Reads the command line, runs the command, and reports its error.
pub fn main() -> ExitCode {
    commands::errors::install();
    dispatch().unwrap_or_else(|report| commands::errors::print(&report))
}

fn dispatch() -> Result<ExitCode> {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Of two words the first is taken for the experiment, and the second is too many: a mistyped command.
            if error.kind() == ErrorKind::UnknownArgument {
                refuse_mistyped_command(&std::env::args().nth(1).unwrap_or_default());
            }
            error.exit()
        }
    };
    let Cli { global, command, live } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let Some(command) = command else {
        if live.source.is_empty() {
            return commands::start::run(&global, &live);
        }
        refuse_mistyped_command(&live.source);
        return commands::live::run(&global, &live);
    };
    if given::<commands::live::Arguments>(&matches) {
        let message = "put command options after the command; only global options may precede it";
        refuse(ErrorKind::ArgumentConflict, message);
    }
    match command {
        Command::Demo(Deferred(arguments)) => commands::demo::run(&global, &arguments),
        Command::Run(Deferred(arguments)) => commands::run::run(&global, &arguments),
        Command::Validate(Deferred(arguments)) => commands::validate::command(&global, &arguments),
        Command::Config(Deferred(arguments)) => commands::config::run(&arguments),
        Command::Sandbox(Deferred(arguments)) => commands::sandbox::run(&arguments),
        Command::Completions(Deferred(arguments)) => {
            commands::reference::completions(Cli::command(), &arguments)
        }
        Command::Man(Deferred(arguments)) => commands::reference::man(Cli::command(), &arguments),
        Command::Image(Deferred(arguments)) => {
            commands::image::run(&arguments)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Ends with a usage error where a word stands in the place of an experiment, names no file, and resembles a command.
fn refuse_mistyped_command(word: &str) {
    if word.is_empty() || Path::new(word).exists() {
        return;
    }
    let cli = Cli::command();
    let names = cli.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    if let Some(name) = nearest(word, names.filter(|name| *name != word)) {
        refuse(
            ErrorKind::InvalidSubcommand,
            &format!("there is no file and no command {word:?}; did you mean `chaos-tui {name}`?"),
        );
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
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn every_command_has_its_own_description_and_arguments() {
        let mut cli = Cli::command();
        // Panics where two arguments contradict each other, in any command.
        cli.build();
        let run = cli.find_subcommand("run").unwrap();
        assert_eq!(
            run.get_about().unwrap().to_string(),
            "Run an experiment without a screen, as `chaos run` does"
        );
        assert!(run.get_arguments().any(|argument| argument.get_id() == "fail_on"));
    }
}

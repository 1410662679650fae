//! Parses the command line and calls the command it names.

use crate::{
    commands::{self, GlobalArgs, errors, invocation},
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
/// `chaos-tui experiment.json` opens an experiment on a screen and steps through it. `chaos-tui run` is a drop-in for
/// Chaos Toolkit's `chaos run`: same files, log lines, journal, options and exit codes. `chaos-tui demo` needs nothing but this
/// terminal.
#[derive(Debug, Parser)]
#[command(name = "chaos-tui", version, about, args_override_self = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Arguments of the live session, used when no subcommand is named.
    #[command(flatten)]
    live: commands::live::Arguments,
    /// Options accepted before and after the subcommand.
    #[command(flatten)]
    global: GlobalArgs,
}

const EXAMPLES: &str = "\
Examples:
  Step through an experiment in the embedded cluster:
    chaos-tui --sandbox=after experiments/kill-pod.json
  Fail a CI job unless the verdict is RESILIENT:
    chaos-tui run --fail-on not-resilient experiment.json";

#[derive(Debug, Subcommand)]
enum Command {
    /// Three lessons on circuit breakers in the embedded cluster, compared side by side
    Demo(Deferred<commands::demo::Arguments>),
    /// Run an experiment without a screen, as `chaos run` does
    Run(Deferred<Box<commands::run::Arguments>>),
    /// Check an experiment and list all errors, each with its position and a remedy
    Validate(Deferred<commands::validate::Arguments>),
    /// Check whether an experiment can work here: cluster, permissions, URLs, Python, terminal
    Doctor(Deferred<commands::doctor::Arguments>),
    /// Print the Roles that experiments and their live view need, for kubectl apply -f -
    Rbac(Deferred<commands::rbac::Arguments>),
    /// Undo what a session left on that died, or ended without its rollbacks
    Recover(Deferred<commands::recover::Arguments>),
    /// Show a recorded session on the same screen, without its cluster
    Replay(Deferred<commands::replay::Arguments>),
    /// Make a report of a session: a page, Markdown, JSON, JUnit XML or CSV
    Report(Deferred<commands::report::Arguments>),
    /// Compare two sessions: side by side, and what differs beyond noise
    Compare(Deferred<commands::compare::Arguments>),
    /// Show the path of the config file and the settings in effect
    Config(Deferred<commands::config::Arguments>),
    /// Run only the embedded cluster, for kubectl and other tools
    Sandbox(Deferred<commands::sandbox::Arguments>),
    /// Show versions, settings or extensions, as `chaos info` does
    Info(Deferred<commands::info::Arguments>),
    /// Print a completion script for a shell
    Completions(Deferred<commands::reference::CompletionArgs>),
    /// Print the manual page, as roff
    Man(Deferred<commands::reference::ManArgs>),
    /// Run one of the demo services, as the sandbox's containers do
    #[command(hide = true)]
    Image(Deferred<commands::image::Arguments>),
}

/// Arguments of a subcommand that clap builds only when the subcommand is called, so that a short run does not wait
/// for the definitions of all others.
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

/// Adds the arguments and keeps the subcommand's own description, which that of the argument struct would replace.
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

/// Runs the guardian of a session and returns its exit code, if this process was started as one.
pub fn guardian() -> Option<ExitCode> {
    commands::guardian::run_if_asked()
}

/// Reads the command line, runs the command, and reports its error.
pub fn main() -> ExitCode {
    errors::install();
    dispatch().unwrap_or_else(|report| errors::print(&report))
}

fn dispatch() -> Result<ExitCode> {
    let matches = match command_line().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
                refuse_foreign_command()?;
            }
            // clap takes a mistyped subcommand for the experiment, and then rejects the word after it as unknown.
            if error.kind() == ErrorKind::UnknownArgument {
                refuse_mistyped_command(&std::env::args().nth(1).unwrap_or_default());
            }
            errors::exit_usage(&error)
        }
    };
    let Cli { global, command, live } =
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| errors::exit_usage(&error));
    let Some(command) = command else {
        if live.source.is_empty() {
            return commands::start::run(&global, &live);
        }
        invocation::refuse_foreign(&live.source)?;
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
        Command::Doctor(Deferred(arguments)) => commands::doctor::run(&global, &arguments),
        Command::Rbac(Deferred(arguments)) => commands::rbac::run(&global, &arguments),
        Command::Recover(Deferred(arguments)) => commands::recover::run(&global, &arguments),
        Command::Replay(Deferred(arguments)) => commands::replay::run(&global, &arguments),
        Command::Report(Deferred(arguments)) => commands::report::run(&global, &arguments),
        Command::Compare(Deferred(arguments)) => commands::compare::run(&global, &arguments),
        Command::Config(Deferred(arguments)) => commands::config::run(&arguments),
        Command::Sandbox(Deferred(arguments)) => commands::sandbox::run(&arguments),
        Command::Info(Deferred(arguments)) => commands::info::run(&global, &arguments),
        Command::Completions(Deferred(arguments)) => {
            commands::reference::completions(command_line(), &arguments)
        }
        Command::Man(Deferred(arguments)) => commands::reference::man(Cli::command(), &arguments),
        Command::Image(Deferred(arguments)) => Ok(commands::image::run(&arguments)?),
    }
}

/// The command line, in the words of how the program was called.
fn command_line() -> clap::Command {
    let mut command = Cli::command().bin_name(invocation::called_as());
    if let Some(about) =
        command.get_long_about().map(|about| invocation::as_called(&about.to_string()).into_owned())
    {
        command = command.long_about(about);
    }
    command.after_help(invocation::as_called(EXAMPLES).into_owned())
}

/// Refuses a command line in which a command of `chaos` stands before any of ours.
fn refuse_foreign_command() -> Result<()> {
    let cli = Cli::command();
    let is_ours = |word: &String| commands::reference::command_names(&cli).any(|name| name == word);
    for word in std::env::args().skip(1).take_while(|word| !is_ours(word)) {
        invocation::refuse_foreign(&word)?;
    }
    Ok(())
}

/// Exits with a usage error if the word given as the experiment names no file and resembles a subcommand.
fn refuse_mistyped_command(word: &str) {
    if word.is_empty() || Path::new(word).exists() {
        return;
    }
    let cli = Cli::command();
    let names = commands::reference::command_names(&cli);
    if let Some(name) = nearest(word, names.filter(|name| *name != word)) {
        refuse(
            ErrorKind::InvalidSubcommand,
            &format!(
                "there is no file and no command {word:?}; did you mean `{} {name}`?",
                invocation::called_as()
            ),
        );
    }
}

/// Exits with a usage error, exit code 2.
fn refuse(kind: ErrorKind, message: &str) -> ! {
    errors::exit_usage(&command_line().error(kind, message))
}

/// Returns whether any argument of a group was given on the command line, not by default or environment variable.
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
        // Panics if two arguments of any subcommand conflict.
        cli.build();
        let run = cli.find_subcommand("run").unwrap();
        assert_eq!(
            run.get_about().unwrap().to_string(),
            "Run an experiment without a screen, as `chaos run` does"
        );
        assert!(run.get_arguments().any(|argument| argument.get_id() == "fail_on"));
    }
}

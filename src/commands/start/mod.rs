//! A bare `chaos-tui`: the start screen, and five lines where there can be none.

mod files;

use super::{GlobalArgs, config, demo, live};
use crate::tui::{
    Keys, Signals,
    start::{self, StartChoice},
    terminal::{self, Screen},
};
use std::{io, process::ExitCode};

/// What is said where nobody can choose.
const LINES: &str = "\
chaos-tui demo                    what a circuit breaker changes, in three lessons; needs nothing
chaos-tui experiment.json         your experiment on a screen, step by step
chaos-tui run experiment.json     the same without a screen, as `chaos run` does
chaos-tui sandbox                 only the embedded cluster, for kubectl and others
chaos-tui --help                  all commands and options; the README explains them
";

/// Offers what there is, and does what was chosen.
pub(crate) fn run(global: &GlobalArgs, arguments: &live::Arguments) -> ExitCode {
    if terminal::possible().is_err() {
        print!("{LINES}");
        return ExitCode::from(2);
    }
    if let Some(folder) = &global.change_dir
        && let Err(error) = std::env::set_current_dir(folder)
    {
        eprintln!("cannot change to {}: {error}", folder.display());
        return ExitCode::from(2);
    }
    // The folder is changed: what is chosen is not to change it again.
    let global = &GlobalArgs { change_dir: None, ..global.clone() };
    let chosen = match look(arguments) {
        Ok(look) => live::on_runtime(|| choose(look)).unwrap_or(Ok(StartChoice::Leave)),
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match chosen {
        Ok(StartChoice::Leave) => ExitCode::SUCCESS,
        Ok(StartChoice::Demo) => demo::run(
            global,
            &demo::Arguments { looks: arguments.looks.clone(), ..demo::Arguments::default() },
        ),
        Ok(StartChoice::Sandbox { variant }) => match demo::experiment() {
            Ok(path) => live::run(global, &with(arguments, path.display().to_string(), Some(variant))),
            Err(error) => {
                eprintln!("the experiment of the sandbox cannot be written: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(StartChoice::Experiment { path, sandbox }) => live::run(global, &with(arguments, path, sandbox)),
        Err(error) => {
            eprintln!("the terminal cannot be used: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How it looks here.
fn look(arguments: &live::Arguments) -> Result<config::Appearance, String> {
    let read = config::preferences(arguments.looks.config.clone())?;
    let preferences = arguments.looks.over(read);
    preferences.look(|name| std::env::var(name).ok()).map_err(|error| error.to_string())
}

async fn choose(look: config::Appearance) -> io::Result<StartChoice> {
    let found = tokio::task::spawn_blocking(|| files::experiments(".".as_ref()));
    let found = async { found.await.unwrap_or_default() };
    let mut signals = Signals::listen()?;
    let mut screen = Screen::enter(false)?;
    let mut keys = Keys::listen()?;
    start::choose(&mut screen, &mut keys, &mut signals, (look.theme, look.grounds), found).await
}

/// The command line as it would be typed for what was chosen.
fn with(arguments: &live::Arguments, source: String, sandbox: Option<&str>) -> live::Arguments {
    let mut arguments = live::Arguments { source, ..arguments.clone() };
    if let Some(variant) = sandbox {
        arguments.playing.sandbox = Some(variant.to_owned());
    }
    arguments
}

//! `chaos-tui` without arguments: the start screen, or a short usage text if there is no terminal.

mod files;

use super::{GlobalArgs, config, demo, invocation, live, output::print_page, prepare::Refusal};
use crate::tui::{
    Keys, Signals,
    start::{self, StartChoice},
    terminal::{self, Screen},
};
use color_eyre::eyre::{Result, WrapErr};
use std::{io, process::ExitCode};

/// The usage text printed if there is no terminal.
const LINES: &str = "\
chaos-tui demo                    what a circuit breaker changes, in three lessons; no setup needed
chaos-tui experiment.json         your experiment on a screen, step by step
chaos-tui run experiment.json     the same without a screen, as `chaos run` does
chaos-tui sandbox                 only the embedded cluster, for kubectl and others
chaos-tui --help                  all commands and options; the README explains them
";

/// Shows the start screen and runs the chosen command.
///
/// # Errors
/// If the folder, the config file or the terminal cannot be used.
pub(crate) fn run(global: &GlobalArgs, arguments: &live::Arguments) -> Result<ExitCode> {
    if terminal::check_available().is_err() {
        print_page(&*invocation::as_called(LINES))?;
        return Ok(ExitCode::from(2));
    }
    global.enter_folder()?;
    // The folder is already changed: the chosen command must not change it again.
    let global = &GlobalArgs { change_dir: None, ..global.clone() };
    let (_, look) = live::appearance(&arguments.screen_args.look).map_err(Refusal::usage)?;
    match live::on_runtime(|| choose(look))?.wrap_err("the terminal cannot be used")? {
        StartChoice::Leave => Ok(ExitCode::SUCCESS),
        StartChoice::Demo => demo::run(
            global,
            &demo::Arguments { looks: arguments.screen_args.clone(), ..demo::Arguments::default() },
        ),
        StartChoice::Sandbox { variant } => {
            // Deleted after the session.
            let (path, _folder) =
                demo::experiment().wrap_err("cannot write the experiment of the sandbox")?;
            live::run(global, &with(arguments, path.display().to_string(), Some(variant)))
        }
        StartChoice::Experiment { path, sandbox } => live::run(global, &with(arguments, path, sandbox)),
    }
}

async fn choose(look: config::Appearance) -> io::Result<StartChoice> {
    let found = tokio::task::spawn_blocking(|| files::experiments(".".as_ref()));
    let found = async { found.await.unwrap_or_default() };
    let mut signals = Signals::listen()?;
    let mut screen = Screen::enter(false)?;
    let mut keys = Keys::listen()?;
    start::choose(&mut screen, &mut keys, &mut signals, (look.theme, look.theme_by_background), found).await
}

/// Returns the arguments for the chosen experiment, as if given on the command line.
fn with(arguments: &live::Arguments, source: String, sandbox: Option<&str>) -> live::Arguments {
    let mut arguments = live::Arguments { source, ..arguments.clone() };
    if let Some(variant) = sandbox {
        arguments.run_args.sandbox = Some(variant.to_owned());
    }
    arguments
}

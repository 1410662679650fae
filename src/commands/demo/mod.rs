//! `chaos-tui demo`: three lessons on circuit breakers, in the sandbox.
//!
//! The provider's pod is killed three times: for a consumer without a breaker, for one with a breaker, and for one
//! whose pod is restarted because its breaker is open. All runs are real sessions, and the comparisons use their
//! measurements.

mod guide;
mod headless;
mod lesson;
mod narration;
mod script;

use super::{
    GlobalArgs,
    live::{self, Sequence, SessionOptions},
};
use crate::{printing, report::Comparison, session::Session, tui::terminal};
use color_eyre::eyre::{Result, WrapErr};
use lesson::Lesson;
use script::DemoFolder;
use std::process::ExitCode;

/// Arguments of `demo`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run the lessons without a screen and print the comparisons (automatic if there is no terminal)
    #[arg(long)]
    pub headless: bool,
    /// Requests per second sent as users would
    #[arg(long, value_name = "PER_SECOND", default_value_t = 4.0)]
    pub rate: f64,
    /// Options of the screen.
    #[command(flatten)]
    pub looks: live::ScreenArgs,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { headless: false, rate: 4.0, looks: live::ScreenArgs::default() }
    }
}

/// Writes the experiment of the first two lessons to a file, to be run outside of the demo. Returns its path, and the
/// folder that is deleted when it is dropped.
pub(crate) fn experiment() -> std::io::Result<(std::path::PathBuf, impl Drop)> {
    let folder = DemoFolder::write()?.0;
    Ok((folder.path().join(Lesson::Before.experiment().0), folder))
}

/// Runs the lessons. Exits with 0 if the measurements showed what the lessons teach.
///
/// # Errors
/// If the folder of the demo cannot be written, or a lesson cannot be started.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    let mut script = DemoFolder::write().wrap_err("cannot write the experiments of the demo")?;
    if arguments.headless || terminal::check_available().is_err() {
        without_screen(global, arguments, &mut script)
    } else {
        on_screen(global, arguments, &mut script)
    }
}

/// Runs the lessons on the screen; one key leads to the next. From the second on, each ends with a comparison.
fn on_screen(global: &GlobalArgs, arguments: &Arguments, script: &mut DemoFolder) -> Result<ExitCode> {
    let guided = |lesson| -> live::Guide {
        Box::new(move |host| {
            let (shown, emitter, tap) = (host.session.clone(), host.emitter.clone(), host.bus.subscribe());
            Box::pin(guide::guide(lesson, shown, emitter, tap))
        })
    };
    let mut seen: Vec<Session> = Vec::new();
    let mut presenter = false;
    for (i, lesson) in Lesson::ALL.into_iter().enumerate() {
        let before =
            i.checked_sub(1).and_then(|i| Lesson::ALL.get(i)).map_or("before", |previous| previous.variant());
        let outcome = loop {
            let course = Sequence { next: lesson.next(), names: (before, lesson.variant()) };
            let options = SessionOptions {
                earlier: seen.last().cloned(),
                guide: Some(guided(lesson)),
                sequence: Some(course),
                presenter,
            };
            let outcome = live::run_session(global, &script.session(lesson, arguments), options)?;
            presenter = outcome.presenter;
            if !outcome.again {
                break outcome;
            }
        };
        let left = outcome.early;
        let ended = |session: &Session| session.run.ended.is_some() && session.run.interrupted.is_none();
        // Leaving a lesson leaves the demo. Only a lesson whose run has ended is compared.
        seen.extend(outcome.session.filter(|session| !left || ended(session)));
        if left {
            if seen.len() > 1 {
                conclude(&seen, script);
            }
            return Ok(outcome.code);
        }
    }
    Ok(conclude(&seen, script))
}

/// Runs the lessons without a screen.
fn without_screen(global: &GlobalArgs, arguments: &Arguments, script: &mut DemoFolder) -> Result<ExitCode> {
    let mut seen: Vec<Session> = Vec::new();
    for lesson in Lesson::ALL {
        printing::out(lesson.to_string());
        let session = script.session(lesson, arguments);
        seen.push(live::on_runtime(|| headless::play(global, &session))??);
        printing::out("");
    }
    Ok(conclude(&seen, script))
}

/// Prints the comparison of each lesson with the one before. Exit code 0 means that all figures show the lessons.
fn conclude(seen: &[Session], script: &mut DemoFolder) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (pair, lessons) in seen.windows(2).zip(Lesson::ALL.windows(2)) {
        let ([one, two], [first, second]) = (pair, lessons) else { continue };
        let comparison = Comparison::of((first.variant(), one), (second.variant(), two));
        printing::out(comparison.to_string());
        if let Some(missed) = second.missed(&comparison) {
            printing::err(format!("the measurements of this run do not show the lesson: {missed}"));
            code = ExitCode::FAILURE;
        }
    }
    printing::out(format!("journals, until the next demo or sandbox: {}", script.folder().display()));
    script.keep();
    code
}

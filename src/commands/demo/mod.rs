//! `chaos-tui demo`: the lesson of the circuit breaker, in the sandbox.
//!
//! The same kill twice, first against a consumer without a breaker, then against one with. Nothing is canned: both runs
//! are real sessions, and the comparison is made from what they measured.

mod guide;
mod headless;
mod script;
mod telling;

use super::{
    Global,
    live::{self, Setting, Sitting},
};
use crate::{
    report::Comparison,
    session::{Session, verdict::Standing},
    tui::terminal,
};
use script::Script;
use std::{fmt, process::ExitCode};

/// What the command line says.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Play both lessons without a screen and print the comparison (what happens by itself without a terminal)
    #[arg(long)]
    pub headless: bool,
    /// Requests a second, as users would send them
    #[arg(long, value_name = "PER_SECOND", default_value_t = 4.0)]
    pub rate: f64,
    /// How it looks.
    #[command(flatten)]
    pub looks: live::Looks,
}

/// Which half of the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lesson {
    /// A consumer without a circuit breaker.
    Before,
    /// The same with one.
    After,
}

impl Lesson {
    /// The sandbox's variant.
    fn variant(self) -> &'static str {
        match self {
            Lesson::Before => "before",
            Lesson::After => "after",
        }
    }
}

/// Plays both lessons; exits with 0 when the lesson was shown.
pub fn run(global: &Global, arguments: &Arguments) -> ExitCode {
    let script = match Script::write() {
        Ok(script) => script,
        Err(error) => {
            eprintln!("the demo cannot write its experiment: {error}");
            return ExitCode::FAILURE;
        }
    };
    let played = if arguments.headless || terminal::possible().is_err() {
        by_itself(global, arguments, &script)
    } else {
        on_screen(global, arguments, &script)
    };
    played.unwrap_or_else(|code| code)
}

/// Both lessons on the screen; the second one ends with both side by side.
fn on_screen(global: &Global, arguments: &Arguments, script: &Script) -> Result<ExitCode, ExitCode> {
    let guided = |lesson| -> live::Guide {
        Box::new(move |assembly| {
            let (shown, emitter, tap) =
                (assembly.shown.clone(), assembly.emitter.clone(), assembly.handle.taps.open());
            Box::pin(guide::guide(lesson, shown, emitter, tap))
        })
    };
    let sit = |lesson, earlier: Option<Session>| loop {
        let setting = Setting { earlier: earlier.clone(), guide: Some(guided(lesson)) };
        return match live::sit(global, &script.session(lesson, arguments), setting) {
            Sitting { again: true, .. } => continue,
            // Whoever leaves a lesson leaves the demo. How its run ended is no matter where it was seen to the end.
            Sitting { session: Some(session), early: false, .. } => Ok(session),
            Sitting { code, .. } => Err(code),
        };
    };
    let before = sit(Lesson::Before, None)?;
    let after = sit(Lesson::After, Some(before.clone()))?;
    Ok(conclude(&before, &after, script))
}

/// Both lessons without a screen.
fn by_itself(global: &Global, arguments: &Arguments, script: &Script) -> Result<ExitCode, ExitCode> {
    let play = |lesson: Lesson| {
        println!("{lesson}");
        let session = script.session(lesson, arguments);
        let played = live::on_runtime(|| headless::play(global, &session)).ok_or(ExitCode::FAILURE)?;
        played.map_err(|refusal| {
            eprintln!("{}", refusal.message);
            ExitCode::from(refusal.code)
        })
    };
    let before = play(Lesson::Before)?;
    let after = play(Lesson::After)?;
    println!();
    Ok(conclude(&before, &after, script))
}

/// Prints the comparison; the exit code says whether the lesson was shown by what was measured.
fn conclude(before: &Session, after: &Session, script: &Script) -> ExitCode {
    let comparison = Comparison::of(("before", before), ("after", after));
    println!("{comparison}");
    println!("journals: {}", script.folder().display());
    match missed(&comparison) {
        None => ExitCode::SUCCESS,
        Some(missed) => {
            eprintln!("the lesson was not shown this time: {missed}");
            ExitCode::FAILURE
        }
    }
}

/// What the figures do not show of the lesson, if anything.
fn missed(comparison: &Comparison) -> Option<&'static str> {
    let (before, after) = (&comparison.before, &comparison.after);
    if before.conclusion.standing != Standing::Weak {
        return Some("without a breaker, users were not let down");
    }
    if after.figures.users.fallback == 0 {
        return Some("with the breaker, users got no fallback");
    }
    (after.conclusion.standing == Standing::Weak).then_some("users were let down with the breaker too")
}

impl fmt::Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Lesson::Before => {
                "Lesson 1 of 2: the provider's pod is killed; the consumer has no circuit breaker"
            }
            Lesson::After => {
                "\nLesson 2 of 2: the same kill; the consumer has a circuit breaker and a fallback"
            }
        })
    }
}

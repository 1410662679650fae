//! `chaos-tui demo`: the lesson of the circuit breaker, in the sandbox.
//!
//! The same kill twice, first against a consumer without a breaker, then against one with. Nothing is canned: both runs
//! are real sessions, and the comparison is made from what they measured.

mod guide;
mod headless;
mod script;

use super::{
    Global,
    live::{self, BUG},
};
use crate::{
    report,
    session::{Session, event::Timestamp},
};
use script::Script;
use std::{io::IsTerminal, process::ExitCode};

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

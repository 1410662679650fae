//! The edge of the program: every error of a command and every panic is reported through `color_eyre`.
//!
//! An error is one line on standard error: `error: `, the message, and its causes joined by `: `. With `RUST_BACKTRACE=1` it is
//! the whole report, with the place in the code and a backtrace. A panic is a bug of ours, and its report says so.

use super::prepare::Refusal;
use color_eyre::{Report, config::HookBuilder};
use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

/// What a report of a panic ends with.
const BUG_HINT: &str = "This is a bug in chaos-tui. Please report it with the message above, the command line, and the file of \
    --record if there is one.\nRUST_BACKTRACE=1 adds a backtrace.";

/// Installs the hooks for panics and error reports. Called once, before anything else.
///
/// The screen restores the terminal in a hook of its own, which runs before this one.
pub(crate) fn install() {
    let mut builder = HookBuilder::default().display_env_section(false).panic_section(BUG_HINT);
    if !io::stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        builder = builder.theme(color_eyre::config::Theme::new());
    }
    // Fails only where hooks are installed already, as in a test.
    let _ = builder.install();
}

/// Prints an error and returns the exit code that belongs to it: that of a [`Refusal`], else 1.
pub(crate) fn print(report: &Report) -> ExitCode {
    let text = if wants_backtrace() { format!("{report:?}") } else { format!("error: {report:#}") };
    // The terminal may be gone; the exit code is what is left.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(report.downcast_ref::<Refusal>().map_or(1, |refusal| refusal.code))
}

/// Whether the environment asks for backtraces, by the variable that the standard library reads.
fn wants_backtrace() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0")
}

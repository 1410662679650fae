//! Reports every command error and every panic through `color_eyre`.
//!
//! An error is one line on standard error: `error: `, the message, and its causes joined by `: `. With
//! `RUST_BACKTRACE=1` the full report is printed, with the code location and a backtrace. A panic is reported as a
//! bug in chaos-tui.

use super::{invocation, output::stderr_has_colours, prepare::Refusal};
use color_eyre::{Report, config::HookBuilder};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// The last section of a panic report.
const BUG_HINT: &str = "This is a bug in chaos-tui. Please report it with the message above, the command line, and the file of \
    --record if there is one.\nRUST_BACKTRACE=1 adds a backtrace.";

/// Installs the hooks for panics and error reports. Called once, before anything else.
///
/// The screen's own panic hook, which restores the terminal, runs before this one.
pub(crate) fn install() {
    let mut builder = HookBuilder::default().display_env_section(false).panic_section(BUG_HINT);
    if !stderr_has_colours() {
        builder = builder.theme(color_eyre::config::Theme::new());
    }
    // Fails only if hooks are already installed, as in a test.
    let _ = builder.install();
}

/// Prints an error and returns its exit code: the code of a [`Refusal`], else 1.
pub(crate) fn print(report: &Report) -> ExitCode {
    let text = if wants_backtrace() {
        format!("{report:?}")
    } else {
        invocation::as_called(&format!("error: {report:#}")).into_owned()
    };
    // A closed terminal is ignored; the exit code still reports the error.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(report.downcast_ref::<Refusal>().map_or(1, |refusal| refusal.code))
}

/// Returns whether `RUST_BACKTRACE` enables backtraces.
fn wants_backtrace() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0")
}

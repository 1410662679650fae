//! Reports every command error and every panic through `color_eyre`.
//!
//! An error is one line on standard error: `error: `, the message, and its causes joined by `: `. With
//! `RUST_BACKTRACE=1` the full report is printed, with the code location and a backtrace. A panic is reported as a
//! bug in chaos-tui.

use super::{
    config, invocation,
    output::{stderr_has_colours, stdout_has_colours},
    prepare::Refusal,
};
use crate::printing::{self, Printed};
use color_eyre::{Report, config::HookBuilder};
use std::process::ExitCode;

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
    let (panics, reports) = builder.into_hooks();
    // Fails only if a hook is already installed, as in a test.
    let _ = reports.install();
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
        let report = panics.panic_report(panic).to_string();
        printing::err(Printed::coloured_by_library(report, [message]));
    }));
}

/// Prints an error and returns its exit code: the code of a [`Refusal`], else 1.
pub(crate) fn print(report: &Report) -> ExitCode {
    let message = format!("error: {report:#}");
    printing::last_err(if wants_backtrace() {
        Printed::coloured_by_library(format!("{report:?}"), [message])
    } else {
        invocation::as_called(&message).into_owned().into()
    });
    ExitCode::from(report.downcast_ref::<Refusal>().map_or(1, |refusal| refusal.code))
}

/// Prints a usage error, or the help that was asked for, and exits as clap does. What clap repeats comes from the
/// arguments, and from the variable that stands for one.
pub(crate) fn exit_usage(error: &clap::Error) -> ! {
    let sources = std::env::args_os()
        .chain(std::env::var_os(config::VARIABLE))
        .map(|text| text.to_string_lossy().into_owned());
    let (terminal, shown): (bool, fn(Printed)) = if error.use_stderr() {
        (stderr_has_colours(), |text| printing::err(text))
    } else {
        (stdout_has_colours(), |text| printing::out(text))
    };
    let text = error.render();
    let text = if terminal { text.ansi().to_string() } else { text.to_string() };
    shown(Printed::coloured_by_library(text.trim_end().to_owned(), sources));
    std::process::exit(error.exit_code())
}

/// Returns whether `RUST_BACKTRACE` enables backtraces.
fn wants_backtrace() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0")
}

//! Standard output of commands that print a page of text, and the colours of standard error.

use crate::printing::{self, Printed};
use color_eyre::eyre::{Result, WrapErr};
use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

/// Whether standard error is a terminal that may be sent colours: `NO_COLOR` is unset or empty.
pub(crate) fn stderr_has_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether standard output is a terminal that may be sent colours.
pub(crate) fn stdout_has_colours() -> bool {
    io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes a page to standard output. A reader that closes the pipe early, such as `head`, is not an error.
///
/// # Errors
/// If standard output cannot be written for another reason.
pub(crate) fn print_page(page: impl Into<Printed>) -> Result<ExitCode> {
    printing::print_page(page).wrap_err("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

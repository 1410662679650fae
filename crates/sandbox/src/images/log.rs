//! The services' log: lines on stdout, where a container's log belongs.

use std::fmt::Arguments;
use std::io::Write;

/// Writes one line. A reader who went away is no reason to stop serving, so a failure is not one here.
pub(super) fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

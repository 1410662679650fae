//! The log of the demo services: lines on stdout, as usual for containers.

use std::{fmt::Arguments, io::Write};

/// Writes one line. Write errors are ignored, so that a closed pipe does not stop the service.
pub(super) fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

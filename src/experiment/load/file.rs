//! Loads files: the extension determines the format, case-sensitively.

use super::{Format, LoadError, read_bounded};
use pyvalue::Document;
use std::{io::ErrorKind, path::Path};

/// Reads a file and parses it in the format of its extension.
pub(super) fn read(path: &str) -> Result<Document, LoadError> {
    let unreadable = |reason: String| LoadError::Unreadable { path: path.to_owned(), reason };
    // The format is checked first: a file of another type is not opened, which would block on a named pipe.
    let format = format_of(path)?;
    let bytes = read_bounded(Path::new(path)).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => LoadError::TooLarge(path.to_owned()),
        _ => unreadable(error.to_string()),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        unreadable(format!(
            "byte {} is not valid UTF-8; save the file as UTF-8",
            error.utf8_error().valid_up_to()
        ))
    })?;
    let text = match format {
        // A YAML stream may begin with a byte order mark; JSON may not.
        Format::Yaml => text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text),
        Format::Json => text,
    };
    format.parse(path, text)
}

fn format_of(path: &str) -> Result<Format, LoadError> {
    match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("json") => Ok(Format::Json),
        Some("yaml" | "yml") => Ok(Format::Yaml),
        Some(other) => Err(LoadError::Format(format!(", not '.{other}': rename {path}"))),
        None => Err(LoadError::Format(format!(": rename {path}"))),
    }
}

//! Loads a document from a source: the format is determined by the file extension, or by the content type for URLs
//! (experiment-format 1).

mod bounded;
mod file;
mod settings;
mod url;

use super::{Environment, Finding, Severity};
pub use bounded::{read_bounded, read_output, read_text_bounded, read_without_blocking};
use pyvalue::{Document, Position, SyntaxError};
pub use settings::{Settings, SettingsError};

/// The maximum number of bytes read from a source. An experiment is a few KiB; the limit keeps a wrong path from
/// exhausting the memory.
pub const MAX_SOURCE: usize = 64 << 20;

/// Why a source cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The path does not exist.
    #[error("Path \"{0}\" does not exist.")]
    NoSuchPath(String),
    /// The scheme is neither http nor https.
    #[error("'{0}' is not a supported source scheme.")]
    Scheme(String),
    /// The file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable { path: String, reason: String },
    /// The file extension or the content type is neither JSON nor YAML.
    #[error("only files with json, yaml or yml extensions are supported{0}")]
    Format(String),
    /// The server answered with another status than 200.
    #[error("Failed to fetch the experiment: {0}")]
    Fetch(String),
    /// The server did not answer.
    #[error("cannot fetch {url}: {reason}")]
    Connect { url: String, reason: String },
    /// The source is larger than [`MAX_SOURCE`].
    #[error("{0} is larger than 64 MiB, so it is not read as an experiment")]
    TooLarge(String),
    /// The syntax is invalid.
    #[error("{} {origin}:{}:{}: {}", .format.failed(), .error.position.line, .error.position.column, .error.message)]
    Syntax {
        /// Path or URL.
        origin: String,
        /// The format that was parsed.
        format: Format,
        /// The message and the position.
        error: SyntaxError,
        line: String,
    },
}

/// The formats of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// YAML 1.1.
    Yaml,
}

impl LoadError {
    /// Converts the error to a finding, with the line it refers to; only a syntax error refers to one.
    pub fn finding(&self) -> (Finding, Option<String>) {
        let (code, remedy) = match self {
            Self::Syntax { .. } => ("E-SYNTAX", "correct the syntax here"),
            Self::NoSuchPath(_) => ("E-LOAD", "give the path of an existing file, or a URL"),
            Self::Scheme(_) => ("E-LOAD", "use http or https, or a file"),
            Self::Format(_) => ("E-LOAD", "use the extension .json, .yaml or .yml"),
            _ => ("E-LOAD", "check that it can be read from here"),
        };
        let (position, message, line) = match self {
            Self::Syntax { error, line, .. } => (error.position, error.message.clone(), Some(line.clone())),
            other => (Position { line: 1, column: 1, length: 1 }, other.to_string(), None),
        };
        let finding = Finding {
            code,
            severity: Severity::Error,
            place: "$".to_owned(),
            position,
            message,
            remedy: remedy.to_owned(),
            class: "InvalidSource",
            reference_message: Some(self.to_string()),
        };
        (finding, line)
    }
}

impl Format {
    fn failed(self) -> &'static str {
        match self {
            Format::Json => "Failed parsing JSON experiment:",
            Format::Yaml => "Failed parsing YAML experiment:",
        }
    }

    fn parse(self, source: &str, text: String) -> Result<Document, LoadError> {
        let parsed = match self {
            Format::Json => Document::of_json(source.to_owned(), text),
            Format::Yaml => Document::of_yaml(source.to_owned(), text),
        };
        parsed.map_err(|(error, text)| {
            let line = text.lines().nth(error.position.line.saturating_sub(1)).unwrap_or_default().to_owned();
            LoadError::Syntax { origin: source.to_owned(), format: self, error, line }
        })
    }
}

/// The settings for loading a source.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Whether certificates are checked.
    pub verify_tls: bool,
    /// The environment that may contain the bearer token.
    pub environment: &'a Environment,
    /// The settings that may contain `auths`.
    pub settings: &'a Settings,
}

/// The maximum number of bytes of a file that is read on the calling thread. Starting a thread takes longer than
/// reading most files, and its memory is allocated in small pieces; but a large file would delay the handling of
/// signals.
const AT_ONCE: u64 = 8 << 20;

/// Loads an experiment from a path or a URL. It is not validated.
pub async fn load(source: &str, access: Access<'_>) -> Result<Document, LoadError> {
    if let Ok(metadata) = std::fs::metadata(source) {
        if metadata.is_file() && metadata.len() <= AT_ONCE {
            return file::read(source);
        }
        // A named pipe is read too, which blocks until another process writes to it.
        let path = source.to_owned();
        let reading = tokio::task::spawn_blocking(move || file::read(&path));
        return reading.await.unwrap_or_else(|error| {
            Err(LoadError::Unreadable { path: source.to_owned(), reason: error.to_string() })
        });
    }
    url::fetch(source, access).await
}

#[cfg(test)]
mod tests;

//! From a source to a document: files by extension, URLs by content type (experiment-format 1).

mod bounded;
mod file;
mod settings;
mod url;

pub use bounded::{patiently, read_bounded, read_text_bounded};
pub use settings::{Settings, SettingsError};

use super::{Environment, Finding, Severity};
use pyvalue::{Document, Position, SyntaxError};

/// Bytes of a source that are read. An experiment is a few KiB; this keeps a wrong path from filling the memory.
pub const MAX_SOURCE: usize = 64 << 20;

/// Why a source is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Nothing is there.
    #[error("Path \"{0}\" does not exist.")]
    NoSuchPath(String),
    /// The scheme is neither http nor https.
    #[error("'{0}' is not a supported source scheme.")]
    Scheme(String),
    /// It cannot be read as a file.
    #[error("cannot read {path}: {reason}")]
    Unreadable { path: String, reason: String },
    /// The name, or the type of the answer, says neither JSON nor YAML.
    #[error("only files with json, yaml or yml extensions are supported{0}")]
    Format(String),
    /// The server answered with something else than 200.
    #[error("Failed to fetch the experiment: {0}")]
    Fetch(String),
    /// The server did not answer.
    #[error("cannot fetch {url}: {reason}")]
    Connect { url: String, reason: String },
    /// It is bigger than [`MAX_SOURCE`].
    #[error("{0} is larger than 64 MiB, so it is not read as an experiment")]
    TooLarge(String),
    /// The syntax is broken.
    #[error("{} {origin}:{}:{}: {}", .format.failed(), .error.position.line, .error.position.column, .error.message)]
    Syntax {
        /// Path or URL.
        origin: String,
        /// In which language.
        format: Format,
        /// What and where.
        error: SyntaxError,
        line: String,
    },
}

/// The languages of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// YAML 1.1.
    Yaml,
}

impl LoadError {
    /// The error as a finding, with the line it is about; what is no matter of syntax is about the first.
    pub fn finding(&self, source: &str) -> (Finding, String) {
        let (code, remedy) = match self {
            Self::Syntax { .. } => ("E-SYNTAX", "mend the syntax here"),
            Self::NoSuchPath(_) => ("E-LOAD", "name a file that is there, or a URL"),
            Self::Scheme(_) => ("E-LOAD", "use http or https, or a file"),
            Self::Format(_) => ("E-LOAD", "call it .json, .yaml or .yml"),
            _ => ("E-LOAD", "check that it can be read from here"),
        };
        let (position, message, line) = match self {
            Self::Syntax { error, line, .. } => (error.position, error.message.clone(), line.clone()),
            other => (Position { line: 1, column: 1, length: 1 }, other.to_string(), source.to_owned()),
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

/// How a source is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Whether certificates are checked.
    pub verify_tls: bool,
    /// Where the bearer token may be.
    pub environment: &'a Environment,
    /// Where `auths` may be.
    pub settings: &'a Settings,
}

/// Bytes of a file that is read at once. A thread takes longer to come than most files to be read, and gets its memory in
/// small pieces; but what takes longer than a blink must not hold up signals.
const AT_ONCE: u64 = 8 << 20;

/// Loads an experiment from a path or a URL. It is not validated.
pub async fn load(source: &str, access: Access<'_>) -> Result<Document, LoadError> {
    if let Ok(metadata) = std::fs::metadata(source) {
        if metadata.is_file() && metadata.len() <= AT_ONCE {
            return file::read(source);
        }
        // A named pipe is read too, for as long as somebody takes to write into it.
        let path = source.to_owned();
        let reading = tokio::task::spawn_blocking(move || file::read(&path));
        return reading.await.unwrap_or_else(|error| {
            Err(LoadError::Unreadable { path: source.to_owned(), reason: error.to_string() })
        });
    }
    url::fetch(source, access).await
}

/// The body of an answer, at most `limit` bytes of it; tells whether that is all.
pub(super) async fn body(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<(Vec<u8>, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Ok((body, false));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, true))
}

#[cfg(test)]
mod tests;

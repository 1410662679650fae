//! A session in a file: a header line, then JSON lines of events, appended as they happen. `docs/recording.md` is its
//! description for other programs.
//!
//! Reading the file yields the events, from which the reducer computes the same state. The process may be killed at any
//! moment: what was appended is kept, and a torn last line is no error.

mod lines;
mod reader;
#[cfg(test)]
mod tests;
mod timeline;
mod writer;

pub use reader::{Events, open};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
pub use timeline::{Landmark, LandmarkKind, Position, Timeline};
pub use writer::{Recorder, RecordingThread};

/// The format that is written, and the newest that is read.
///
/// Version 2 adds gaps (`NotObserved`), unjudged successes, counted calls and passive sessions; version 3, requests that a
/// broken port-forward lost; version 4, whether the session is on record, and what earlier sessions left on; version 5 packs
/// requests and repeated reports.
pub const FORMAT: u32 = 5;

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub format: u32,
    /// The program that wrote it: `chaos-tui 0.1.0`.
    pub tool: String,
    /// Fingerprint of the experiment's text, to distinguish recordings of different files. Not cryptographic.
    pub experiment: String,
}

impl Header {
    /// Creates a header of this program for an experiment's text.
    pub fn new(experiment: &[u8]) -> Self {
        let tool = concat!("chaos-tui ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { format: FORMAT, tool, experiment: fingerprint(experiment) }
    }
}

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be opened, created, written or read.
    #[error("the recording {path} cannot be {verb}: {source}")]
    Io {
        /// `opened`, `made`, `written`, `read`.
        verb: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// The file does not begin with a header.
    #[error("{path} is not a chaos-tui recording: its first line is not a header; pass a .ctui file")]
    NoHeader { path: PathBuf },
    /// The file holds no event.
    #[error(
        "the recording {path} holds no events: its session was killed before anything happened, or it is damaged"
    )]
    Empty { path: PathBuf },
    /// A newer program wrote it.
    #[error(
        "{path} was written by {tool} in format {format}; this version reads formats up to {FORMAT}: update chaos-tui"
    )]
    Newer {
        path: PathBuf,
        /// The program that wrote it.
        tool: String,
        format: u32,
    },
    /// An event cannot be serialised to JSON.
    #[error("an event cannot be written to the recording: {0}")]
    Event(#[source] serde_json::Error),
}

/// Returns the 64-bit FNV-1a hash in hexadecimal digits, which is the same on every machine.
fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

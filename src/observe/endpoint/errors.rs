//! Why a user got nothing, from what the HTTP client says.

use crate::session::event::ErrorKind;
use std::{error::Error, io};

/// The kind of a request that failed without an answer.
pub(super) fn kind(error: &reqwest::Error) -> ErrorKind {
    if error.is_timeout() {
        return ErrorKind::Timeout;
    }
    let chain = || std::iter::successors(error.source(), |error| inner(*error));
    if chain().any(|error| error.is::<rustls::Error>()) {
        return ErrorKind::Tls;
    }
    if let Some(kind) = chain().filter_map(|error| error.downcast_ref::<io::Error>()).find_map(of_io) {
        return kind;
    }
    // The resolver's error has no public type; its text is all there is.
    if error.is_connect() && chain().any(|error| error.to_string().starts_with("dns error")) {
        return ErrorKind::Dns;
    }
    if chain()
        .filter_map(|error| error.downcast_ref::<hyper::Error>())
        .any(hyper::Error::is_incomplete_message)
    {
        return ErrorKind::Reset;
    }
    ErrorKind::Other
}

/// The cause of an error; an I/O error may hide another one as its content.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(content) => Some(content),
        None => error.source(),
    }
}

fn of_io(error: &io::Error) -> Option<ErrorKind> {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, NotConnected, TimedOut,
        UnexpectedEof,
    };
    match error.kind() {
        ConnectionRefused => Some(ErrorKind::Refused),
        ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected | UnexpectedEof => {
            Some(ErrorKind::Reset)
        }
        TimedOut => Some(ErrorKind::Timeout),
        _ => None,
    }
}

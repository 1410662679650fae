//! Classifies the errors of the HTTP client: why a user got no answer.

use crate::session::event::ErrorKind;
use std::{error::Error, io};

/// The kind of a request that failed before an answer began.
pub(super) fn of_head(error: &reqwest::Error) -> ErrorKind {
    if error.is_timeout() {
        return ErrorKind::Timeout;
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return of_tls(tls);
    }
    if let Some(kind) = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).find_map(of_io) {
        return kind;
    }
    // Neither the resolver's error nor the proxy's has a public type, so only their texts can be matched.
    let says = |text: &str| chain(error).any(|error| error.to_string().starts_with(text));
    if error.is_connect() && says("dns error") {
        return ErrorKind::Dns;
    }
    if says("tunnel error") || says("unsuccessful tunnel") || says("proxy ") || says("socks") {
        return ErrorKind::Proxy;
    }
    match find::<hyper::Error>(error) {
        Some(error) if error.is_parse_too_large() => ErrorKind::HeadTooLarge,
        Some(error) if error.is_parse() => ErrorKind::Protocol,
        Some(error) if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
            ErrorKind::Reset
        }
        Some(_) => ErrorKind::Protocol,
        None if error.is_connect() => ErrorKind::Unreachable,
        // The target of a redirect cannot be requested.
        None if error.is_builder() => ErrorKind::Astray,
        None => ErrorKind::Reset,
    }
}

/// The kind of an answer that failed in its body.
pub(super) fn of_body(error: &reqwest::Error) -> ErrorKind {
    if error.is_timeout() {
        return ErrorKind::Timeout;
    }
    let io = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).last();
    match io.map(io::Error::kind) {
        // An invalid chunk.
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            match find::<rustls::Error>(error) {
                Some(tls) => of_tls(tls),
                None => ErrorKind::Protocol,
            }
        }
        _ => ErrorKind::CutShort,
    }
}

/// Whether a connection was closed without a TLS `close_notify`. That ends a body without another end.
pub(super) fn is_end(error: &reqwest::Error) -> bool {
    let io = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).last();
    io.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| inner(*error))
}

fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    chain(error).find_map(|error| error.downcast_ref::<T>())
}

/// The cause of an error; an I/O error may contain another error.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(content) => Some(content),
        None => error.source(),
    }
}

fn of_tls(error: &rustls::Error) -> ErrorKind {
    use rustls::{
        CertificateError as Why,
        Error::{InvalidCertificate, InvalidMessage},
    };
    match error {
        InvalidCertificate(
            Why::Expired | Why::ExpiredContext { .. } | Why::NotValidYet | Why::NotValidYetContext { .. },
        ) => ErrorKind::Expired,
        InvalidCertificate(Why::NotValidForName | Why::NotValidForNameContext { .. }) => ErrorKind::WrongName,
        InvalidCertificate(_) => ErrorKind::Untrusted,
        InvalidMessage(rustls::InvalidMessage::InvalidContentType) => ErrorKind::NotTls,
        _ => ErrorKind::Tls,
    }
}

fn of_io(error: &io::Error) -> Option<ErrorKind> {
    use io::ErrorKind::{
        AddrInUse, AddrNotAvailable, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset,
        HostUnreachable, NetworkDown, NetworkUnreachable, NotConnected, OutOfMemory, PermissionDenied,
        TimedOut, UnexpectedEof,
    };
    match error.kind() {
        ConnectionRefused => Some(ErrorKind::Refused),
        ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected | UnexpectedEof => {
            Some(ErrorKind::Reset)
        }
        TimedOut => Some(ErrorKind::Timeout),
        HostUnreachable | NetworkUnreachable | NetworkDown | PermissionDenied => Some(ErrorKind::Unreachable),
        AddrInUse | AddrNotAvailable | OutOfMemory => Some(ErrorKind::Ours),
        _ => matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS))
            .then_some(ErrorKind::Ours),
    }
}

//! Figures as sentences write them.

use crate::session::event::{BreakerState, ErrorKind, Source};

/// A waiting time: `under 1 ms`, `6 ms`, `5.3 s`, `120 s`.
pub fn wait(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => "under 1 ms".to_owned(),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 99_950.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.0} s", ms / 1000.0),
    }
}

/// Seconds with one digit: `6.2 s`; from 100 s on without.
pub fn seconds(seconds: f64) -> String {
    if seconds.abs() < 99.95 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

/// A moment on the axis: `T+6.2`, `T-3.0`.
pub fn moment(since_t0: f64) -> String {
    format!("T{since_t0:+.1}")
}

/// A count with its noun: `1 user`, `5 users`.
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// An error's kind in a word or two.
pub fn error(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Refused => "refused",
        ErrorKind::Reset => "reset",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Tls => "TLS",
        ErrorKind::Dns => "name unknown",
        ErrorKind::Client => "HTTP 4xx",
        ErrorKind::Server => "HTTP 5xx",
        ErrorKind::Other => "other",
    }
}

/// A source of observations in a word or two.
pub fn source(source: Source) -> &'static str {
    match source {
        Source::Api => "Kubernetes API",
        Source::Pods => "watch of pods",
        Source::Endpoints => "watch of endpoints",
        Source::Workloads => "watch of Deployments",
        Source::ClusterEvents => "watch of events",
        Source::Users => "probe of users",
        Source::Health => "health page",
        Source::Metrics => "metrics page",
    }
}

/// A breaker's state in capitals: `HALF-OPEN`.
pub fn breaker(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Unknown => "UNKNOWN",
        BreakerState::Closed => "CLOSED",
        BreakerState::Open => "OPEN",
        BreakerState::HalfOpen => "HALF-OPEN",
        BreakerState::NoneSeen => "NONE SEEN",
    }
}

//! Times as Kubernetes writes them.

use jiff::{Timestamp, tz::TimeZone};

/// `metav1.Time`: whole seconds, `2026-11-23T05:00:00Z`.
pub fn seconds(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `metav1.MicroTime`: six digits, `2026-11-23T05:00:00.123456Z`.
pub fn micros(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Now, as `metav1.Time`.
pub fn now() -> String {
    seconds(Timestamp::now())
}

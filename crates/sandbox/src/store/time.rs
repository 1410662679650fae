//! Timestamps in the formats of Kubernetes.

use jiff::{Timestamp, tz::TimeZone};

/// Formats a `metav1.Time`, with whole seconds: `2026-11-23T05:00:00Z`.
pub fn seconds(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Formats a `metav1.MicroTime`, with six fractional digits: `2026-11-23T05:00:00.123456Z`.
pub fn micros(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Returns the current time as `metav1.Time`.
pub fn now() -> String {
    seconds(Timestamp::now())
}

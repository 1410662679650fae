//! Formats figures for use in sentences.

use crate::{
    printing::without_url_passwords,
    session::{
        clock::local_zone,
        event::{BreakerState, Confidence, ErrorKind, Gap, GapCause, NamedState, OtherOperator, Source},
    },
};

/// The maximum number of characters shown of an error.
const SHOWN: usize = 200;

/// Formats a waiting time: `<1 ms`, `6 ms`, `5.3 s`, `120 s`.
pub fn wait(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => "<1 ms".to_owned(),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 99_950.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.0} s", ms / 1000.0),
    }
}

/// Formats a waiting time that may still grow: `at least 6.2 s`.
pub fn wait_at_least(ms: f64, still: bool) -> String {
    if still { format!("at least {}", wait(ms)) } else { wait(ms) }
}

/// Formats a configured limit: `1 s`, `1.5 s`, `300 ms`.
pub fn limit(ms: u64) -> String {
    match ms {
        ms if ms < 1000 => format!("{ms} ms"),
        ms if ms % 1000 == 0 => format!("{} s", ms / 1000),
        ms => format!("{:.1} s", ms as f64 / 1000.0),
    }
}

/// Who else has a fault on at the target, and since when: `ana@laptop has a fault on here too, since 12:04 (session 3f2a)`.
pub fn other_operator(other: &OtherOperator) -> String {
    let since =
        other.since.map(|since| since.to_zoned(local_zone().clone()).strftime(", since %H:%M").to_string());
    let session = other.session.as_ref().map(|id| format!(" (session {id})")).unwrap_or_default();
    format!("{} has a fault on at this target{}{session}", other.who, since.unwrap_or_default())
}

/// Describes a gap: how long nothing was observed, and why.
pub fn gap(gap: &Gap) -> String {
    let why = match gap.cause {
        GapCause::Stopped => "this program did not run: it was suspended, or the machine was stalled",
        GapCause::Asleep => "the machine slept",
        GapCause::PortForward => {
            return format!(
                "users were not observed for {}: the port-forward was broken; its requests are not counted",
                seconds(gap.seconds())
            );
        }
    };
    format!(
        "not observed for {}: {why}; no requests were sent, and requests in flight are not counted",
        seconds(gap.seconds())
    )
}

/// Returns the cause of a gap in a few words.
pub fn gap_cause(gap: &Gap) -> &'static str {
    if gap.is_total() { "this program did not run" } else { "the port-forward was broken" }
}

/// Formats seconds with one decimal: `6.2 s`; from 100 s on without.
pub fn seconds(seconds: f64) -> String {
    if seconds.abs() < 99.95 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

/// Formats a moment relative to T0: `T+6.2`, `T-3.0`.
pub fn moment(since_t0: f64) -> String {
    format!("T{since_t0:+.1}")
}

/// Formats a moment relative to T0 in whole seconds, for notes and due times: `T+13`, `T-3`.
pub fn whole_second_moment(since_t0: f64) -> String {
    format!("T{since_t0:+.0}").replace("T-0", "T+0")
}

/// Formats a share in percent: `94 %`; `<1 %` for a part that is not zero, and 100 % only for the whole.
pub fn share(part: u64, of: u64) -> String {
    match part as f64 * 100.0 / of.max(1) as f64 {
        percent if part > 0 && percent < 1.0 => "<1 %".to_owned(),
        percent if part < of => format!("{:.0} %", percent.min(99.0)),
        percent => format!("{percent:.0} %"),
    }
}

/// Formats a count with its noun: `1 user`, `5 users`, `2 successes`.
pub fn count(n: u64, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{n} {noun}es"),
        _ => format!("{n} {noun}s"),
    }
}

/// Returns an error kind in a word or two.
pub fn error(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Refused => "refused",
        ErrorKind::NoReadyPod => "no ready pod",
        ErrorKind::Unreachable => "unreachable",
        ErrorKind::Reset => "reset",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Dns => "host not found",
        ErrorKind::Proxy => "proxy",
        ErrorKind::Tls => "TLS",
        ErrorKind::NotTls => "server without TLS",
        ErrorKind::Untrusted => "certificate not trusted",
        ErrorKind::Expired => "certificate expired or not yet valid",
        ErrorKind::WrongName => "certificate name mismatch",
        ErrorKind::Protocol => "not an HTTP response",
        ErrorKind::HeadTooLarge => "headers too large",
        ErrorKind::CutShort => "body cut short",
        ErrorKind::Undecodable => "body not decodable",
        ErrorKind::Redirects => "too many redirects",
        ErrorKind::Astray => "invalid redirect",
        ErrorKind::Client => "HTTP 4xx",
        ErrorKind::Server => "HTTP 5xx",
        ErrorKind::Ours => "not sent: our own limits",
        ErrorKind::Other => "other error",
    }
}

/// Returns a source of observations in a word or two.
pub fn source(source: Source) -> &'static str {
    match source {
        Source::Api => "Kubernetes API",
        Source::Pods => "watch of pods",
        Source::Endpoints => "watch of endpoints",
        Source::Workloads => "watch of Deployments",
        Source::ClusterEvents => "watch of events",
        Source::Kubelets => "kubelet",
        Source::Users => "probe of users",
        Source::Health => "health page",
        Source::Metrics => "metrics page",
    }
}

/// Returns a breaker state in capitals: `HALF-OPEN`.
pub fn breaker(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Unknown => "UNKNOWN",
        BreakerState::ClosedOrNone => "CLOSED or none",
        BreakerState::Closed => "CLOSED",
        BreakerState::Open => "OPEN",
        BreakerState::HalfOpen => "HALF-OPEN",
        BreakerState::NotSeenYet => "NOT SEEN YET",
        BreakerState::NoBreakerSeen => "NO BREAKER SEEN",
        BreakerState::FallbackAtOnce => "FALLBACK AT ONCE",
        BreakerState::Mixed => "MIXED",
        BreakerState::Disabled => "DISABLED",
        BreakerState::MetricsOnly => "METRICS ONLY",
        BreakerState::ForcedOpen => "FORCED OPEN",
    }
}

/// Lists the states of replicas, processes or breakers: `5wz5k OPEN · l5522 CLOSED`.
pub fn replicas(rows: &[NamedState]) -> String {
    let rows: Vec<String> = rows.iter().map(|row| format!("{} {}", row.name, breaker(row.state))).collect();
    rows.join(" · ")
}

/// Returns a confidence in a word or two.
pub fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Sure => "sure",
        Confidence::Likely => "likely",
        Confidence::CannotTell => "cannot tell",
    }
}

/// Returns the consequence for calls of a state that protects none of them, or that no trial ends.
pub fn missing_protection(state: BreakerState) -> Option<&'static str> {
    match state {
        BreakerState::Disabled => {
            Some("Disabled: every call goes through; the breaker does not protect them.")
        }
        BreakerState::MetricsOnly => {
            Some("Metrics only: the breaker never opens and does not protect these calls.")
        }
        BreakerState::ForcedOpen => {
            Some("Forced open by an operator: it will not become half-open by itself.")
        }
        _ => None,
    }
}

/// Returns the first line of an error without the Python class in front of it, and without the passwords of URLs: a
/// part of one would remain where the line is cut.
pub fn short_error(message: &str) -> String {
    let message = without_url_passwords(message);
    let mut text = message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    while let Some((class, rest)) = text.split_once(": ").filter(|(class, _)| is_class(class)) {
        let _ = class;
        text = rest.trim_start();
    }
    if is_class(text) {
        return "it raised an error without a message".to_owned();
    }
    let short: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    short
}

/// Returns whether the text is a Python class, such as `chaoslib.exceptions.ActivityFailed` or `TypeError`.
fn is_class(text: &str) -> bool {
    let named = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !name.starts_with(char::is_numeric)
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let endings = ["Error", "Exception", "Failed", "Timeout", "Interrupt", "Exit", "Warning", "Expired"];
    let dotted = text.contains('.');
    text.split('.').all(named)
        && last.starts_with(char::is_uppercase)
        && (dotted || endings.iter().any(|ending| last.ends_with(ending)))
}

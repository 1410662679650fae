//! How long things took: the fault, the breaker's opening and trials, the way back to real answers.

use super::verdict::{provider_back_at, recovery_lag};
use crate::session::{event::Timestamp, state::Session, wording};

/// Seconds by which the times of several cycles may differ and still count as one.
const ALIKE_S: f64 = 0.15;

/// How long something took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Its name in files: `breaker_opened_after`.
    pub key: &'static str,
    /// What took so long, in words.
    pub label: &'static str,
    pub value: TimingValue,
}

/// A measured time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimingValue {
    Seconds(f64),
    /// At most so many seconds: part of the time was not observed.
    AtMost(f64),
    /// At least so many seconds: it had not ended when the session did.
    AtLeast(f64),
    /// The shortest and the longest of several.
    Between(f64, f64),
    /// It is known that it did not happen.
    Never,
}

impl Timing {
    /// The time in words.
    pub fn text(&self) -> String {
        match self.value {
            TimingValue::Seconds(seconds) => wording::seconds(seconds),
            TimingValue::AtMost(seconds) => format!("at most {}", wording::seconds(seconds)),
            TimingValue::AtLeast(seconds) => format!("at least {}", wording::seconds(seconds)),
            TimingValue::Between(low, high) => format!("{low:.1} to {}", wording::seconds(high)),
            TimingValue::Never => "never".to_owned(),
        }
    }
}

/// Returns what is known of how long things took, in the order in which they happened; what was not observed is
/// omitted.
pub fn timings(session: &Session, now: Timestamp) -> Vec<Timing> {
    let Some(fault) = &session.fault else { return Vec::new() };
    let timing = |key, label, value| Timing { key, label, value };
    let since_t0 = |at| session.since_t0(at).unwrap_or(0.0).max(0.0);
    let mut timings = Vec::new();
    let measured = session.breaker.measured(Some(fault.t0()));
    let opened = "T0 until the breaker opened";
    match measured.trip_s {
        Some(trip) => timings.push(timing("breaker_opened_after", opened, TimingValue::Seconds(trip))),
        None if session.breaker.never_opened(fault.t0(), now) => {
            timings.push(timing("breaker_opened_after", opened, TimingValue::Never));
        }
        None => {}
    }
    timings.extend(measured.reset_s.map(|(low, high)| {
        let value =
            if high - low < ALIKE_S { TimingValue::Seconds(low) } else { TimingValue::Between(low, high) };
        timing("breaker_open_until_trial", "breaker open until its trial call", value)
    }));
    // Without a watch of the targets, the fault's end is unknown.
    let lasted = fault.lasted(now);
    if !fault.is_on() {
        timings.push(timing("fault_lasted", "the fault was on for", TimingValue::Seconds(lasted)));
    } else if session.fault_had_effect() == Some(true) {
        timings.push(timing("fault_lasted", "the fault was on for", TimingValue::AtLeast(lasted)));
    }
    timings.extend(provider_back_at(session, now).map(|back| {
        timing("targets_back_after", "T0 until the targets were back", TimingValue::Seconds(since_t0(back)))
    }));
    if let Some(endpoint) = session.users.main() {
        timings.extend(endpoint.recovered.filter(|_| !fault.is_on()).map(|at| {
            let label = "T0 until the first real answer after the fault";
            timing("users_recovered_after", label, TimingValue::Seconds(since_t0(at)))
        }));
        timings.extend(recovery_lag(session, endpoint).map(|(lag, at_most)| {
            let value = if at_most { TimingValue::AtMost(lag) } else { TimingValue::Seconds(lag) };
            timing("users_recovered_after_targets", "targets back until that answer", value)
        }));
    }
    let safety =
        session.safety.as_ref().and_then(|safety| Some((safety.final_check.as_ref()?, safety.took()?)));
    timings.extend(safety.filter(|(check, _)| check.met).map(|(_, took)| {
        timing("safe_after_end", "end of the run until it was safe", TimingValue::Seconds(took))
    }));
    timings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::fixtures;

    fn words(name: &str) -> Vec<(&'static str, String)> {
        let (session, now) = fixtures::recorded_whole(name);
        timings(&session, now).iter().map(|timing| (timing.key, timing.text())).collect()
    }

    #[test]
    fn what_took_how_long_is_read_from_the_recording() {
        let known = words("after-kill");
        assert_eq!(known.first(), Some(&("breaker_opened_after", "2.0 s".to_owned())), "{known:?}");
        assert!(known.iter().any(|(key, text)| *key == "fault_lasted" && text == "8.0 s"), "{known:?}");
        // The breaker was not watched all the time: that it never opened is not known, and not said.
        assert!(words("before-kill").iter().all(|(key, _)| !key.starts_with("breaker")));
        assert_eq!(timings(&Session::new(), Timestamp::UNIX_EPOCH), []);
    }

    #[test]
    fn a_time_says_how_far_it_is_known() {
        let text = |value| Timing { key: "", label: "", value }.text();
        assert_eq!(text(TimingValue::AtMost(3.0)), "at most 3.0 s");
        assert_eq!(text(TimingValue::AtLeast(3.0)), "at least 3.0 s");
        assert_eq!(text(TimingValue::Between(10.0, 12.5)), "10.0 to 12.5 s");
    }
}

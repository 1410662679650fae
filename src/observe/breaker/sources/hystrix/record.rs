//! One record of one command, independent of the library that wrote it.

use crate::session::event::{BreakerCounts, Timestamp};
use jiff::SignedDuration;
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Up,
    Down,
    /// Up on some hosts.
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Library {
    Hystrix,
    Opossum,
    Brakes,
    Vertx,
}

/// One record of one command.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) at: Timestamp,
    pub(super) flag: Flag,
    pub(super) speaker: Library,
    pub(super) forced_open: bool,
    pub(super) off: bool,
    pub(super) running: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) timed_out: u64,
    pub(super) rejected: u64,
    pub(super) fallbacks: u64,
    pub(super) requests: u64,
    pub(super) counts: BreakerCounts,
    pub(super) sleep_s: Option<f64>,
}

impl Record {
    /// Parses the record of a command; `None` for others, such as those of pools. `skew`: how far its clock is ahead of
    /// ours.
    pub(super) fn read(value: &Value, id: bool, skew: SignedDuration) -> Option<Self> {
        if value["type"].as_str().is_some_and(|kind| kind != "HystrixCommand") {
            return None;
        }
        let flag = flag_of(&value["isCircuitBreakerOpen"])?;
        let number = |key: &str| value[key].as_f64().filter(|number| number.is_finite() && *number >= 0.0);
        let count = |key: &str| number(key).unwrap_or(0.0) as u64;
        let setting = |key: &str| number(&format!("propertyValue_{key}"));
        let is = |key: &str, state: Flag| flag_of(&value[format!("propertyValue_{key}")]) == Some(state);
        let volume = setting("circuitBreakerRequestVolumeThreshold");
        let thread_ms = setting("executionIsolationThreadTimeoutInMilliseconds");
        let speaker = if volume == Some(5.0) && thread_ms == Some(300.0) {
            Library::Opossum
        } else if number("latencyTotal_mean") == Some(15.0) && thread_ms == Some(800.0) {
            Library::Brakes
        } else if id || volume == Some(0.0) {
            Library::Vertx
        } else {
            Library::Hystrix
        };
        let exact = speaker == Library::Hystrix;
        let percent = setting("circuitBreakerErrorThresholdPercentage");
        let counts = BreakerCounts {
            // Some counts and thresholds of the other libraries are constants, or have another meaning.
            calls: exact.then(|| count("requestCount")),
            failed: exact.then(|| count("errorCount")),
            failure_percent: number("errorPercentage").filter(|_| exact || speaker == Library::Opossum),
            min_calls: volume.filter(|_| exact).map(|volume| volume as u64),
            trips_at_percent: percent.filter(|_| exact || speaker == Library::Opossum),
            trips_after: None,
            window_s: setting("metricsRollingStatisticalWindowInMilliseconds").map(|ms| ms / 1000.0),
        };
        let fallbacks = match speaker {
            Library::Opossum => count("rollingCountFallbackEmit"),
            _ => count("rollingCountFallbackSuccess"),
        };
        let rejected = match speaker {
            Library::Brakes => count("countShortCircuited"),
            _ => count("rollingCountShortCircuited"),
        };
        let text = |key: &str| value[key].as_str().unwrap_or_default().chars().take(80).collect::<String>();
        let ms = number("currentTime")? as i64;
        Some(Self {
            group: text("group"),
            name: text("name"),
            at: Timestamp::from_millisecond(ms).ok()?.checked_sub(skew).ok()?,
            flag,
            speaker,
            forced_open: is("circuitBreakerForceOpen", Flag::Up),
            off: is("circuitBreakerEnabled", Flag::Down) || is("circuitBreakerForceClosed", Flag::Up),
            running: count("currentConcurrentExecutionCount"),
            succeeded: count("rollingCountSuccess"),
            failed: count("rollingCountFailure"),
            timed_out: count("rollingCountTimeout"),
            rejected,
            fallbacks,
            requests: count("requestCount"),
            counts,
            sleep_s: setting("circuitBreakerSleepWindowInMilliseconds").map(|ms| ms / 1000.0),
        })
    }

    /// Whether calls ended since `before`: while the flag is up, these were trials.
    pub(super) fn tried_since(&self, before: &Self) -> bool {
        self.failed > before.failed
            || self.timed_out > before.timed_out
            || self.succeeded > before.succeeded && self.speaker == Library::Hystrix
    }

    pub(super) fn fallback_ratio(&self) -> Option<f64> {
        let all = self.requests + self.rejected;
        (all > 0 && self.fallbacks <= all).then(|| self.fallbacks as f64 / all as f64)
    }
}

/// Parses `true`, or Turbine's aggregate of several hosts: `{"true":1,"false":1}`.
fn flag_of(value: &Value) -> Option<Flag> {
    if let Some(flag) = value.as_bool() {
        return Some(if flag { Flag::Up } else { Flag::Down });
    }
    let map = value.as_object()?;
    let hosts = |word: &str| map.get(word).and_then(Value::as_u64).unwrap_or(0);
    match (hosts("true"), hosts("false")) {
        (0, 0) => None,
        (_, 0) => Some(Flag::Up),
        (0, _) => Some(Flag::Down),
        _ => Some(Flag::Both),
    }
}

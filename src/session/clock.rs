//! The session's clock: the wall time is read once and then advanced by tokio's clock, which tests can control.

use super::event::Timestamp;
use jiff::tz::TimeZone;
use std::{
    fs::File,
    io::Read,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Path of the machine's own time zone rules.
const LOCAL_RULES: &str = "/etc/localtime";
/// The maximum number of bytes read of them.
const MOST: u64 = 1 << 20;

static LOCAL: LazyLock<TimeZone> = LazyLock::new(|| {
    let by_variable = std::env::var_os("TZ").is_some();
    own_rules(LOCAL_RULES).filter(|_| !by_variable).unwrap_or_else(TimeZone::system)
});

/// Returns the time zone in which lines are stamped: that of the `TZ` variable if it is set, else the machine's own.
///
/// The machine's rules are read from the file without their name: looking up the name would scan the whole time zone
/// database, which takes longer than a whole short run.
pub fn local_zone() -> &'static TimeZone {
    &LOCAL
}

fn own_rules(path: &str) -> Option<TimeZone> {
    let mut rules = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut rules).ok()?;
    TimeZone::tzif("Local", &rules).ok()
}

/// The session's clock. Under `tokio::time::pause` it stands still until the test advances it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Timestamp,
    start: Instant,
    /// Nanoseconds that the machine slept, during which tokio's clock did not advance. Shared by all copies of the
    /// clock, and leaked, because a session has only one clock.
    slept: &'static AtomicU64,
}

impl Clock {
    /// Creates a clock that starts at the current wall time.
    pub fn system() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// Creates a clock that starts at the given moment.
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { wall, start: Instant::now(), slept: Box::leak(Box::default()) }
    }

    /// Returns the present moment.
    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// Returns the wall time of `instant` of tokio's clock in whole microseconds, as the journal writes it; never earlier
    /// than the start of this clock.
    pub fn at(&self, instant: Instant) -> Timestamp {
        let slept = Duration::from_nanos(self.slept.load(Ordering::Relaxed));
        let exact = self.wall + instant.saturating_duration_since(self.start) + slept;
        Timestamp::from_microsecond(exact.as_microsecond()).unwrap_or(exact)
    }

    /// Adds `time` that the machine slept and that tokio's clock did not count.
    pub fn add_sleep(&self, time: Duration) {
        self.slept.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2), Ordering::Relaxed);
    }
}

/// Formats a moment as the journal writes it: UTC, microseconds, `+00:00`; a fraction of zero is omitted
/// (experiment-format 11.2).
pub fn iso(moment: Timestamp) -> String {
    let micros = moment.as_microsecond();
    let seconds = jiff::Timestamp::from_microsecond(micros).unwrap_or(moment);
    let fraction = match micros.rem_euclid(1_000_000) {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!("{}{fraction}+00:00", seconds.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// Returns the moment so many seconds later, earlier if they are negative; the last or first moment that can be expressed
/// if there is none. For moments and durations that others wrote, and that may be anything.
pub fn shifted(moment: Timestamp, seconds: f64) -> Timestamp {
    let limit = if seconds < 0.0 { Timestamp::MIN } else { Timestamp::MAX };
    jiff::SignedDuration::try_from_secs_f64(seconds)
        .and_then(|shift| moment.checked_add(shift))
        .unwrap_or(if seconds.is_nan() { moment } else { limit })
}

/// Returns the seconds from one moment to another, with microsecond precision.
pub fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_microsecond() - from.as_microsecond()) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::{iso, own_rules, seconds_between, shifted};
    use crate::session::event::Timestamp;
    use jiff::tz::TimeZone;

    #[test]
    fn a_moment_is_shifted_as_far_as_there_are_moments() {
        let moment: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        assert_eq!(iso(shifted(moment, 1.5)), "2026-11-22T00:00:01.500000+00:00");
        assert_eq!(iso(shifted(moment, -1.5)), "2026-11-21T23:59:58.500000+00:00");
        for far in [1e12, 1e300, f64::INFINITY] {
            assert_eq!((shifted(moment, far), shifted(moment, -far)), (Timestamp::MAX, Timestamp::MIN));
        }
        assert_eq!(shifted(Timestamp::MIN, -1.0), Timestamp::MIN);
        assert_eq!(shifted(moment, f64::NAN), moment);
    }

    #[test]
    fn c103_moments_are_written_as_python_writes_them() {
        let cases = [
            ("2026-11-22T13:30:24.425478999Z", "2026-11-22T13:30:24.425478+00:00"),
            ("2026-11-22T13:30:24.000478Z", "2026-11-22T13:30:24.000478+00:00"),
            ("2026-11-22T13:30:24Z", "2026-11-22T13:30:24+00:00"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000+00:00"),
        ];
        for (moment, expected) in cases {
            assert_eq!(iso(moment.parse().unwrap()), expected);
        }
        let moment = |text: &str| text.parse().unwrap();
        assert_eq!(seconds_between(moment("2026-11-22T00:00:00Z"), moment("2026-11-22T00:00:01.5Z")), 1.5);
    }

    #[test]
    fn the_machines_rules_are_those_of_its_zone() {
        let Some(own) = own_rules("/usr/share/zoneinfo/Europe/Berlin") else { return };
        let named = TimeZone::get("Europe/Berlin").unwrap();
        for moment in ["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z", "2060-07-15T12:00:00Z"] {
            let moment: jiff::Timestamp = moment.parse().unwrap();
            assert_eq!(own.to_offset(moment), named.to_offset(moment));
        }
        assert!(own_rules("/nowhere").is_none());
    }
}

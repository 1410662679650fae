//! When a guardian takes over: decided from what it hears and from the time since the machine started, sleep included.

use std::{fmt, time::Duration};

/// A moment, as the time since the machine started.
pub(super) type Moment = Duration;

/// What the session says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// The session lives, and did so at this moment.
    Renew(Moment),
    /// The session has ended in good order: there is nothing to recover.
    Done,
}

/// What ends the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All is done.
    Leave,
    /// The guardian takes the lease and recovers.
    Take(Why),
}

/// Why a guardian takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The session's end of the pipe was closed: the process is gone.
    Gone,
    /// The lease was not renewed for so long.
    Silent(Duration),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the session was killed, or it crashed"),
            Self::Silent(time) => write!(
                f,
                "the session did not renew its lease for {:.0} s: it was stopped, it hung, or the machine slept",
                time.as_secs_f64()
            ),
        }
    }
}

/// The lease of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    length: Duration,
    renewed: Moment,
}

impl Lease {
    /// A lease that begins now.
    pub(super) fn new(length: Duration, now: Moment) -> Self {
        Self { length, renewed: now }
    }

    /// Returns the moment at which it expires unless it is renewed.
    pub(super) fn deadline(&self) -> Moment {
        self.renewed.saturating_add(self.length)
    }

    /// Handles a word. A renewal that came after the deadline is too late, whenever the guardian reads it: a guardian
    /// that was slow itself takes nothing from a session that was not.
    pub(super) fn hear(&mut self, word: Word) -> Option<End> {
        match word {
            Word::Done => Some(End::Leave),
            Word::Renew(at) if at >= self.deadline() => Some(self.silent(at)),
            Word::Renew(at) => {
                self.renewed = self.renewed.max(at);
                None
            }
        }
    }

    /// Handles the end of the pipe.
    pub(super) fn closed(&self) -> End {
        End::Take(Why::Gone)
    }

    /// Checks the deadline, after everything that was said was heard.
    pub(super) fn check(&self, now: Moment) -> Option<End> {
        (now >= self.deadline()).then(|| self.silent(now))
    }

    fn silent(&self, now: Moment) -> End {
        End::Take(Why::Silent(now.saturating_sub(self.renewed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn lease() -> Lease {
        Lease::new(s(30), s(1000))
    }

    #[test]
    fn a_lease_that_is_renewed_lasts() {
        let mut lease = lease();
        assert_eq!(lease.check(s(1029)), None);
        for at in [1010, 1039, 1068] {
            assert_eq!(lease.hear(Word::Renew(s(at))), None);
            assert_eq!(lease.deadline(), s(at + 30));
        }
        assert_eq!(lease.check(s(1097)), None);
        assert_eq!(lease.check(s(1098)), Some(End::Take(Why::Silent(s(30)))));
    }

    #[test]
    fn a_session_that_is_gone_is_succeeded_at_once_and_one_that_is_done_never() {
        assert_eq!(lease().closed(), End::Take(Why::Gone));
        assert_eq!(lease().hear(Word::Done), Some(End::Leave));
        let mut late = lease();
        // It ended in good order before the guardian noticed that it was late.
        assert_eq!(late.hear(Word::Done), Some(End::Leave));
    }

    /// A machine that slept: both are awake again, and the session renews before the guardian looks.
    #[test]
    fn a_renewal_after_the_deadline_is_too_late() {
        let mut lease = lease();
        assert_eq!(lease.hear(Word::Renew(s(1010))), None);
        assert_eq!(lease.hear(Word::Renew(s(1300))), Some(End::Take(Why::Silent(s(290)))));
        // At the deadline itself the timer has rung already.
        assert_eq!(lease.hear(Word::Renew(s(1040))), Some(End::Take(Why::Silent(s(30)))));
    }

    /// The guardian itself was stopped: what it reads now was said in time.
    #[test]
    fn a_slow_guardian_takes_nothing_from_a_session_in_time() {
        let mut lease = lease();
        for at in (1010..1200).step_by(10) {
            assert_eq!(lease.hear(Word::Renew(s(at))), None);
        }
        assert_eq!(lease.check(s(1201)), None);
    }

    #[test]
    fn an_older_renewal_shortens_nothing() {
        let mut lease = lease();
        lease.hear(Word::Renew(s(1020)));
        lease.hear(Word::Renew(s(1010)));
        assert_eq!(lease.deadline(), s(1050));
    }

    #[test]
    fn the_reason_is_said_in_words() {
        assert_eq!(Why::Gone.to_string(), "the session was killed, or it crashed");
        assert!(Why::Silent(Duration::from_millis(33_600)).to_string().contains("for 34 s"));
    }
}

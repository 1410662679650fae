//! The phase of a session.

use super::verdict::{UserWord, users_wait_as_before, verdict, why_fault_unconfirmed};
use crate::session::{event::Timestamp, state::Session};

/// The phase of a session. Panels keep their place in all phases, only the emphasis changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The session is being prepared: the file is read, the sandbox started, the cluster looked for.
    Starting,
    /// The file is loaded; no request was sent to the service yet.
    Ready,
    /// The steady state is watched or checked.
    Steady,
    /// A destructive step was fired and failed: whether it changed something is unknown.
    FaultUnconfirmed,
    /// A destructive step was fired, and what it took away is not back.
    FaultOn,
    /// The run was interrupted, or what the fault took away is back but users are not served as before, or the run has
    /// ended and the system is not yet safe.
    Recovering,
    /// What the fault took away is back, and users are not watched.
    TargetsBack,
    /// What the fault took away is back, and users are served as before.
    Recovered,
    /// The run has ended, and so has the recovery after it.
    Finished,
}

impl Phase {
    /// Returns the phase number from 1 to 5, as shown in the title bar.
    pub fn number(self) -> u8 {
        match self {
            Phase::Starting | Phase::Ready => 1,
            Phase::Steady => 2,
            Phase::FaultUnconfirmed | Phase::FaultOn => 3,
            Phase::Recovering | Phase::TargetsBack | Phase::Recovered => 4,
            Phase::Finished => 5,
        }
    }

    /// Returns the label in the title bar.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Starting => "STARTING",
            Phase::Ready => "READY",
            Phase::Steady => "STEADY",
            Phase::FaultUnconfirmed => "FAULT NOT CONFIRMED",
            Phase::FaultOn => "FAULT ON",
            Phase::Recovering => "RECOVERING",
            Phase::TargetsBack => "TARGETS BACK",
            Phase::Recovered => "RECOVERED",
            Phase::Finished => "FINISHED",
        }
    }
}

/// Returns the current phase.
pub fn phase(session: &Session, now: Timestamp) -> Phase {
    phase_with(session, now, || verdict(session, now).word)
}

/// Same as [`phase`], for callers that have the user verdict already: `word` returns its word.
pub fn phase_with(session: &Session, now: Timestamp, word: impl FnOnce() -> UserWord) -> Phase {
    if session.is_opening() {
        return Phase::Starting;
    }
    if session.run.ended.is_some() {
        return if session.recovering() { Phase::Recovering } else { Phase::Finished };
    }
    let Some(fault) = &session.fault else {
        let steady = session.run.hypothesis_began() || session.users.watching();
        return if steady { Phase::Steady } else { Phase::Ready };
    };
    match () {
        () if session.run.ended_early_at.is_some() => Phase::Recovering,
        () if fault.is_on() && why_fault_unconfirmed(session, now).is_some() => Phase::FaultUnconfirmed,
        () if fault.is_on() => Phase::FaultOn,
        () if !session.users.endpoints.iter().any(|endpoint| endpoint.watched) => Phase::TargetsBack,
        () if word() == UserWord::Ok || users_wait_as_before(session, now) => Phase::Recovered,
        () => Phase::Recovering,
    }
}

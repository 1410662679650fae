//! Where a session stands.

use super::verdict::{UserWord, fault_in_doubt, users_wait_as_before, verdict};
use crate::session::{event::Timestamp, state::Session};

/// Where the session stands; panels keep their place, only the emphasis changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The session is being prepared: the file is read, the sandbox started, the cluster looked for.
    Starting,
    /// The file is loaded, nothing was asked of the service yet.
    Ready,
    /// The steady state is watched or checked.
    Steady,
    /// A destructive step was fired and failed: nobody knows whether it changed something.
    FaultUnconfirmed,
    /// A destructive step was fired and what it took away is not back.
    FaultOn,
    /// On the way back: the run was told to end, or what the fault took away is back and users are not.
    Recovering,
    /// What the fault took away is back, and nobody watches users.
    TargetsBack,
    /// What the fault took away is back, and so are users.
    Recovered,
    /// The run ended, and what there was to recover from has recovered or was told.
    Finished,
}

impl Phase {
    /// From 1 to 5, as the title bar counts.
    pub fn number(self) -> u8 {
        match self {
            Phase::Starting | Phase::Ready => 1,
            Phase::Steady => 2,
            Phase::FaultUnconfirmed | Phase::FaultOn => 3,
            Phase::Recovering | Phase::TargetsBack | Phase::Recovered => 4,
            Phase::Finished => 5,
        }
    }

    /// The word of the title bar.
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

/// Where the session stands.
pub fn phase(session: &Session, now: Timestamp) -> Phase {
    phase_with(session, now, || verdict(session, now).word)
}

/// The same, for whoever has the word about users already.
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
        () if session.run.turned.is_some() => Phase::Recovering,
        () if fault.is_on() && fault_in_doubt(session, now).is_some() => Phase::FaultUnconfirmed,
        () if fault.is_on() => Phase::FaultOn,
        () if !session.users.endpoints.iter().any(|endpoint| endpoint.watched) => Phase::TargetsBack,
        () if word() == UserWord::Ok || users_wait_as_before(session, now) => Phase::Recovered,
        () => Phase::Recovering,
    }
}

//! The rules for the case that no source names a state: combines the stage of the answers with the other evidence.
//!
//! | the answers | a breaker was proven | else |
//! | --- | --- | --- |
//! | real | CLOSED | CLOSED or none |
//! | fail slowly | CLOSED | NOT SEEN YET, NO BREAKER SEEN after longer than a breaker would bear |
//! | fall back at once | OPEN if a learned health page agrees | FALLBACK AT ONCE |
//! | fail at once | the same | cannot tell; NO BREAKER SEEN if calls are counted behind it |
//! | cut short after slow ones | OPEN | FALLBACK AT ONCE, or cannot tell |
//! | slow again after the reset time | HALF-OPEN | as before |

use super::answers::{AnswerPattern, AnswerStage};
use crate::session::event::{
    BreakerState::{
        self, Closed, ClosedOrNone, FallbackAtOnce, HalfOpen, NoBreakerSeen, NotSeenYet, Open, Unknown,
    },
    Confidence::{self, CannotTell, Likely},
};

/// A state with its confidence, and a reason to show beside the grounds of the sources.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Opinion {
    pub(super) state: BreakerState,
    pub(super) confidence: Confidence,
    pub(super) because: Option<String>,
}

/// The evidence besides the answers.
#[derive(Clone, Debug, Default)]
pub(super) struct OtherEvidence {
    /// A health page that was learned to be the breaker's fails now.
    pub(super) health_open: bool,
    /// A source reports that the breaker is not closed.
    pub(super) not_closed: bool,
    /// A source reports that a breaker is not open. Which calls it guards shows only once it changes.
    pub(super) not_open: bool,
    /// A breaker has been observed before: in a full cycle, or by a source that named it.
    pub(super) shown: bool,
    /// An earlier judgement was that there is no breaker.
    pub(super) none_seen: bool,
    /// The series that counts the failing calls behind a breaker, if one does.
    pub(super) calls_leave: Option<String>,
    /// A Service has no endpoints: the network may refuse now what it dropped before.
    pub(super) may_refuse: bool,
    /// A series that indicates a limit: of a bulkhead or a rate limiter.
    pub(super) limit: Option<String>,
}

pub(super) fn opinion(state: BreakerState, confidence: Confidence) -> Opinion {
    Opinion { state, confidence, because: None }
}

impl Opinion {
    pub(super) fn because(self, words: impl Into<String>) -> Self {
        Self { because: Some(words.into()), ..self }
    }
}

pub(super) fn weigh(look: &AnswerPattern, known: &OtherEvidence) -> Opinion {
    let proven = look.proven || known.shown;
    match &look.stage {
        AnswerStage::Unknown if known.health_open => opinion(Open, Likely),
        AnswerStage::Unknown | AnswerStage::Lost { .. } => opinion(Unknown, CannotTell),
        AnswerStage::Fine { .. } => fine(proven, known),
        _ if let Some(series) = &known.calls_leave => {
            opinion(NoBreakerSeen, Likely).because(format!("{series} counts them behind any breaker"))
        }
        AnswerStage::Failing(failing) if look.stage.passes_through() => {
            let own = failing.own;
            opinion(NoBreakerSeen, Likely)
                .because(format!("a breaker that needs more than {own} calls would look the same so far"))
        }
        AnswerStage::Failing(failing) if failing.limited > 0 || failing.mixed > 0 => {
            limit(failing.fallback, known)
        }
        AnswerStage::Failing(failing) if failing.slow == 0 => at_once(failing.fallback, proven, known),
        AnswerStage::Failing(failing) if failing.fast > failing.slow && !proven => {
            at_once(failing.fallback, proven, known)
        }
        AnswerStage::Failing(_) if proven && !known.not_closed => {
            opinion(Closed, Likely).because("calls fail and are not cut short yet")
        }
        AnswerStage::Failing(_) => opinion(NotSeenYet, CannotTell).because("nothing was cut short so far"),
        // A proven breaker may send Retry-After itself.
        AnswerStage::Cut(cut) if cut.limited > 0 && !look.proven || cut.mixed > 0 => {
            limit(cut.fallback, known)
        }
        AnswerStage::Cut(_) if look.proven => opinion(Open, Likely),
        AnswerStage::Cut(cut) => cut_short(cut.fallback, known),
        AnswerStage::Trial(_) if look.proven => opinion(HalfOpen, Likely),
        AnswerStage::Trial(trial) if trial.real > 0 => opinion(ClosedOrNone, CannotTell)
            .because("real answers begin again: a trial, or the cause is gone"),
        AnswerStage::Trial(trial) if trial.fallback => opinion(FallbackAtOnce, CannotTell)
            .because("slow calls again: a trial, if there is a breaker at all"),
        AnswerStage::Trial(_) => {
            opinion(Unknown, CannotTell).because("slow calls again: a trial, if there is a breaker at all")
        }
    }
}

fn fine(proven: bool, known: &OtherEvidence) -> Opinion {
    match known {
        OtherEvidence { health_open: true, .. } => {
            opinion(Unknown, CannotTell).because("its health page fails, but users get real answers")
        }
        OtherEvidence { not_closed: true, .. } => opinion(Unknown, CannotTell)
            .because("a source says that it is not closed, but users get real answers"),
        _ if proven || known.not_open => opinion(Closed, Likely),
        OtherEvidence { none_seen: true, .. } => {
            opinion(NoBreakerSeen, Likely).because("calls go through again")
        }
        _ => opinion(ClosedOrNone, Likely).because("a closed breaker and none at all look the same"),
    }
}

/// Calls fail at once, without an earlier slow one.
fn at_once(fallback: bool, proven: bool, known: &OtherEvidence) -> Opinion {
    match fallback {
        _ if known.health_open && proven => opinion(Open, Likely),
        true => opinion(FallbackAtOnce, CannotTell).because("only a provider that hangs instead of refusing would show which"),
        false => opinion(Unknown, CannotTell).because(
            "an open breaker without a fallback, or none: only a provider that hangs instead of refusing would show which",
        ),
    }
}

fn cut_short(fallback: bool, known: &OtherEvidence) -> Opinion {
    match fallback {
        _ if known.health_open => opinion(Open, Likely),
        true => {
            let network = if known.may_refuse { ", or a network that refuses by now" } else { "" };
            opinion(FallbackAtOnce, CannotTell)
                .because(format!("an open breaker{network}, or the consumer falls back without a breaker: a trial would show which"))
        }
        false => opinion(Unknown, CannotTell)
            .because("a breaker without a fallback, or a network that refuses connections by now: a trial would show which"),
    }
}

/// Some calls go through and some fail, in an order that no breaker produces.
fn limit(fallback: bool, known: &OtherEvidence) -> Opinion {
    let state = if fallback { FallbackAtOnce } else { Unknown };
    opinion(state, CannotTell).because(match &known.limit {
        Some(series) => format!("that points to a limit rather than to a breaker: {series}"),
        None => "that points to a limit (a bulkhead, a rate limiter) or to replicas in different states"
            .to_owned(),
    })
}

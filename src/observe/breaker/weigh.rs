//! What to believe when nobody speaks directly: the stage that the answers show, against what the health page says.

use super::answers::Stage;
use crate::session::event::{
    BreakerState::{self, Closed, HalfOpen, NoneSeen, Open, Unknown},
    Confidence::{self, CannotTell, Likely, Sure},
};

/// A state with a word of confidence, and what should be said beside the grounds of the witnesses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Opinion {
    pub(super) state: BreakerState,
    pub(super) confidence: Confidence,
    pub(super) because: Option<&'static str>,
}

/// What is known besides the answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// The health page fails now.
    pub(super) open: bool,
    /// A page says now that the breaker is not open.
    pub(super) not_open: bool,
    /// The health page has failed before: only then its 200 means that something changed.
    pub(super) health_failed: bool,
    /// The breaker was believed open or half-open a moment ago.
    pub(super) was_open: bool,
    /// It was found before that there is no breaker.
    pub(super) none_seen: bool,
    /// Nobody is left behind a Service, and no full cycle of a breaker was seen: a cliff from slow to fast may be the
    /// network's, which swallows first and refuses later.
    pub(super) may_refuse: bool,
}

pub(super) fn opinion(state: BreakerState, confidence: Confidence) -> Opinion {
    Opinion { state, confidence, because: None }
}

impl Opinion {
    pub(super) fn because(self, words: &'static str) -> Self {
        Self { because: Some(words), ..self }
    }
}

pub(super) fn weigh(stage: &Stage, known: Known) -> Opinion {
    match stage {
        Stage::Unknown if known.open => opinion(Open, Likely),
        Stage::Unknown => opinion(Unknown, CannotTell),
        Stage::Fine { .. } => fine(known),
        Stage::Failing { slow, .. } => failing(stage, *slow, known),
        Stage::Open { fallback, .. } => cut_short(stage, *fallback, known),
        Stage::HalfOpen { real, .. } => trial(*real, known),
    }
}

/// One page that agrees makes two witnesses.
fn backed(known: Known) -> Confidence {
    if known.not_open { Sure } else { Likely }
}

fn fine(known: Known) -> Opinion {
    match known {
        Known { open: true, .. } => opinion(Open, Likely).because("the answers do not show it yet"),
        Known { none_seen: true, .. } => opinion(NoneSeen, backed(known)).because("calls go through again"),
        _ => opinion(Closed, backed(known)),
    }
}

fn failing(stage: &Stage, slow: u32, known: Known) -> Opinion {
    match known {
        Known { open: true, .. } if slow == 0 => opinion(Open, Sure),
        Known { open: true, .. } => opinion(Open, Likely).because("the answers do not show it yet"),
        Known { not_open: true, health_failed: true, was_open: true, .. } => {
            opinion(HalfOpen, Likely).because("its health page is well again, but no real answer came yet")
        }
        _ if stage.passes_through() => opinion(NoneSeen, backed(known)),
        Known { not_open: true, .. } if stage.fails_fast_for_long() => opinion(NoneSeen, Likely),
        _ if slow == 0 => {
            opinion(Unknown, CannotTell).because("a hang instead of a refusal would show which")
        }
        _ => opinion(Closed, Likely).because("calls fail and nobody cuts them short yet"),
    }
}

fn cut_short(stage: &Stage, fallback: bool, known: Known) -> Opinion {
    match known {
        Known { open: true, .. } => opinion(Open, Sure),
        Known { not_open: true, health_failed: true, .. } => opinion(HalfOpen, Likely)
            .because("its health page is well again, but some calls are still cut short"),
        Known { not_open: true, .. } if stage.fails_fast_for_long() => opinion(NoneSeen, Likely),
        _ if !fallback => opinion(Unknown, CannotTell)
            .because("a breaker without a fallback, or a network that refuses by now"),
        Known { may_refuse: true, .. } => opinion(Unknown, CannotTell)
            .because("a breaker, or a network that refuses by now: a trial would tell"),
        _ => opinion(Open, Likely),
    }
}

fn trial(real: u32, known: Known) -> Opinion {
    match known {
        Known { open: true, .. } => {
            opinion(Open, Likely).because("a slow call among fast ones may be a trial")
        }
        Known { was_open: true, .. } => opinion(HalfOpen, Likely),
        _ if real > 0 => opinion(Closed, Likely),
        _ => opinion(Unknown, CannotTell).because("a trial, if there is a breaker at all"),
    }
}

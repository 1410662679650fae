//! The text for the pattern of the answers, and the claim about the breaker that follows from it.

use super::{AnswerPattern, AnswerStage};
use crate::session::{
    event::{BreakerState, SourceClaim},
    wording,
};

/// The claim that a pattern supports, and its ground.
pub(in super::super) fn report(look: &AnswerPattern) -> (SourceClaim, String) {
    let known = |proven, open| if proven { SourceClaim::State(open) } else { SourceClaim::Nothing };
    match look.stage {
        AnswerStage::Unknown => (SourceClaim::Nothing, "too few answers so far".to_owned()),
        AnswerStage::Lost { count } => (
            SourceClaim::Nothing,
            format!("the last {count} requests found nobody: the consumer itself does not answer"),
        ),
        AnswerStage::Fine { real, slow, .. } => {
            let state = if look.proven { BreakerState::Closed } else { BreakerState::ClosedOrNone };
            let late = if slow > 1 { format!(", the last {slow} of them slow") } else { String::new() };
            (SourceClaim::State(state), format!("{real} of the last {real} look like the real answer{late}"))
        }
        AnswerStage::Failing(failing) if look.stage.passes_through() => (
            SourceClaim::State(BreakerState::NoBreakerSeen),
            format!(
                "{} of {} calls went through to the dead provider, up to {:.1} s each",
                failing.own,
                failing.slow,
                failing.longest_ms / 1000.0
            ),
        ),
        AnswerStage::Failing(failing) if failing.mixed > 0 || failing.slow > 0 && failing.fast > 0 => {
            let words = [
                (failing.slow, "slow"),
                (failing.fast, if failing.fallback { "fallbacks at once" } else { "errors at once" }),
                (failing.mixed, "real"),
            ];
            let words: Vec<String> = words
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            (
                SourceClaim::Nothing,
                format!("answers of all kinds: {}{}", words.join(", "), limited(failing.limited)),
            )
        }
        AnswerStage::Failing(failing) if failing.slow == 0 => {
            let (verb, says) = if failing.fallback {
                (
                    "fall back at once: open, or falls back by itself",
                    SourceClaim::State(BreakerState::FallbackAtOnce),
                )
            } else {
                ("fail at once: open without a fallback, or no breaker", SourceClaim::Nothing)
            };
            (says, format!("{0} of {0} {verb}{1}", failing.fast, limited(failing.limited)))
        }
        AnswerStage::Failing(failing) => (
            SourceClaim::Not(BreakerState::Open),
            format!(
                "{} hung or failed late: nothing cuts that short yet",
                wording::count(failing.slow.into(), "call")
            ),
        ),
        AnswerStage::Cut(cut) if cut.mixed > 0 => (
            SourceClaim::Nothing,
            format!("{} cut short and {} real ones among them{}", cut.fast, cut.mixed, limited(cut.limited)),
        ),
        AnswerStage::Cut(cut) if cut.fallback => {
            let state = if look.proven { BreakerState::Open } else { BreakerState::FallbackAtOnce };
            (
                SourceClaim::State(state),
                format!(
                    "{0} of the last {0} answers are fallbacks in under {1}, after slow ones",
                    cut.fast,
                    under(cut.slowest_ms)
                ),
            )
        }
        AnswerStage::Cut(cut) => (
            known(look.proven, BreakerState::Open),
            format!(
                "{0} of the last {0} calls failed in under {1}, after slow ones",
                cut.fast,
                under(cut.slowest_ms)
            ),
        ),
        AnswerStage::Trial(trial) if trial.real == 0 => (
            known(look.proven, BreakerState::HalfOpen),
            format!("{} after the reset time: a trial", wording::count(trial.slow.into(), "slow call")),
        ),
        AnswerStage::Trial(trial) => {
            let answers = wording::count(trial.real.into(), "real answer");
            let words = if trial.fallback {
                format!("{answers} after fast fallbacks: a trial, or the cause is gone")
            } else {
                format!("{answers} after fast failures: a trial, or the cause is gone")
            };
            (known(look.proven, BreakerState::HalfOpen), words)
        }
    }
}

fn limited(count: u32) -> String {
    match count {
        0 => String::new(),
        count => format!(", {count} with 429 or Retry-After: a rate limit"),
    }
}

/// A round upper bound of a waiting time.
fn under(ms: f64) -> String {
    let bounds = [10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];
    match bounds.iter().find(|bound| ms < **bound) {
        Some(bound) => format!("{bound} ms"),
        None => format!("{:.0} s", (ms / 1000.0).ceil()),
    }
}

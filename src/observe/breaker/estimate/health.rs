//! What a health page means, learned in this session. Most of them check dependencies: they fail when the provider
//! does, breaker or not. So its 503 says "open" only after it failed and recovered together with calls that were cut
//! short, with a trial between.

use super::answers::{AnswerPattern, AnswerStage};
use super::seconds;
use crate::session::event::{BreakerState, SourceClaim, Timestamp};
use std::collections::VecDeque;

/// Seconds for which a page that says otherwise than the answers is taken to be late only.
const PATIENCE_S: f64 = 2.0;
/// Cuts with a trial in which it must have agreed.
const AGREED: u32 = 1;
/// Changes within so many seconds that no single process makes: several answer in turn.
const TURNS: (usize, f64) = (3, 2.2);
/// The same where that was seen before in this session.
const TURNS_AGAIN: (usize, f64) = (2, 1.2);
/// Seconds after the latest change for which they are still taken to differ.
const TURN_S: f64 = 1.2;

/// The page, as far as it was understood.
#[derive(Clone, Debug, Default)]
pub(super) struct HealthPage {
    /// Whether it fails now, and since when.
    now: Option<(bool, Timestamp)>,
    /// Whether it failed while calls were cut short, in the cut that is on.
    failed_in_cut: bool,
    /// Whether it was well again in the trial after that.
    well_in_trial: bool,
    agreed: u32,
    /// Its latest changes.
    changes: VecDeque<Timestamp>,
    /// Whether several processes were seen to answer.
    several: bool,
    /// Why it is not listened to.
    misleads: Option<&'static str>,
}

impl HealthPage {
    pub(super) fn heard(&mut self, at: Timestamp, says: SourceClaim) {
        let fails = match says {
            SourceClaim::State(BreakerState::Open) => true,
            SourceClaim::Not(BreakerState::Open) => false,
            _ => {
                self.now = None;
                return;
            }
        };
        if self.now.is_none_or(|(before, _)| before != fails) {
            if self.now.is_some() {
                if self.changes.len() == TURNS.0 {
                    self.changes.pop_front();
                }
                self.changes.push_back(at);
            }
            self.now = Some((fails, at));
        }
        self.several |= self.turned(TURNS);
    }

    /// Whether its latest changes are so many within so many seconds.
    fn turned(&self, (changes, within_s): (usize, f64)) -> bool {
        let first = self.changes.len().checked_sub(changes).and_then(|index| self.changes.get(index));
        first.zip(self.changes.back()).is_some_and(|(first, last)| seconds(*first, *last) <= within_s)
    }

    /// Whether it says one and then the other, as no single process does.
    pub(super) fn differs(&self, now: Timestamp) -> bool {
        let lately = self.changes.back().is_some_and(|last| seconds(*last, now) <= TURN_S);
        lately && self.turned(if self.several { TURNS_AGAIN } else { TURNS })
    }

    /// The process behind it began anew.
    pub(super) fn restarted(&mut self) {
        (self.now, self.failed_in_cut, self.well_in_trial) = (None, false, false);
        self.changes.clear();
    }

    /// Compares it with the answers.
    pub(super) fn examine(
        &mut self,
        now: Timestamp,
        look: &AnswerPattern,
        real_since: impl Fn(Timestamp) -> u32,
    ) {
        let Some((fails, since)) = self.now else { return };
        let lasts = seconds(since, now) >= PATIENCE_S;
        match look.stage {
            AnswerStage::Cut(cut) => {
                if self.failed_in_cut && self.well_in_trial {
                    self.agreed += 1;
                    (self.failed_in_cut, self.well_in_trial) = (false, false);
                }
                self.failed_in_cut |= fails && cut.since <= now;
                let long = seconds(cut.since, now) >= PATIENCE_S;
                if look.proven && !fails && lasts && long {
                    self.misleads = Some("was well while calls were cut short");
                }
            }
            AnswerStage::Trial(_) => self.well_in_trial |= !fails,
            AnswerStage::Fine { .. } => {
                if self.failed_in_cut && self.well_in_trial && look.proven {
                    self.agreed += 1;
                }
                (self.failed_in_cut, self.well_in_trial) = (false, false);
                if fails && lasts && real_since(since) >= 3 {
                    self.misleads = Some("failed while users got real answers");
                }
            }
            AnswerStage::Failing(failing) if failing.fast == 0 && fails && lasts && failing.slow >= 3 => {
                self.misleads = Some("failed while nobody cut calls short");
            }
            _ => {}
        }
    }

    /// Whether it was learned that it is the breaker's.
    pub(super) fn learned(&self) -> bool {
        self.agreed >= AGREED && self.misleads.is_none()
    }

    /// Whether it says now that the breaker is open, as far as it was learned that this is what it says.
    pub(super) fn open(&self, proven: bool) -> bool {
        proven && self.agreed >= AGREED && self.misleads.is_none() && self.now.is_some_and(|(fails, _)| fails)
    }

    /// Why it is not listened to; of one that fails, also that it may check a dependency.
    pub(super) fn doubt(&self, proven: bool) -> Option<&'static str> {
        let fails = self.now.is_some_and(|(fails, _)| fails);
        let unlearned = !proven || self.agreed < AGREED;
        self.misleads.or((fails && unlearned).then_some("may check a dependency rather than a breaker"))
    }
}

//! Learns in this session what a health page means. Most health pages check dependencies: they fail when the provider
//! fails, with or without a breaker. So a 503 counts as "open" only after the page failed and recovered together with
//! calls that were cut short, with a trial between.

use super::{
    answers::{AnswerPattern, AnswerStage},
    seconds,
};
use crate::session::event::{BreakerState, SourceClaim, Timestamp};
use std::collections::VecDeque;

/// The seconds for which a page that contradicts the answers is considered to be merely late.
const PATIENCE_S: f64 = 2.0;
/// The number of cuts with a trial in which the page must have agreed with the answers.
const AGREED: u32 = 1;
/// So many changes within so many seconds are impossible for a single process: several processes answer in turn.
const TURNS: (usize, f64) = (3, 2.2);
/// The lower threshold once that was seen before in this session.
const TURNS_AGAIN: (usize, f64) = (2, 1.2);
/// The seconds after the latest change for which the processes are still considered to differ.
const TURN_S: f64 = 1.2;

/// What has been learned about the health page.
#[derive(Clone, Debug, Default)]
pub(super) struct HealthPage {
    /// Whether the page fails now, and since when.
    now: Option<(bool, Timestamp)>,
    /// Whether the page failed while calls were cut short, in the present cut.
    failed_in_cut: bool,
    /// Whether the page was well again in the trial after that.
    well_in_trial: bool,
    agreed: u32,
    /// The latest changes of the page.
    changes: VecDeque<Timestamp>,
    /// Whether several processes were seen to answer.
    several: bool,
    /// The reason why the page is disregarded.
    misleads: Option<&'static str>,
}

impl HealthPage {
    pub(super) fn handle(&mut self, at: Timestamp, says: SourceClaim) {
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

    /// Whether the given number of latest changes happened within the given seconds.
    fn turned(&self, (changes, within_s): (usize, f64)) -> bool {
        let first = self.changes.len().checked_sub(changes).and_then(|index| self.changes.get(index));
        first.zip(self.changes.back()).is_some_and(|(first, last)| seconds(*first, *last) <= within_s)
    }

    /// Whether the page alternates faster than a single process could.
    pub(super) fn differs(&self, now: Timestamp) -> bool {
        let lately = self.changes.back().is_some_and(|last| seconds(*last, now) <= TURN_S);
        lately && self.turned(if self.several { TURNS_AGAIN } else { TURNS })
    }

    /// Handles a restart of the process behind the page.
    pub(super) fn restarted(&mut self) {
        (self.now, self.failed_in_cut, self.well_in_trial) = (None, false, false);
        self.changes.clear();
    }

    /// Compares the page with the answers.
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
                self.misleads = Some("failed while no calls were cut short");
            }
            _ => {}
        }
    }

    /// Whether the page was learned to be the breaker's.
    pub(super) fn learned(&self) -> bool {
        self.agreed >= AGREED && self.misleads.is_none()
    }

    /// Whether a page that was learned to be the breaker's fails now, which means open.
    pub(super) fn open(&self, proven: bool) -> bool {
        proven && self.agreed >= AGREED && self.misleads.is_none() && self.now.is_some_and(|(fails, _)| fails)
    }

    /// The reason to disregard the page; an unlearned page that fails may check a dependency.
    pub(super) fn doubt(&self, proven: bool) -> Option<&'static str> {
        let fails = self.now.is_some_and(|(fails, _)| fails);
        let unlearned = !proven || self.agreed < AGREED;
        self.misleads.or((fails && unlearned).then_some("may check a dependency rather than a breaker"))
    }
}

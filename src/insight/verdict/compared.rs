//! A share of the answers before the fault compared with the one during it, in words.

use super::basis::{Share, ShareChange, compare};
use crate::session::{
    state::{Tally, UserBaseline},
    wording,
};

/// A share of the answers before the fault and during it.
pub(super) struct Compared {
    pub(super) before: Share,
    during: Share,
    pub(super) change: ShareChange,
}

impl Compared {
    pub(super) fn of(before: Option<&Tally>, under: &Tally, part: impl Fn(&Tally) -> u64, row: u32) -> Self {
        let share = |tally: &Tally| Share { part: part(tally), of: tally.answered() };
        let (before, under) = (before.map_or(Share { part: 0, of: 0 }, share), share(under));
        Self { before, during: under, change: compare(before, under, row) }
    }

    /// `none of 88 before T0`, `4 % before T0`; `None` without answers before T0.
    pub(super) fn before(&self) -> Option<String> {
        match self.before {
            Share { of: 0, .. } => None,
            Share { part: 0, of } => Some(format!("none of {of} before T0")),
            before => Some(format!("{} before T0", before.percent())),
        }
    }

    /// `errors as before T0 (6 %, now 5 %)`
    pub(super) fn beside_before(&self, what: &str) -> String {
        format!("{} ({}, now {})", self.in_short(what), self.before.percent(), self.during.percent())
    }

    /// `errors as before T0`
    pub(super) fn in_short(&self, what: &str) -> String {
        match self.change {
            ShareChange::None if self.before.part > 0 => format!("fewer {what} than before T0"),
            ShareChange::None | ShareChange::Same => format!("{what} as before T0"),
            ShareChange::Worse => format!("more {what} than before T0"),
            ShareChange::CannotTell => format!("{what} before T0 as well"),
        }
    }
}

/// `as late as before T0 (1.5 s, now 1.6 s)`
pub(super) fn as_late(usual: &UserBaseline, users: &Tally) -> String {
    let median = |tally: &Tally| wording::wait(tally.all.p50.unwrap_or(0.0));
    format!("as late as before T0 (median {}, now {})", median(&usual.tally), median(users))
}

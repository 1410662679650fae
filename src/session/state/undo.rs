//! The undo kits that the session knows of.

use super::Session;
use crate::session::event::{StepRef, Timestamp, UndoKit, UndoResult};
use std::collections::{BTreeMap, BTreeSet};

/// What was saved, whether it can be restored, and whether it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UndoState {
    /// The undo kits, by step.
    pub kits: BTreeMap<StepRef, UndoKit>,
    /// When the server was last asked whether the manifests of the awaited step could be restored, and why not.
    pub checked: Option<(Timestamp, Option<String>)>,
    /// Since when a restore is running.
    pub began: Option<Timestamp>,
    /// When the latest restore ended, and its result.
    pub done: Option<(Timestamp, UndoResult)>,
}

impl UndoState {
    /// Returns the number of saved manifests, without duplicates.
    pub fn manifests(&self) -> usize {
        self.kits.values().flat_map(|kit| &kit.manifests).collect::<BTreeSet<_>>().len()
    }

    pub(super) fn saved(&mut self, kit: &UndoKit) {
        self.kits.insert(kit.step, kit.clone());
    }

    pub(super) fn began(&mut self, at: Timestamp) {
        self.began = Some(at);
        self.done = None;
    }

    pub(super) fn done(&mut self, at: Timestamp, undone: &UndoResult) {
        self.began = None;
        self.done = Some((at, undone.clone()));
    }
}

impl Session {
    /// Returns the undo kit of the latest fired step that removed something for good, while the fault is on and unless
    /// it was restored or is being restored.
    pub fn undo_due(&self) -> Option<&UndoKit> {
        let fault = self.fault.as_ref().filter(|fault| fault.is_on())?;
        let since = fault.fires.last()?.at;
        let restored =
            self.undo.done.as_ref().is_some_and(|(at, undone)| *at >= since && undone.failed.is_empty());
        let kits = fault.fires.iter().rev().filter_map(|firing| self.undo.kits.get(&firing.step));
        kits.into_iter().find(|kit| kit.needed).filter(|_| !restored && self.undo.began.is_none())
    }
}

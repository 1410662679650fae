//! The undo kit as far as the session knows of it.

use super::Session;
use crate::session::event::{StepRef, Timestamp, UndoKit, UndoResult};
use std::collections::{BTreeMap, BTreeSet};

/// What was saved, whether it could be put back, and whether it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UndoState {
    /// What was saved, by step.
    pub kits: BTreeMap<StepRef, UndoKit>,
    /// When the server was last asked whether the manifests of the awaited step could be put back; why not.
    pub checked: Option<(Timestamp, Option<String>)>,
    /// Since when they are being put back.
    pub began: Option<Timestamp>,
    /// What putting them back came to.
    pub done: Option<(Timestamp, UndoResult)>,
}

impl UndoState {
    /// Manifests saved, each once.
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
    /// The kit of the step that was fired last, if it takes away what does not come back by itself and was not put back.
    pub fn undo_due(&self) -> Option<&UndoKit> {
        let fault = self.fault.as_ref().filter(|fault| fault.is_on())?;
        let since = fault.fires.last()?.at;
        let restored =
            self.undo.done.as_ref().is_some_and(|(at, undone)| *at >= since && undone.failed.is_empty());
        let kits = fault.fires.iter().rev().filter_map(|firing| self.undo.kits.get(&firing.step));
        kits.into_iter().find(|kit| kit.needed).filter(|_| !restored && self.undo.began.is_none())
    }
}

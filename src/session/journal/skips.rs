//! Steps that the operator skipped, for which the reference has no feature.

use super::mapping;
use crate::session::{
    clock::iso,
    event::{Section, StepRef, Timestamp},
};
use pyvalue::Value;

/// The skipped steps, in order of the skips, without those that were awaited or started afterwards.
#[derive(Debug, Default)]
pub(super) struct SkippedSteps(Vec<(Timestamp, StepRef, String)>);

impl SkippedSteps {
    pub(super) fn skipped(&mut self, at: Timestamp, step: StepRef, name: &str) {
        self.remove(step);
        self.0.push((at, step, name.to_owned()));
    }

    /// Removes the skip of a step that is awaited or started after all.
    pub(super) fn remove(&mut self, step: StepRef) {
        self.0.retain(|(_, skipped, _)| *skipped != step);
    }

    /// Returns the skipped steps; `None` when there are none.
    pub(super) fn value(&self) -> Option<Value> {
        let entry = |(at, step, name): &(Timestamp, StepRef, String)| -> Value {
            mapping([
                ("section", section(step.section).into()),
                ("index", (step.index as i64).into()),
                ("name", name.as_str().into()),
                ("at", iso(*at).into()),
            ])
            .into()
        };
        (!self.0.is_empty()).then(|| self.0.iter().map(entry).collect::<Vec<_>>().into())
    }
}

/// Returns the key of a section in the journal.
fn section(section: Section) -> &'static str {
    match section {
        Section::Before => "steady_states.before",
        Section::During => "steady_states.during",
        Section::After => "steady_states.after",
        Section::Method => "run",
        Section::Rollbacks => "rollbacks",
    }
}

//! Steps that the operator left out: the reference knows of no such thing.

use super::mapping;
use crate::session::{
    clock::iso,
    event::{Section, StepRef, Timestamp},
};
use pyvalue::Value;

/// The steps left out, in the order that it was done; one that was taken back is not among them.
#[derive(Debug, Default)]
pub(super) struct SkippedSteps(Vec<(Timestamp, StepRef, String)>);

impl SkippedSteps {
    pub(super) fn skipped(&mut self, at: Timestamp, step: StepRef, name: &str) {
        self.taken_back(step);
        self.0.push((at, step, name.to_owned()));
    }

    /// The step has its turn after all.
    pub(super) fn taken_back(&mut self, step: StepRef) {
        self.0.retain(|(_, skipped, _)| *skipped != step);
    }

    /// `None` when nothing was left out.
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

/// In the journal's own words.
fn section(section: Section) -> &'static str {
    match section {
        Section::Before => "steady_states.before",
        Section::During => "steady_states.during",
        Section::After => "steady_states.after",
        Section::Method => "run",
        Section::Rollbacks => "rollbacks",
    }
}

//! What controls changed: the run goes on with it, and the journal and the plan tell of it.

use super::{
    context::RunContext,
    controls::{ControlChanges, ControlProblem},
    plan::steps_of_plan,
};
use crate::session::{EventKind, event::Section};
use pyvalue::Value;

impl RunContext {
    /// What follows sees what controls changed.
    pub(super) async fn apply(&self, changes: ControlChanges) {
        self.report_problem(changes.complaints).await;
        if let Some(configuration) = changes.configuration {
            self.set_configuration(configuration);
        }
        if let Some(raw) = changes.experiment {
            let (experiment, reassigned) = (raw.as_ref().clone().into(), changes.reassigned);
            self.set_raw(raw);
            self.voice.emit(EventKind::ExperimentAmended { experiment, reassigned }).await;
            let plan =
                steps_of_plan(&self.experiment(), &self.options, &self.configuration(), &self.providers);
            self.voice.emit(EventKind::Planned(plan)).await;
        }
    }

    /// The journal's entries of a part so far, for controls.
    pub(super) fn journal_entries(&self, section: Section) -> Value {
        self.voice.forwards_journal(|journal| journal.entries(section))
    }

    /// What controls made of the entries of a part.
    pub(super) async fn amend_entries(&self, section: Section, entries: Option<Value>) {
        if let Some(entries @ Value::List(_)) = entries {
            self.voice.emit(EventKind::EntriesAmended { section, entries }).await;
        }
    }

    /// Tells what went wrong in controls.
    pub(super) async fn report_problem(&self, complaints: Vec<ControlProblem>) {
        for ControlProblem { level, message } in complaints {
            self.voice.log(level, message).await;
        }
    }
}

//! Applies what controls changed: the run continues with it, and the journal and the plan show it.

use super::{
    context::RunContext,
    controls::{ControlChanges, ControlProblem},
    plan::steps_of_plan,
};
use crate::session::{EventKind, event::Section};
use pyvalue::Value;

impl RunContext {
    /// Applies the changes to the rest of the run.
    pub(super) async fn apply(&self, changes: ControlChanges) {
        self.report_problem(changes.complaints).await;
        if let Some(configuration) = changes.configuration {
            self.set_configuration(configuration);
        }
        if let Some(raw) = changes.experiment {
            let (experiment, reassigned) = (raw.as_ref().clone().into(), changes.reassigned);
            self.set_raw(raw);
            self.emitter.emit(EventKind::ExperimentAmended { experiment, reassigned }).await;
            let plan =
                steps_of_plan(&self.experiment(), &self.options, &self.configuration(), &self.providers);
            self.emitter.emit(EventKind::Planned(plan)).await;
        }
    }

    /// Returns the journal entries of a section so far, for controls.
    pub(super) fn journal_entries(&self, section: Section) -> Value {
        self.emitter.read_journal(|journal| journal.entries(section))
    }

    /// Emits the journal entries of a section that controls replaced.
    pub(super) async fn amend_entries(&self, section: Section, entries: Option<Value>) {
        if let Some(entries @ Value::List(_)) = entries {
            self.emitter.emit(EventKind::EntriesAmended { section, entries }).await;
        }
    }

    /// Logs the problems of controls.
    pub(super) async fn report_problem(&self, complaints: Vec<ControlProblem>) {
        for ControlProblem { level, message } in complaints {
            self.emitter.log(level, message).await;
        }
    }
}

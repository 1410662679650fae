//! The journal: the file that Chaos Toolkit's tools read after a run, derived from the events alone (experiment-format
//! 11).

mod machine;
mod passes;
mod shared;
mod skips;
mod write;

use crate::session::{
    Event, EventKind,
    clock::{iso, seconds_between},
    event::{HypothesisPhase, RunId, RunStatus, Section, Timestamp},
};
pub use machine::HostInfo;
use passes::HypothesisPasses;
use pyvalue::{Map, Value};
use shared::SharedMapping;
use skips::SkippedSteps;
use std::collections::HashMap;
pub use write::{JournalError, write};

/// The engine version that the journal states: readers choose their parser by it.
const ENGINE_VERSION: &str = "1.44.0";

/// The key of everything for which the reference's journal has no field. Its readers ignore keys that they do not know;
/// a run without such facts has no such key.
const OWN_KEY: &str = "chaos-tui";

/// The journal of the run, built from its events.
#[derive(Debug, Default)]
pub struct Journal {
    machine: HostInfo,
    experiment: SharedMapping,
    started: Option<Timestamp>,
    ended: Option<(Timestamp, RunStatus)>,
    deviated: bool,
    passes: HypothesisPasses,
    skips: SkippedSteps,
    run: Vec<RunId>,
    rollbacks: Vec<RunId>,
    entries: HashMap<RunId, Value>,
    /// Lists that a control replaced.
    amended_lists: HashMap<Section, Value>,
    amended: Option<Value>,
}

impl Journal {
    /// Creates an empty journal of a run on this host.
    pub fn new(machine: HostInfo) -> Self {
        Self { machine, ..Self::default() }
    }

    /// Applies one event.
    pub fn apply(&mut self, event: &Event) {
        match &event.what {
            EventKind::RunStarted { experiment, .. } => {
                self.experiment = SharedMapping::new(experiment);
                self.started = Some(event.at);
            }
            EventKind::ExperimentAmended { experiment, reassigned } => {
                self.experiment.amend(experiment, reassigned);
            }
            EventKind::HypothesisStarted { phase, .. } => self.passes.begin(*phase),
            // A continuous pass that broke has no verdict and is omitted.
            EventKind::HypothesisEnded {
                phase: HypothesisPhase::During,
                met: false,
                deviating: None,
                ..
            } => {}
            EventKind::HypothesisEnded { phase, met, skipped, .. } => {
                // A pass with skipped probes is not met, even if all other probes were in tolerance.
                self.passes.end(*phase, *met, *skipped > 0 && *met);
            }
            EventKind::StepSkipped { step, name } => self.skips.skipped(event.at, *step, name),
            EventKind::StepAwaited { step, .. } => self.skips.remove(*step),
            EventKind::ActivityStarted { run, step, entry, .. } => {
                self.skips.remove(*step);
                self.entries.insert(*run, entry.clone());
                match step.section {
                    Section::Method => self.run.push(*run),
                    Section::Rollbacks => self.rollbacks.push(*run),
                    Section::Before | Section::During | Section::After => self.passes.probe(*step, *run),
                }
            }
            EventKind::ActivityEnded { run, entry, .. } | EventKind::EntryAmended { run, entry } => {
                self.entries.insert(*run, entry.clone());
            }
            EventKind::PassAmended { phase, pass } => self.passes.amend(*phase, pass.clone()),
            EventKind::EntriesAmended { section, entries } => {
                self.amended_lists.insert(*section, entries.clone());
            }
            EventKind::RunEnded { status, deviated } => {
                self.ended = Some((event.at, *status));
                self.deviated = *deviated;
            }
            EventKind::JournalAmended { journal } => self.amended = Some(journal.clone()),
            _ => {}
        }
    }

    /// Returns the journal so far; it is complete once the run has ended.
    pub fn value(&self) -> Value {
        if let Some(journal) = &self.amended {
            return journal.clone();
        }
        let mut journal = mapping([
            ("chaoslib-version", ENGINE_VERSION.into()),
            ("platform", self.machine.platform.as_str().into()),
            ("node", self.machine.node.as_str().into()),
            ("experiment", self.experiment.value()),
            ("start", self.started.map_or(Value::Null, |moment| iso(moment).into())),
            ("status", self.ended.map_or(Value::Null, |(_, status)| status_name(status).into())),
            ("deviated", self.deviated.into()),
            ("steady_states", self.passes.value(&self.entries)),
            ("run", self.entries(Section::Method)),
            ("rollbacks", self.entries(Section::Rollbacks)),
        ]);
        if let (Some(started), Some((ended, _))) = (self.started, self.ended) {
            journal.insert("end".to_owned(), iso(ended).into());
            journal.insert("duration".to_owned(), Value::Float(seconds_between(started, ended)));
        }
        if let Some(skipped) = self.skips.value() {
            journal.insert(OWN_KEY.to_owned(), mapping([("skipped", skipped)]).into());
        }
        journal.into()
    }

    /// Returns the entry of one call.
    pub fn entry(&self, run: RunId) -> Option<&Value> {
        self.entries.get(&run)
    }

    /// Returns the entries of the method or of the rollbacks, in order of their start.
    pub fn entries(&self, section: Section) -> Value {
        if let Some(amended) = self.amended_lists.get(&section) {
            return amended.clone();
        }
        let runs = match section {
            Section::Rollbacks => &self.rollbacks,
            _ => &self.run,
        };
        runs.iter().filter_map(|run| self.entries.get(run).cloned()).collect::<Vec<_>>().into()
    }
}

/// Returns the status as the journal spells it.
pub fn status_name(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Completed => "completed",
        RunStatus::Failed => "failed",
        RunStatus::Aborted => "aborted",
        RunStatus::Interrupted => "interrupted",
    }
}

fn mapping<const N: usize>(fields: [(&str, Value); N]) -> Map {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests;

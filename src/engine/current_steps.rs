//! The providers of steps as they are run: those of the file, or of a fix that the operator accepted.

use crate::{
    experiment::{Activity, Experiment, Secrets, substitute},
    runner::RunRequest,
    session::{
        Event, EventKind,
        event::{PlanChange, Section, StepRef},
    },
};
use pyvalue::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};

/// The steps as they are run, as far as the events handled so far show.
pub(super) struct CurrentSteps {
    /// The request, with the experiment as controls left it.
    pub request: RunRequest,
    fixed: BTreeMap<StepRef, Map>,
}

impl CurrentSteps {
    /// Starts with the file's steps, none of them fixed.
    pub(super) fn new(request: RunRequest) -> Self {
        Self { request, fixed: BTreeMap::new() }
    }

    /// Applies a fix, or a change of the experiment by controls. Returns the step whose activity a fix replaced.
    pub(super) fn handle(&mut self, event: &Event) -> Option<StepRef> {
        match &event.what {
            EventKind::Fixed(PlanChange::Instead { step, activity, .. }) => {
                let provider = activity.get("provider").and_then(Value::as_map)?;
                self.fixed.insert(*step, provider.clone());
                Some(*step)
            }
            EventKind::ExperimentAmended { experiment, .. } => {
                let raw = experiment.as_map()?.clone();
                self.request.experiment = Arc::new(self.request.experiment.amended(raw));
                None
            }
            _ => None,
        }
    }

    /// Returns the provider's mapping of a step, substituted without secrets, since what is made of it is shown.
    pub(super) fn provider(&self, step: StepRef) -> Option<Map> {
        let declared = activity_at(&self.request.experiment, step)?.provider.raw.clone();
        let declared = self.fixed.get(&step).cloned().unwrap_or(declared).into();
        substitute(&declared, &self.request.configuration, &Secrets::default()).as_map().cloned()
    }
}

/// Returns the activity of a step; `None` for a `ref` to no activity.
pub(super) fn activity_at(experiment: &Experiment, step: StepRef) -> Option<&Activity> {
    let entry = match step.section {
        Section::Method => experiment.method().get(step.index),
        Section::Rollbacks => experiment.rollbacks().get(step.index),
        Section::Before | Section::During | Section::After => {
            experiment.hypothesis().and_then(|hypothesis| hypothesis.probes.get(step.index))
        }
    };
    entry.and_then(|entry| entry.activity.as_ref().ok())
}

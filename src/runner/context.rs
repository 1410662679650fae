//! The state that every part of a run shares: settings, the current experiment, and the progress of the run.

use super::{
    Controls, FireGate, RunOptions,
    controls::ControlView,
    dry::{CallMode, mode},
    emitter::RunEmitter,
    plan_changes::PlanChanges,
    progress::Progress,
    redact::Redactor,
    request::RunRequest,
    shown_targets::ShownTargets,
};
use crate::{
    experiment::{Activity, Experiment, Secrets},
    provider::{Effect, Providers, RunListener},
    session::{
        event::RunId,
        journal::{HostInfo, Journal},
        stream::Emitter,
    },
};
use pyvalue::Map;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Shared by the foreground, background activities and continuous passes.
pub(super) struct RunContext {
    pub options: RunOptions,
    pub providers: Arc<Providers>,
    pub secrets: Secrets,
    pub emitter: RunEmitter,
    pub controls: Controls,
    pub listener: Option<Arc<dyn RunListener>>,
    pub fixes: PlanChanges,
    pub shown: ShownTargets,
    pub gate: Option<Arc<dyn FireGate>>,
    pub progress: Progress,
    current: Mutex<Current>,
    runs: AtomicU64,
}

/// What controls may change. Each operation reads the current values when it begins.
struct Current {
    configuration: Arc<Map>,
    experiment: Arc<Experiment>,
    raw: Arc<Map>,
}

impl RunContext {
    pub(super) fn new(request: RunRequest, raw: Map, providers: Arc<Providers>, emitter: Emitter) -> Self {
        let redactor = Redactor::new(&request.secrets);
        let journal = request.controls.are_called().then(|| Journal::new(HostInfo::current()));
        Self {
            emitter: RunEmitter::new(emitter, redactor, journal, request.listener.clone()),
            options: request.options,
            providers,
            secrets: request.secrets,
            controls: request.controls,
            listener: request.listener,
            fixes: PlanChanges::default(),
            shown: request.shown,
            gate: request.gate,
            progress: Progress::default(),
            current: Mutex::new(Current {
                configuration: Arc::new(request.configuration),
                experiment: request.experiment,
                raw: Arc::new(raw),
            }),
            runs: AtomicU64::new(0),
        }
    }

    /// Returns the number of the next call.
    pub(super) fn next_run(&self) -> RunId {
        RunId(self.runs.fetch_add(1, Ordering::Relaxed))
    }

    /// The experiment as controls left it.
    pub(super) fn experiment(&self) -> Arc<Experiment> {
        self.with_current(|current| current.experiment.clone())
    }

    /// The mapping of the experiment, as controls see it.
    pub(super) fn raw(&self) -> Arc<Map> {
        self.with_current(|current| current.raw.clone())
    }

    /// Replaces the experiment for the rest of the run.
    pub(super) fn set_raw(&self, raw: Arc<Map>) {
        self.with_current(|current| {
            current.experiment = Arc::new(current.experiment.amended(raw.as_ref().clone()));
            current.raw = raw;
        });
    }

    pub(super) fn configuration(&self) -> Arc<Map> {
        self.with_current(|current| current.configuration.clone())
    }

    /// Replaces the configuration for the rest of the run.
    pub(super) fn set_configuration(&self, configuration: Arc<Map>) {
        self.with_current(|current| current.configuration = configuration);
    }

    /// Returns what controls see.
    pub(super) fn control_view(&self) -> ControlView<'_> {
        self.with_current(|current| ControlView {
            experiment: current.experiment.clone(),
            raw: current.raw.clone(),
            configuration: current.configuration.clone(),
            secrets: &self.secrets,
        })
    }

    /// Returns the effect of the activity on the system in this run; one that is only pretended just reads.
    pub(super) fn effect(&self, activity: &Activity) -> Effect {
        match mode(activity, self.options.dry) {
            _ if activity.flaw.is_some() => Effect::Reads,
            CallMode::Pretended => Effect::Reads,
            CallMode::Real | CallMode::Hurried => self.providers.effect(activity),
        }
    }

    /// The failed rollbacks, unless strict compatibility ignores them.
    pub(super) fn failed_rollbacks(&self) -> Vec<String> {
        if self.options.compat.forgives_rollbacks() { Vec::new() } else { self.progress.failed_rollbacks() }
    }

    fn with_current<T>(&self, use_it: impl FnOnce(&mut Current) -> T) -> T {
        use_it(&mut self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

//! Controls: Python hooks around every level of a run (experiment-format 10).
//!
//! [`levels`] selects the controls that apply, [`ControlHost`] calls them, [`Controls`] goes through them in order.

mod levels;
mod loading;
mod patience;
mod subject;

use super::{Compat, stop_signal::StopSignal};
pub(super) use crate::provider::{ControlCall, ControlError, ControlHost, ControlReply, ControlRunObjects};
use crate::{
    experiment::{Control, Experiment, Secrets, substitute},
    session::event::Level as EventLevel,
};
pub(super) use levels::Level;
use patience::call_control;
use pyvalue::{Map, Value, part, python_text};
use std::{collections::HashSet, sync::Arc};
pub(super) use subject::ControlSubject;
use tokio_util::sync::CancellationToken;

/// The controls of a run: those of the settings and the command line, and the host that calls them.
///
/// Without a host no control is called.
#[derive(Clone, Default)]
pub(crate) struct Controls {
    globals: Vec<Control>,
    host: Option<Arc<dyn ControlHost>>,
}

/// When a control is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

impl When {
    /// Returns the name used in function names and in a control's `scope`.
    fn name(self) -> &'static str {
        match self {
            When::Before => "before",
            When::After => "after",
        }
    }
}

/// What a round of controls is called with.
pub(super) struct Round<'a> {
    pub when: When,
    pub subject: ControlSubject<'a>,
    /// The result of the level, for a round after it.
    pub state: Option<Value>,
    pub compat: Compat,
}

/// What all controls of a run can see and change.
pub(super) struct ControlView<'a> {
    pub experiment: Arc<Experiment>,
    /// The experiment as it is now.
    pub raw: Arc<Map>,
    pub configuration: Arc<Map>,
    pub secrets: &'a Secrets,
}

impl ControlView<'_> {
    fn shown(&self) -> ControlRunObjects<'_> {
        ControlRunObjects { configuration: &self.configuration, secrets: self.secrets, experiment: &self.raw }
    }
}

/// What a round of controls changed.
#[derive(Debug, Default)]
pub(super) struct ControlChanges {
    pub state: Option<Value>,
    pub context: Option<Value>,
    pub configuration: Option<Arc<Map>>,
    pub experiment: Option<Arc<Map>>,
    /// The experiment's keys that now refer to other objects.
    pub reassigned: Vec<String>,
    /// How a control stopped the run, if one did.
    pub stopped_by: Option<StopByControl>,
    /// Problems of controls that do not stop the run.
    pub complaints: Vec<ControlProblem>,
}

/// How a control stopped the run.
#[derive(Debug, PartialEq)]
pub(crate) enum StopByControl {
    /// With the engine's interrupt exception and this message.
    Interrupt(String),
    Exit(Value),
    /// Like Ctrl-C.
    KeyboardInterrupt,
}

/// A problem in a control that does not stop the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ControlProblem {
    pub level: EventLevel,
    pub message: String,
}

impl ControlProblem {
    /// The reference logs errors of controls at debug level; a control that had to be ended is a warning here.
    fn of(error: ControlError, function: &str, control: &Control) -> Self {
        let (level, message) = match error {
            ControlError::Ended(why) => (EventLevel::Warning, why),
            ControlError::Exception(message) | ControlError::Interrupt(message) => {
                (EventLevel::Debug, message)
            }
            ControlError::Exit(code) => {
                (EventLevel::Debug, format!("the activity requested an exit with {}", python_text(&code)))
            }
            ControlError::KeyboardInterrupt => (EventLevel::Debug, "it was interrupted".to_owned()),
        };
        Self { level, message: format!("{function} of control '{}': {message}", control.name) }
    }
}

impl Controls {
    /// Takes the global controls in order, and the host that calls controls.
    pub(crate) fn new(globals: Vec<Control>, host: Arc<dyn ControlHost>) -> Self {
        Self { globals, host: Some(host) }
    }

    /// Whether an experiment declares any controls, at any level.
    pub(crate) fn are_declared(experiment: &Experiment) -> bool {
        !declared(experiment).is_empty()
    }

    /// Whether there are controls besides those of the experiment.
    pub(crate) fn has_globals(&self) -> bool {
        !self.globals.is_empty()
    }

    /// Whether there is a host that calls controls.
    pub(super) fn are_called(&self) -> bool {
        self.host.is_some()
    }

    /// Whether any control applies to this subject.
    pub(super) fn applies_to(&self, subject: ControlSubject<'_>, experiment: &Experiment) -> bool {
        let ControlSubject { level, local, .. } = subject;
        let applied = || levels::applied(level, &self.globals, experiment.controls(), local, Compat::Safe);
        self.host.is_some() && !applied().is_empty()
    }

    /// Calls `configure_control` once for each name: the globals, of which those that fail are dropped, then the
    /// experiment's controls, which do not see the settings.
    pub(super) async fn configure(
        &mut self,
        mut scene: ControlView<'_>,
        stop_signal: &StopSignal,
    ) -> ControlChanges {
        let mut changes = ControlChanges::default();
        let Some(host) = self.host.clone() else { return changes };
        let once = SingleCalls { host: &*host, function: "configure_control", stop_signal };
        let mut kept = Vec::new();
        for control in std::mem::take(&mut self.globals) {
            match once.call(&control, true, &mut scene, &mut changes).await {
                Ok(()) => kept.push(control),
                Err(complaint) => changes.complaints.push(complaint),
            }
        }
        self.globals = kept;
        for control in declared(&scene.experiment) {
            let failed = once.call(&control, false, &mut scene, &mut changes).await.err();
            changes.complaints.extend(failed);
        }
        changes
    }

    /// Calls `cleanup_control` once for each name. Returns the problems.
    pub(super) async fn clean_up(
        &self,
        mut scene: ControlView<'_>,
        stop_signal: &StopSignal,
    ) -> Vec<ControlProblem> {
        let mut changes = ControlChanges::default();
        let Some(host) = &self.host else { return changes.complaints };
        let once = SingleCalls { host: &**host, function: "cleanup_control", stop_signal };
        for control in declared(&scene.experiment) {
            let failed = once.call(&control, false, &mut scene, &mut changes).await.err();
            changes.complaints.extend(failed.map(|failed| match failed.level {
                // The reference crashes on an exception here, so it is logged as an error.
                EventLevel::Debug => ControlProblem { level: EventLevel::Error, ..failed },
                _ => failed,
            }));
        }
        for control in &self.globals {
            let failed = once.call(control, true, &mut scene, &mut changes).await.err();
            changes.complaints.extend(failed);
        }
        changes.complaints
    }

    /// Calls the controls of a level in order, each seeing what those before it changed. An interruption skips the rest
    /// of the round, and so does a stop request that arrives meanwhile.
    pub(super) async fn round(
        &self,
        round: Round<'_>,
        mut scene: ControlView<'_>,
        stop_signal: &StopSignal,
    ) -> ControlChanges {
        let mut changes = ControlChanges::default();
        let Some(host) = &self.host else { return changes };
        let Round { when, subject, mut state, compat } = round;
        let (scope, function) = (when.name(), format!("{}_{}_control", when.name(), subject.level.name()));
        let halts = stop_signal.stops();
        let mut context = Value::from(subject.context.clone());
        let experiment = scene.experiment.clone();
        let applied =
            levels::applied(subject.level, &self.globals, experiment.controls(), subject.local, compat);
        for control in applied.into_iter().filter(|control| control.scope().is_none_or(|it| it == scope)) {
            let Some(module) = control.module() else { continue };
            if stop_signal.stops() > halts {
                break;
            }
            let call = ControlCall {
                module,
                function: &function,
                arguments: arguments(control, &scene),
                context: Some(&context),
                place: Some(subject.place),
                state: state.as_ref(),
                run_objects: Some(scene.shown()),
                settings: true,
                cancel: CancellationToken::new(),
            };
            let mut reply = call_control(&**host, call, stop_signal).await;
            changes.take(&mut reply, &mut scene, Some(subject.place));
            if let Some(changed) = reply.context {
                context = changed.clone();
                changes.context = Some(changed);
            }
            if let Some(changed) = reply.state {
                state = Some(changed.clone());
                changes.state = Some(changed);
            }
            match reply.error {
                Some(ControlError::Interrupt(message)) => {
                    changes.stopped_by = Some(StopByControl::Interrupt(message));
                }
                Some(ControlError::Exit(code)) => changes.stopped_by = Some(StopByControl::Exit(code)),
                Some(ControlError::KeyboardInterrupt) => {
                    changes.stopped_by = Some(StopByControl::KeyboardInterrupt);
                }
                Some(error) => changes.complaints.push(ControlProblem::of(error, &function, control)),
                None => {}
            }
            if changes.stopped_by.is_some() {
                break;
            }
        }
        changes
    }
}

impl ControlChanges {
    /// Records what a control changed in the run's own objects, for the controls that follow. A change in a context is
    /// also made in the part of the experiment that the context stands for.
    fn take(&mut self, reply: &mut ControlReply, scene: &mut ControlView<'_>, place: Option<&str>) {
        if let Some(changed) = reply.configuration.take() {
            scene.configuration = Arc::new(changed);
            self.configuration = Some(scene.configuration.clone());
        }
        let amended = match (reply.experiment.take(), &reply.context, place) {
            (Some(changed), ..) => {
                scene.raw = Arc::new(changed);
                true
            }
            (None, Some(context), Some(place)) => {
                part::put(Arc::make_mut(&mut scene.raw), place, context.clone())
            }
            _ => false,
        };
        if amended {
            self.experiment = Some(scene.raw.clone());
            self.reassigned.append(&mut reply.reassigned);
        }
    }
}

/// Calls one function outside any level. An interruption there is treated like any other error.
struct SingleCalls<'a> {
    host: &'a dyn ControlHost,
    function: &'a str,
    stop_signal: &'a StopSignal,
}

impl SingleCalls<'_> {
    async fn call(
        &self,
        control: &Control,
        global: bool,
        scene: &mut ControlView<'_>,
        changes: &mut ControlChanges,
    ) -> Result<(), ControlProblem> {
        let Some(module) = control.module() else { return Ok(()) };
        let configures = self.function == "configure_control";
        let call = ControlCall {
            module,
            function: self.function,
            arguments: if configures { control.arguments() } else { Map::default() },
            context: None,
            place: None,
            state: None,
            run_objects: Some(scene.shown()),
            settings: global,
            cancel: CancellationToken::new(),
        };
        let mut reply = call_control(self.host, call, self.stop_signal).await;
        changes.take(&mut reply, scene, None);
        match reply.error {
            Some(error) => Err(ControlProblem::of(error, self.function, control)),
            None => Ok(()),
        }
    }
}

fn arguments(control: &Control, scene: &ControlView<'_>) -> Map {
    let declared = control.arguments();
    if scene.configuration.is_empty() && scene.secrets.is_empty() {
        return declared;
    }
    match substitute(&declared.into(), &scene.configuration, scene.secrets) {
        Value::Map(arguments) => arguments,
        _ => Map::default(),
    }
}

/// Returns every control declared in the experiment, the first of each name.
fn declared(experiment: &Experiment) -> Vec<Control> {
    let hypothesis = experiment.hypothesis().into_iter();
    let probes = hypothesis.clone().flat_map(|hypothesis| &hypothesis.probes);
    let entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
    // Controls beside a `ref` are configured too, though they are never applied.
    let local = entries.flat_map(|entry| Control::list(entry.declared.get("controls")));
    let own = experiment.controls().iter().chain(hypothesis.flat_map(|it| &it.controls)).cloned();
    let mut names = HashSet::new();
    own.chain(local).filter(|control| names.insert(control.name.clone())).collect()
}

#[cfg(test)]
pub(super) mod fake;

//! Controls: Python hooks around every level of a run (experiment-format 10).
//!
//! [`levels`] says which ones apply where, [`ControlHost`] calls them, [`Controls`] goes through them in order.

mod levels;
mod patience;

pub use crate::provider::{ControlCall, ControlError, ControlHost, ControlReply};
pub use levels::Level;

use super::{Compat, reins::Reins};
use crate::{
    experiment::{Control, Experiment, Map, Secrets, Value, substitute},
    session::event::Level as EventLevel,
};
use patience::ask;
use std::{collections::HashSet, sync::Arc};
use tokio_util::sync::CancellationToken;

/// The controls of a run: those of the settings and the command line, and who calls them.
///
/// Without a host every control is inert.
#[derive(Clone, Default)]
pub struct Controls {
    globals: Vec<Control>,
    host: Option<Arc<dyn ControlHost>>,
}

/// When a control is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// Where a round of controls happens.
pub(super) struct Round<'a> {
    pub when: When,
    pub level: Level,
    /// The level's own controls.
    pub local: &'a [Control],
    /// The experiment, hypothesis or activity.
    pub context: Value,
    /// What the level came to.
    pub state: Option<Value>,
    pub compat: Compat,
}

/// What all controls of a run can see and change.
pub(super) struct Scene<'a> {
    pub experiment: &'a Experiment,
    pub raw: Map,
    pub configuration: Map,
    pub secrets: &'a Secrets,
}

/// What a round of controls changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub state: Option<Value>,
    pub configuration: Option<Map>,
    pub experiment: Option<Map>,
    /// The message of the control that interrupted the run.
    pub interrupt: Option<String>,
    /// What went wrong in controls that do not count.
    pub complaints: Vec<Complaint>,
}

/// Something that went wrong in a control and does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub level: EventLevel,
    pub message: String,
}

impl Complaint {
    /// The reference mentions errors of controls in passing. That one hangs is news.
    fn of(error: ControlError, function: &str, control: &Control) -> Self {
        let (level, message) = match error {
            ControlError::Ended(why) => (EventLevel::Warning, why),
            ControlError::Ordinary(message) | ControlError::Interrupt(message) => {
                (EventLevel::Debug, message)
            }
        };
        Self { level, message: format!("{function} of control '{}': {message}", control.name) }
    }
}

impl Controls {
    /// Global controls in order, and who calls controls.
    pub fn new(globals: Vec<Control>, host: Arc<dyn ControlHost>) -> Self {
        Self { globals, host: Some(host) }
    }

    /// Whether an experiment declares any, on whatever level.
    pub fn are_declared(experiment: &Experiment) -> bool {
        !declared(experiment).is_empty()
    }

    /// Whether anybody calls controls.
    pub(super) fn are_called(&self) -> bool {
        self.host.is_some()
    }

    /// Whether any control applies on this level.
    pub(super) fn touch(&self, level: Level, experiment: &Experiment, local: &[Control]) -> bool {
        let applied = || levels::applied(level, &self.globals, experiment.controls(), local, Compat::Safe);
        self.host.is_some() && !applied().is_empty()
    }

    /// Calls `configure_control` once for each name: the globals, of which those that fail are dropped, then the
    /// experiment's. Tells what went wrong.
    pub(super) async fn configure(&mut self, scene: &Scene<'_>, reins: &Reins) -> Vec<Complaint> {
        let Some(host) = self.host.clone() else { return Vec::new() };
        let mut errors = Vec::new();
        let mut kept = Vec::new();
        for control in std::mem::take(&mut self.globals) {
            match once(&*host, "configure_control", &control, scene, reins).await {
                Ok(()) => kept.push(control),
                Err(error) => errors.push(error),
            }
        }
        self.globals = kept;
        for control in declared(scene.experiment) {
            errors.extend(once(&*host, "configure_control", &control, scene, reins).await.err());
        }
        errors
    }

    /// Calls `cleanup_control` once for each name; tells what went wrong.
    pub(super) async fn clean_up(&self, scene: &Scene<'_>, reins: &Reins) -> Vec<Complaint> {
        let Some(host) = &self.host else { return Vec::new() };
        let mut errors = Vec::new();
        for control in declared(scene.experiment) {
            let failed = once(&**host, "cleanup_control", &control, scene, reins).await.err();
            errors.extend(failed.map(|failed| match failed.level {
                // The reference falls over an exception here, which is why it may not pass in silence.
                EventLevel::Debug => Complaint { level: EventLevel::Error, ..failed },
                _ => failed,
            }));
        }
        for control in &self.globals {
            errors.extend(once(&**host, "cleanup_control", control, scene, reins).await.err());
        }
        errors
    }

    /// Calls the controls of a level in order, each seeing what those before it changed. An interruption skips the
    /// rest of the round, and so does a halt that comes meanwhile.
    pub(super) async fn round(&self, round: Round<'_>, mut scene: Scene<'_>, reins: &Reins) -> Changes {
        let mut changes = Changes::default();
        let Some(host) = &self.host else { return changes };
        let Round { when, level, local, mut context, mut state, compat } = round;
        let (scope, function) = match when {
            When::Before => ("before", format!("before_{}_control", level.name())),
            When::After => ("after", format!("after_{}_control", level.name())),
        };
        let halts = reins.halts();
        let applied = levels::applied(level, &self.globals, scene.experiment.controls(), local, compat);
        for control in applied.into_iter().filter(|control| control.scope().is_none_or(|it| it == scope)) {
            let Some(module) = control.module() else { continue };
            if reins.halts() > halts {
                break;
            }
            let call = ControlCall {
                module,
                function: &function,
                arguments: arguments(control, &scene),
                context: Some(&context),
                state: state.as_ref(),
                configuration: &scene.configuration,
                secrets: scene.secrets,
                experiment: &scene.raw,
                cancel: CancellationToken::new(),
            };
            let reply = ask(&**host, call, reins).await;
            if let Some(changed) = reply.context {
                context = changed;
            }
            if let Some(changed) = reply.state {
                state = Some(changed.clone());
                changes.state = Some(changed);
            }
            if let Some(changed) = reply.configuration {
                scene.configuration.clone_from(&changed);
                changes.configuration = Some(changed);
            }
            if let Some(changed) = reply.experiment {
                scene.raw.clone_from(&changed);
                changes.experiment = Some(changed);
            }
            match reply.error {
                Some(ControlError::Interrupt(message)) => {
                    changes.interrupt = Some(message);
                    break;
                }
                Some(error) => changes.complaints.push(Complaint::of(error, &function, control)),
                None => {}
            }
        }
        changes
    }
}

/// One call outside of any level. An interruption there is an error like any other.
async fn once(
    host: &dyn ControlHost,
    function: &str,
    control: &Control,
    scene: &Scene<'_>,
    reins: &Reins,
) -> Result<(), Complaint> {
    let Some(module) = control.module() else { return Ok(()) };
    let call = ControlCall {
        module,
        function,
        arguments: if function == "configure_control" { control.arguments() } else { Map::new() },
        context: None,
        state: None,
        configuration: &scene.configuration,
        secrets: scene.secrets,
        experiment: &scene.raw,
        cancel: CancellationToken::new(),
    };
    match ask(host, call, reins).await.error {
        Some(error) => Err(Complaint::of(error, function, control)),
        None => Ok(()),
    }
}

fn arguments(control: &Control, scene: &Scene<'_>) -> Map {
    let declared = control.arguments();
    if scene.configuration.is_empty() && scene.secrets.is_empty() {
        return declared;
    }
    match substitute(&declared.into(), &scene.configuration, scene.secrets) {
        Value::Map(arguments) => arguments,
        _ => Map::new(),
    }
}

/// Every control declared in the experiment, the first of each name.
fn declared(experiment: &Experiment) -> Vec<Control> {
    let hypothesis = experiment.hypothesis().into_iter();
    let probes = hypothesis.clone().flat_map(|hypothesis| &hypothesis.probes);
    let entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
    // Those beside a `ref` are prepared too, though nothing ever applies them.
    let local = entries.flat_map(|entry| Control::list(entry.declared.get("controls")));
    let own = experiment.controls().iter().chain(hypothesis.flat_map(|it| &it.controls)).cloned();
    let mut names = HashSet::new();
    own.chain(local).filter(|control| names.insert(control.name.clone())).collect()
}

#[cfg(test)]
pub(super) mod fake;

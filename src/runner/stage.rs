//! What every part of a run shares.

use super::{
    Controls, Options,
    activity::Cutoff,
    controls::{Changes, Complaint, Round, Scene, Subject, Turned, When},
    dry::{Mode, mode},
    fixes::Fixes,
    halt::{Halt, Signal, Turn},
    helm::tell,
    plan::lay_out,
    played::{self, Played},
    redact::Redactor,
    reins::Reins,
    request::Request,
    shown::Shown,
    voice::Voice,
};
use crate::{
    cluster::Identity,
    experiment::{Activity, Experiment, Map, Secrets, Value},
    provider::{Effect, Providers},
    session::{
        What,
        event::{RunId, RunStatus, Section, StepRef},
        journal::{Journal, Machine},
        stream::Emitter,
    },
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// The scenery of a run: shared by the foreground, background activities and continuous passes.
pub(super) struct Stage {
    pub options: Options,
    pub providers: Arc<Providers>,
    pub secrets: Secrets,
    pub voice: Voice,
    pub controls: Controls,
    pub fixes: Fixes,
    shown: Shown,
    live: Mutex<Live>,
    runs: AtomicU64,
}

/// What changes while the run goes on.
struct Live {
    status: Option<RunStatus>,
    deviated: bool,
    crashed: bool,
    /// Whether a fire was begun.
    fired: bool,
    /// The rollbacks that did not do their work.
    unrolled: Vec<String>,
    /// Controls may change these; whoever begins something takes the present ones.
    configuration: Arc<Map>,
    experiment: Arc<Experiment>,
    raw: Arc<Map>,
    played: Vec<Played>,
}

/// What a round of controls left.
pub(super) struct Rounded {
    /// The state, if they changed it.
    pub state: Option<Value>,
    /// The context, if they changed it.
    pub context: Option<Map>,
    /// Whether the run goes on.
    pub ended: Result<(), Cutoff>,
}

impl Default for Rounded {
    fn default() -> Self {
        Self { state: None, context: None, ended: Ok(()) }
    }
}

impl Stage {
    pub fn new(request: Request, raw: Map, providers: Arc<Providers>, emitter: Emitter) -> Self {
        let redactor = Redactor::new(&request.secrets);
        let minutes = request.controls.are_called().then(|| Journal::new(Machine::this()));
        Self {
            voice: Voice::new(emitter, redactor, minutes),
            options: request.options,
            providers,
            secrets: request.secrets,
            controls: request.controls,
            fixes: Fixes::default(),
            shown: request.shown,
            live: Mutex::new(Live {
                status: None,
                deviated: false,
                crashed: false,
                fired: false,
                unrolled: Vec::new(),
                configuration: Arc::new(request.configuration),
                experiment: request.experiment,
                raw: Arc::new(raw),
                played: Vec::new(),
            }),
            runs: AtomicU64::new(0),
        }
    }

    /// The number of the next call.
    pub fn next_run(&self) -> RunId {
        RunId(self.runs.fetch_add(1, Ordering::Relaxed))
    }

    /// The experiment as controls left it.
    pub fn experiment(&self) -> Arc<Experiment> {
        self.with(|live| live.experiment.clone())
    }

    /// Its mapping, as controls see it.
    pub fn raw(&self) -> Arc<Map> {
        self.with(|live| live.raw.clone())
    }

    pub fn configuration(&self) -> Arc<Map> {
        self.with(|live| live.configuration.clone())
    }

    pub fn status(&self) -> Option<RunStatus> {
        self.with(|live| live.status)
    }

    pub fn set_status(&self, status: RunStatus) {
        self.with(|live| live.status = Some(status));
    }

    pub fn deviated(&self) -> bool {
        self.with(|live| live.deviated)
    }

    pub fn set_deviated(&self) {
        self.with(|live| live.deviated = true);
    }

    /// Ends the run as a crash of the reference does.
    pub async fn crash(&self, message: String) {
        self.with(|live| live.crashed = true);
        self.set_status(RunStatus::Aborted);
        self.voice.emit(What::Aborted { message }).await;
    }

    pub fn has_crashed(&self) -> bool {
        self.with(|live| live.crashed)
    }

    /// A destructive step of the method is called.
    pub fn set_fired(&self) {
        self.with(|live| live.fired = true);
    }

    pub fn has_fired(&self) -> bool {
        self.with(|live| live.fired)
    }

    /// A rollback did not do its work.
    pub fn set_unrolled(&self, name: &str) {
        self.with(|live| live.unrolled.push(name.to_owned()));
    }

    /// The rollbacks that did not do their work, where that counts.
    pub fn unrolled(&self) -> Vec<String> {
        match self.options.compat.forgives_rollbacks() {
            true => Vec::new(),
            false => self.with(|live| live.unrolled.clone()),
        }
    }

    /// What follows sees this configuration.
    pub fn set_configuration(&self, configuration: Map) {
        self.with(|live| live.configuration = Arc::new(configuration));
    }

    /// What playing the activity does to the system in this run: nothing, if it is only pretended.
    pub fn effect(&self, activity: &Activity) -> Effect {
        match mode(activity, self.options.dry) {
            _ if activity.flaw.is_some() => Effect::Reads,
            Mode::Pretended => Effect::Reads,
            Mode::Real | Mode::Hurried => self.providers.effect(activity),
        }
    }

    /// Why a step that was fired must not go on: it would act in another cluster by now than its card named.
    pub async fn moved(&self, activity: &Activity, step: StepRef) -> Option<String> {
        let shown = self.shown.of(step)?;
        let provider = &activity.provider;
        let site = self.providers.site(provider.kind, &provider.raw, &self.secrets).await;
        let now = site.identity();
        if now == shown {
            return None;
        }
        let named = |cluster: &Option<Identity>| match cluster {
            Some(cluster) => format!("context {}", cluster.context()),
            None => "no cluster".to_owned(),
        };
        let (before, after) = (named(&shown), named(&now));
        let after = if before == after { format!("another {after}") } else { after };
        let name = &activity.name;
        Some(format!(
            "'{name}' was not fired: its card named {before}, by now it would act in {after}; see the new card"
        ))
    }

    /// What a cut-off turn means for the run; says so.
    pub async fn turn(&self, cutoff: Cutoff) -> Turn {
        let halt = match cutoff {
            Cutoff::Broke(message) | Cutoff::Moved(message) => return Turn::Abort(message),
            Cutoff::Halted => return Turn::Halt(Halt::told()),
            Cutoff::Exit(code) => Halt::exit(&code),
            Cutoff::KeyboardInterrupt => Halt::signal(Signal::Interrupt),
            Cutoff::Interrupt(message) => Halt::control(&message),
        };
        tell(&self.voice, &halt).await;
        Turn::Halt(halt)
    }

    /// What controls see.
    pub fn scene(&self) -> Scene<'_> {
        self.with(|live| Scene {
            experiment: live.experiment.clone(),
            raw: live.raw.clone(),
            configuration: live.configuration.clone(),
            secrets: &self.secrets,
        })
    }

    /// The journal's entries of a part so far, for controls.
    pub fn told(&self, section: Section) -> Value {
        self.voice.minutes().entries(section)
    }

    /// Calls the controls before a level, which is not begun when one of them interrupts or the run was halted.
    pub async fn before(&self, subject: Subject<'_>, reins: &Reins) -> Result<(), Cutoff> {
        self.before_activity(subject, reins).await.1
    }

    /// The same, with the context as they left it, if they changed it.
    pub async fn before_activity(
        &self,
        subject: Subject<'_>,
        reins: &Reins,
    ) -> (Option<Map>, Result<(), Cutoff>) {
        let Rounded { context, ended, .. } = self.round(When::Before, subject, None, reins).await;
        (context, ended.and_then(|()| if reins.is_halted() { Err(Cutoff::Halted) } else { Ok(()) }))
    }

    /// Calls the controls after a level; the state is returned as they left it, if they changed it.
    pub async fn after(
        &self,
        subject: Subject<'_>,
        state: impl FnOnce() -> Value,
        reins: &Reins,
    ) -> (Option<Value>, Result<(), Cutoff>) {
        let Rounded { state, ended, .. } = self.after_activity(subject, state, reins).await;
        (state, ended)
    }

    /// The same, with all that they left.
    pub async fn after_activity(
        &self,
        subject: Subject<'_>,
        state: impl FnOnce() -> Value,
        reins: &Reins,
    ) -> Rounded {
        match self.controls.touch(subject, &self.experiment()) {
            true => self.round(When::After, subject, Some(state()), reins).await,
            false => Rounded::default(),
        }
    }

    async fn round(&self, when: When, subject: Subject<'_>, state: Option<Value>, reins: &Reins) -> Rounded {
        if !self.controls.touch(subject, &self.experiment()) {
            return Rounded::default();
        }
        let round = Round { when, subject, state, compat: self.options.compat };
        let mut changes = self.controls.round(round, self.scene(), reins).await;
        let (state, context, turned) = (changes.state.take(), changes.context.take(), changes.turned.take());
        self.adopt(changes).await;
        let cutoff = turned.map(|turned| match turned {
            Turned::Interrupt(message) => Cutoff::Interrupt(message),
            Turned::Exit(code) => Cutoff::Exit(code),
            Turned::KeyboardInterrupt => Cutoff::KeyboardInterrupt,
        });
        let context = context.map(|context| if let Value::Map(map) = context { map } else { Map::default() });
        Rounded { state, context, ended: cutoff.map_or(Ok(()), Err) }
    }

    /// What follows sees what controls changed, and the journal what it would see of it.
    pub async fn adopt(&self, changes: Changes) {
        self.complain(changes.complaints).await;
        if let Some(configuration) = changes.configuration {
            self.with(|live| live.configuration = configuration);
        }
        if let Some(raw) = changes.experiment {
            let experiment = raw.as_ref().clone().into();
            let (before, after) = (self.raw(), raw.clone());
            self.with(|live| {
                live.experiment = Arc::new(live.experiment.amended(raw.as_ref().clone()));
                live.raw = raw;
            });
            let reassigned = changes.reassigned;
            self.voice.emit(What::ExperimentAmended { experiment, reassigned }).await;
            self.amend_entries(&before, &after, &changes.parted).await;
            let (experiment, configuration) = (self.experiment(), self.configuration());
            let plan = lay_out(&experiment, &self.options, &configuration, &self.providers);
            self.voice.emit(What::Planned(plan)).await;
        }
    }

    /// The entry of a call shares what is in its activity from here on.
    pub fn note_played(&self, run: RunId, activity: &Activity) {
        if self.controls.are_called() {
            self.with(|live| live.played.push(Played::new(run, &activity.place)));
        }
    }

    /// What is changed inside activities that were played shows in their entries.
    async fn amend_entries(&self, before: &Map, after: &Map, parted: &[Value]) {
        let changed = |live: &mut Live| -> Vec<(RunId, Map)> {
            live.played.iter_mut().filter_map(|played| played.changed(before, after, parted)).collect()
        };
        let changed = self.with(changed);
        if changed.is_empty() {
            return;
        }
        let minutes = self.voice.minutes();
        for (run, members) in changed {
            if let Some(entry) = minutes.entry(run).and_then(|entry| played::with_members(entry, members)) {
                self.voice.emit(What::EntryAmended { run, entry }).await;
            }
        }
    }

    /// The entry of a call as controls left it.
    pub fn entry(&self, run: RunId) -> Option<Value> {
        self.voice.minutes().entry(run).cloned()
    }

    /// What controls made of the entries of a part.
    pub async fn amend(&self, section: Section, entries: Option<Value>) {
        if let Some(entries @ Value::List(_)) = entries {
            self.voice.emit(What::EntriesAmended { section, entries }).await;
        }
    }

    /// Tells what went wrong in controls.
    pub async fn complain(&self, complaints: Vec<Complaint>) {
        for Complaint { level, message } in complaints {
            self.voice.log(level, message).await;
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Live) -> T) -> T {
        change(&mut self.live.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

//! The record of the session on the disk, and the gate that no destructive activity passes without it.

#[cfg(test)]
mod tests;

use super::{
    bus::BusHandle,
    dead_man::DeadManSwitch,
    settings::{RecordSettings, SessionMode},
    steady_state_wait::SteadyStateWait,
    undo::{KitFiles, UndoStore},
};
use crate::{
    experiment::{Secrets, secret_references},
    provider::Providers,
    runner::{FireGate, Redactor, RunRequest, plan},
    session::{
        EventKind, Session,
        event::{Level, RecordState, StepRef},
        record::{OpenRecord, RecordError, RecordHeader},
        recording::{Header, Recorder, RecordingThread},
        stream::Emitter,
    },
};
use futures_util::future::BoxFuture;
use pyvalue::{Map, Value};
use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// How long to wait for a disk.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether the session is on record, and where.
#[derive(Clone)]
pub(super) enum SessionRecord {
    Kept(Arc<OpenRecord>),
    /// The operator wants none, or nothing in the session is destructive.
    Off,
    /// It cannot be written; the text says why.
    Failed(String),
}

impl SessionRecord {
    /// Creates the record, if the session needs one: a headless run only if it may fire something.
    pub(super) async fn begin(
        settings: &RecordSettings,
        mode: SessionMode,
        run: (&RunRequest, &Providers),
        emitter: &Emitter,
    ) -> Self {
        let operator = matches!(mode, SessionMode::Operator { .. });
        let destructive = || plan(run.0, run.1).steps.iter().any(|step| step.destructive);
        let (Some(folder), true) = (&settings.folder, operator || destructive()) else { return Self::Off };
        let now = emitter.clock().now();
        let begun = match folder.clone() {
            Ok(folder) => on_the_disk(move || folder.begin(now)).await,
            Err(why) => Err(why),
        };
        match begun {
            Ok(record) => Self::Kept(Arc::new(record)),
            Err(why) => Self::Failed(why),
        }
    }

    /// Records the events from now on, and writes what a recovery needs besides them.
    pub(super) async fn write(
        self,
        header: RecordHeader,
        request: &RunRequest,
        bus: &BusHandle,
        emitter: &Emitter,
    ) -> Self {
        let Self::Kept(record) = &self else { return self };
        let header = RecordHeader { experiment: referenced(request), ..header };
        let open = record.clone();
        let written = on_the_disk(move || -> Result<RecordingThread, RecordError> {
            let experiment = serde_json::to_vec(&header.experiment).unwrap_or_default();
            let recording = Recorder::create(&open.recording(), &Header::new(&experiment))?.spawn_thread()?;
            open.write_header(&header)?;
            Ok(recording)
        });
        match written.await {
            Ok(recording) => {
                tell_when_stopped(&recording, emitter);
                bus.record(recording).await;
            }
            Err(why) => return Self::Failed(why),
        }
        self
    }

    /// Where the undo kit is written: beside the operator's recording, and in the record.
    pub(super) fn kit_files(&self, settings: &RecordSettings, beside: Option<&std::path::Path>) -> KitFiles {
        if !settings.kit_file {
            return KitFiles::default();
        }
        let record = match self {
            Self::Kept(record) => Some(record.kept()),
            Self::Off | Self::Failed(_) => None,
        };
        KitFiles::new(beside, record)
    }

    /// What the screen shows of it.
    pub(super) fn state(&self, kit_file: bool) -> RecordState {
        match self {
            Self::Kept(record) => RecordState::Kept {
                id: record.kept().id(),
                path: record.recording().display().to_string(),
                kit_file,
            },
            Self::Off => RecordState::Off,
            Self::Failed(why) => RecordState::Failed { why: why.clone() },
        }
    }
}

/// Tells the session if a recording of it ends before it does.
pub(super) fn tell_when_stopped(recording: &RecordingThread, emitter: &Emitter) {
    let (mut failure, emitter) = (recording.failure(), emitter.clone());
    tokio::spawn(async move {
        let reason = failure.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        if let Some(reason) = reason {
            emitter.emit(EventKind::RecordingStopped { reason }).await;
        }
    });
}

/// Marks the record as settled if a recovery would find no rollback to play.
pub(super) async fn settle(record: Arc<OpenRecord>, session: &Session) {
    let why = match &session.fault {
        None => "nothing was fired",
        Some(_) if session.steps.unfinished_rollbacks().next().is_some() => return,
        Some(_) => "the session ended in good order",
    };
    // An unsettled record is looked at by the next session, which finds that nothing is left.
    let _ = on_the_disk(move || record.kept().settle(why)).await;
}

/// Does something on a disk, which may hang: on a blocking thread, within [`LIMIT`].
async fn on_the_disk<T: Send + 'static, E: Display + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, String> {
    match timeout(LIMIT, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done.map_err(|error| error.to_string()),
        _ => Err(format!("the disk did not answer within {} s", LIMIT.as_secs())),
    }
}

/// The experiment with references in place of secret values.
fn referenced(request: &RunRequest) -> Value {
    let declared = request.experiment.raw();
    let mut experiment = Redactor::new(&request.secrets).value(declared.clone().into());
    if let (Value::Map(experiment), Some(secrets)) = (&mut experiment, declared.get("secrets")) {
        experiment.insert("secrets".to_owned(), secret_references(secrets));
    }
    experiment
}

/// Lets a destructive activity pass once the objects that it changes are saved and the fire is on the disk.
pub(super) struct RecordGate {
    pub record: SessionRecord,
    /// Has the fault undone if this program does not.
    pub dead_man: DeadManSwitch,
    pub bus: BusHandle,
    pub emitter: Emitter,
    /// Saves the objects where no operator awaits the fire; `None` if that is done already.
    pub kit: Option<(UndoStore, Secrets)>,
    /// Waits for the steady state of the users by whom the run is judged.
    pub steady: Option<SteadyStateWait>,
    /// Whether a fire without a record is refused, as in the live session; else it is a warning.
    pub strict: bool,
    pub warned: AtomicBool,
}

impl RecordGate {
    async fn recorded(&self) -> Result<(), String> {
        match &self.record {
            SessionRecord::Off => Ok(()),
            SessionRecord::Failed(why) => Err(why.clone()),
            SessionRecord::Kept(record) => {
                if self.bus.sync_record().await {
                    Ok(())
                } else {
                    Err(format!("{} cannot be written", record.recording().display()))
                }
            }
        }
    }
}

impl FireGate for RecordGate {
    fn prepare(&self, step: StepRef, provider: Map) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(steady) = &self.steady {
                steady.known().await;
            }
            if let Some((kit, secrets)) = &self.kit {
                kit.save_before_fire(step, &provider, secrets).await;
            }
        })
    }

    fn commit(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let Err(why) = self.recorded().await else { return self.dead_man.allow().await };
            if self.strict {
                return Err(format!(
                    "nothing was fired, because the session cannot be recorded ({why}): make room, or start with --no-record"
                ));
            }
            if !self.warned.swap(true, Ordering::Relaxed) {
                let message = format!(
                    "This run is not recorded ({why}): after a crash `chaos-tui recover` cannot undo what it fired"
                );
                let (level, target) = (Level::Warning, super::console::TARGET.to_owned());
                self.emitter.emit(EventKind::Logged { level, target, message }).await;
            }
            self.dead_man.allow().await
        })
    }
}

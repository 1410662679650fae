//! The bridge to Python: one worker, started at the first use and restarted after it has died.

use super::{
    PythonEvent, PythonSettings,
    answer::Answer,
    description::Description,
    worker::{Request, StartError, Worker},
};
use crate::session::event::Level;
use pyvalue::{Map, Value};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::{sync::Mutex as AsyncMutex, time::timeout};

/// The timeout of an import, which may read many files and use the network.
const IMPORT: Duration = Duration::from_secs(60);
/// How long the interpreter may take to end, including exit hooks.
const FAREWELL: Duration = Duration::from_secs(2);

/// The Python interpreter of a session.
///
/// Calls activities ([`Bridge`](crate::provider::Bridge)) and controls ([`ControlHost`](crate::provider::ControlHost)),
/// and describes functions for validation ([`Signatures`](crate::experiment::Signatures)), all in one interpreter.
pub struct PythonBridge {
    pub(super) settings: PythonSettings,
    /// The value that extensions receive as the loaded settings.
    loaded: Mutex<Value>,
    /// The settings of the run.
    of_run: Mutex<Value>,
    worker: AsyncMutex<Option<Arc<Worker>>>,
    /// The same worker, for those who cannot wait.
    pub(super) running: Mutex<Weak<Worker>>,
    /// Cached descriptions of callables and of missing names.
    known: Mutex<HashMap<(String, String), Description>>,
}

impl PythonBridge {
    /// Creates a bridge; the interpreter is not started yet.
    pub fn new(settings: PythonSettings) -> Self {
        let loaded = Mutex::new(settings.settings.clone());
        Self {
            settings,
            loaded,
            of_run: Mutex::default(),
            worker: AsyncMutex::new(None),
            running: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Sets the settings of the run, for the handlers of its events. If they come from a file, they are also the loaded
    /// settings that extensions receive.
    pub async fn set_run_settings(&self, settings: Map, loaded: bool) {
        let settings = Value::from(settings);
        *self.of_run.lock().unwrap_or_else(PoisonError::into_inner) = settings.clone();
        if !loaded {
            return;
        }
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = settings.clone();
        let worker = self.worker.lock().await.clone();
        if let Some(worker) = worker {
            // A worker that has ended meanwhile gets the new settings at its restart.
            let _ = worker.ask(Request::settings(settings)).await.answer().await;
        }
    }

    /// The loaded settings that extensions receive.
    pub(super) fn loaded_settings(&self) -> Value {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn run_settings(&self) -> Value {
        self.of_run.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the interpreter, if there is one: it runs its exit hooks, and is killed if they take too long.
    pub async fn shut_down(&self) {
        let worker = self.worker.lock().await.take();
        if let Some(worker) = worker {
            worker.shut_down(FAREWELL).await;
        }
    }

    /// Returns the running worker; starts it at the first use, and restarts it after it has died, without the state of
    /// its modules.
    pub(super) async fn worker(&self) -> Result<Arc<Worker>, StartError> {
        let mut place = self.worker.lock().await;
        match place.take() {
            Some(worker) if !worker.has_ended() => return Ok(place.insert(worker).clone()),
            Some(_) => {
                let message = "Python is restarted: the in-memory state of its modules is lost";
                self.log(Level::Warning, message.to_owned()).await;
            }
            None => {}
        }
        let worker = Arc::new(Worker::start(&self.settings, self.loaded_settings()).await?);
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&worker);
        Ok(place.insert(worker).clone())
    }

    /// Imports the module and inspects the name; the error is the reason why Python cannot answer.
    pub(super) async fn description(&self, module: &str, func: &str) -> Result<Description, String> {
        let address = (module.to_owned(), func.to_owned());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned();
        if let Some(description) = known {
            return Ok(description);
        }
        let description = match Description::of(self.import(module, Request::describe(module, func)).await?) {
            Description::ImportError(reason) => Description::ImportError(self.import_error(&reason)),
            description => description,
        };
        if matches!(description, Description::Callable(_) | Description::Missing { .. }) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(address, description.clone());
        }
        Ok(description)
    }

    /// Why a module cannot be imported: perhaps the wrong Python was asked.
    pub(super) fn import_error(&self, reason: &str) -> String {
        format!("{reason}; the Python asked was {}", **self.settings.interpreter)
    }

    /// Sends a request that imports a module; kills the worker if that takes too long.
    pub(super) async fn import(&self, module: &str, request: Request) -> Result<Answer, String> {
        let worker = self.worker().await.map_err(|error| error.to_string())?;
        let question = async {
            worker.ask(request.with_variables(self.settings.fixed_variables())).await.answer().await
        };
        let Ok(answer) = timeout(IMPORT, question).await else {
            worker.kill().await;
            return Err(format!("Python did not import '{module}' within {} s", IMPORT.as_secs()));
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        self.report_environment_change(&mut answer).await;
        Ok(answer)
    }

    pub(super) async fn report_environment_change(&self, answer: &mut Answer) {
        if let Some(surroundings) = answer.take_environment_change() {
            (self.settings.listener)(PythonEvent::EnvironmentChanged(surroundings)).await;
        }
    }

    pub(super) async fn log(&self, level: Level, message: String) {
        (self.settings.listener)(PythonEvent::Logged { level, message, place: "python".to_owned() }).await;
    }
}

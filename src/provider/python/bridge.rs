//! The bridge: one worker, started when it is first needed and again when it has died.

use super::{
    PythonEvent, PythonSettings,
    answer::Answer,
    description::Description,
    worker::{Request, StartError, Worker},
};
use crate::session::event::Level;
use pyvalue::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Mutex as AsyncMutex, time::timeout};

/// Time for an import, which may read a lot and ask the network.
const IMPORT: Duration = Duration::from_secs(60);
/// Time for the interpreter to end, exit hooks included.
const FAREWELL: Duration = Duration::from_secs(2);

/// Python, for the whole of a session.
///
/// It calls activities ([`Bridge`](crate::provider::Bridge)) and controls
/// ([`ControlHost`](crate::provider::ControlHost)), and tells validation about functions
/// ([`Signatures`](crate::experiment::Signatures)), all in one interpreter.
pub struct PythonBridge {
    pub(super) settings: PythonSettings,
    /// What extensions get as the loaded settings.
    loaded: Mutex<Value>,
    worker: AsyncMutex<Option<Arc<Worker>>>,
    /// What is known of functions that are there, and of names that are not.
    known: Mutex<HashMap<(String, String), Description>>,
}

impl PythonBridge {
    /// A bridge; nothing is started yet.
    pub fn new(settings: PythonSettings) -> Self {
        let loaded = Mutex::new(settings.settings.clone());
        Self { settings, loaded, worker: AsyncMutex::new(None), known: Mutex::default() }
    }

    /// From here on these are the settings that extensions find loaded.
    pub async fn set_settings(&self, settings: Value) {
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = settings.clone();
        let worker = self.worker.lock().await.clone();
        if let Some(worker) = worker {
            // One that has ended meanwhile is started again with them.
            let _ = worker.ask(Request::settings(settings)).await.answer().await;
        }
    }

    /// The settings that extensions find loaded.
    pub(super) fn loaded_settings(&self) -> Value {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the interpreter, if there is one: it runs its exit hooks, and is killed when that takes too long.
    pub async fn shut_down(&self) {
        let worker = self.worker.lock().await.take();
        if let Some(worker) = worker {
            worker.shut_down(FAREWELL).await;
        }
    }

    /// The running worker; the first use starts it, and the next one after a death, without what its modules kept.
    pub(super) async fn worker(&self) -> Result<Arc<Worker>, StartError> {
        let mut place = self.worker.lock().await;
        match place.take() {
            Some(worker) if !worker.has_ended() => return Ok(place.insert(worker).clone()),
            Some(_) => {
                let message = "Python is started again: what its modules had kept in memory is lost";
                self.log(Level::Warning, message.to_owned()).await;
            }
            None => {}
        }
        Ok(place.insert(Arc::new(Worker::start(&self.settings, self.loaded_settings()).await?)).clone())
    }

    /// Imports the module and looks at the name; the error says why Python cannot be asked.
    pub(super) async fn description(&self, module: &str, func: &str) -> Result<Description, String> {
        let address = (module.to_owned(), func.to_owned());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned();
        if let Some(description) = known {
            return Ok(description);
        }
        let description = Description::of(self.import(module, Request::describe(module, func)).await?);
        if matches!(description, Description::Callable(_) | Description::Missing { .. }) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(address, description.clone());
        }
        Ok(description)
    }

    /// Hands in a request that imports a module, and kills the worker when that takes too long.
    pub(super) async fn import(&self, module: &str, request: Request) -> Result<Answer, String> {
        let worker = self.worker().await.map_err(|error| error.to_string())?;
        let question = async { worker.ask(request.holding(self.settings.held())).await.answer().await };
        let Ok(answer) = timeout(IMPORT, question).await else {
            worker.kill().await;
            return Err(format!("Python did not import '{module}' within {} s", IMPORT.as_secs()));
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        self.pass_on_surroundings(&mut answer).await;
        Ok(answer)
    }

    pub(super) async fn pass_on_surroundings(&self, answer: &mut Answer) {
        if let Some(surroundings) = answer.surroundings() {
            (self.settings.listener)(PythonEvent::Moved(surroundings)).await;
        }
    }

    async fn log(&self, level: Level, message: String) {
        (self.settings.listener)(PythonEvent::Logged { level, message, place: "python".to_owned() }).await;
    }
}

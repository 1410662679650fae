//! The bridge: one worker, started when it is first needed and again when it has died.

use super::{
    Heard, PythonSettings,
    answer::Answer,
    wire::Request,
    worker::{Question, StartError, Unanswered, Worker},
};
use crate::{
    experiment::Map,
    provider::{Bridge, Call, Outcome, Signature},
    session::event::Level,
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Mutex as AsyncMutex, time::timeout};

/// Time for an import, which may read a lot and ask the network.
const IMPORT: Duration = Duration::from_secs(60);
/// Time for a cancelled function to tidy up.
const GRACE: Duration = Duration::from_millis(500);
/// Time for the interpreter to end, exit hooks included.
const FAREWELL: Duration = Duration::from_secs(2);

/// Python, for the whole of a session.
pub struct PythonBridge {
    settings: PythonSettings,
    worker: AsyncMutex<Option<Arc<Worker>>>,
    signatures: Mutex<HashMap<(String, String), Signature>>,
}

impl PythonBridge {
    /// A bridge; nothing is started yet.
    pub fn new(settings: PythonSettings) -> Self {
        Self { settings, worker: AsyncMutex::new(None), signatures: Mutex::default() }
    }

    /// Ends the interpreter, if there is one: it runs its exit hooks, and is killed when that takes too long.
    pub async fn shut_down(&self) {
        let worker = self.worker.lock().await.take();
        if let Some(worker) = worker {
            worker.shut_down(FAREWELL).await;
        }
    }

    /// The running worker; the first use starts it, and the next one after a death, without what its modules kept.
    async fn worker(&self) -> Result<Arc<Worker>, StartError> {
        let mut place = self.worker.lock().await;
        match place.take() {
            Some(worker) if !worker.has_ended() => return Ok(place.insert(worker).clone()),
            Some(_) => {
                let message = "Python is started again: what its modules had kept in memory is lost";
                self.say(Level::Warning, message.to_owned()).await;
            }
            None => {}
        }
        Ok(place.insert(Arc::new(Worker::start(&self.settings).await?)).clone())
    }

    async fn say(&self, level: Level, message: String) {
        (self.settings.listener)(Heard::Logged { level, message, place: "python".to_owned() }).await;
    }

    async fn look(&self, module: &str, func: &str) -> Result<Signature, String> {
        let worker = self.worker().await.map_err(|error| error.to_string())?;
        let question = async { worker.ask(Request::describe(module, func)).await.answer().await };
        let Ok(answer) = timeout(IMPORT, question).await else {
            worker.kill().await;
            return Err(format!("Python did not import '{module}' within {} s", IMPORT.as_secs()));
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        self.pass_on_surroundings(&mut answer).await;
        answer.into_signature()
    }

    async fn pass_on_surroundings(&self, answer: &mut Answer) {
        if let Some(surroundings) = answer.surroundings() {
            (self.settings.listener)(Heard::Moved(surroundings)).await;
        }
    }

    async fn run(&self, request: Request, call: &Call<'_>) -> Outcome {
        let worker = match self.worker().await {
            Ok(worker) => worker,
            Err(error) => return Outcome::Broke { message: error.to_string() },
        };
        let mut question = worker.ask(request).await;
        let answer = tokio::select! {
            biased;
            answer = question.answer() => answer,
            () = call.cancel.cancelled() => {
                self.cancel(&worker, question, call.foreground).await;
                return Outcome::Cancelled;
            }
        };
        match answer {
            Ok(mut answer) => {
                self.pass_on_surroundings(&mut answer).await;
                answer.into_outcome()
            }
            Err(error) => Outcome::Failed { message: error.to_string(), trace: Vec::new() },
        }
    }

    /// A function that does not end in time ends with the worker. One in the background is left alone: others may be
    /// running beside it, and the rollbacks may need what the modules know.
    async fn cancel(&self, worker: &Worker, mut question: Question<'_>, foreground: bool) {
        let ending = async {
            question.cancel().await;
            let answer: Result<Answer, Unanswered> = question.answer().await;
            if let Ok(mut answer) = answer {
                self.pass_on_surroundings(&mut answer).await;
            }
        };
        if timeout(GRACE, ending).await.is_err() && foreground {
            worker.kill().await;
        }
    }
}

impl Bridge for PythonBridge {
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Result<Signature, String>> {
        async move {
            let address = (module.to_owned(), func.to_owned());
            let known = self.signatures.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned();
            if let Some(signature) = known {
                return Ok(signature);
            }
            let signature = self.look(module, func).await?;
            let mut signatures = self.signatures.lock().unwrap_or_else(PoisonError::into_inner);
            signatures.insert(address, signature.clone());
            Ok(signature)
        }
        .boxed()
    }

    fn call<'a>(
        &'a self,
        module: &'a str,
        func: &'a str,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome> {
        self.run(Request::call(module, func, arguments, call.foreground), call).boxed()
    }
}

//! Hands the run's events and log lines to the handlers that extensions have registered in Python.

use super::{
    PythonBridge,
    controls::cancel_and_wait,
    worker::{Request, Worker},
};
use crate::{
    provider::RunListener,
    session::event::{Level, Timestamp},
};
use futures_util::{FutureExt, future::BoxFuture};
use pyvalue::Value;
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

/// How long the handlers of one event may take. The reference waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);
/// The maximum number of characters of a handed line; a result may have millions.
const LONGEST: usize = 65536;

impl RunListener for PythonBridge {
    fn hears_events(&self) -> bool {
        self.running_worker().is_some_and(|worker| worker.hears_events())
    }

    fn hears_lines(&self) -> bool {
        self.running_worker().is_some_and(|worker| worker.hears_lines())
    }

    fn event<'a>(&'a self, name: &'static str, arguments: Vec<Value>) -> BoxFuture<'a, Option<Value>> {
        self.call_handlers(name, arguments).boxed()
    }

    fn line(&self, at: Timestamp, level: Level, message: &str) {
        if let Some(worker) = self.running_worker() {
            let message = message
                .char_indices()
                .nth(LONGEST)
                .and_then(|(end, _)| message.get(..end))
                .unwrap_or(message);
            worker.hand_on(at, level, message);
        }
    }
}

impl PythonBridge {
    /// Calls the handlers of an event. Their exceptions are logged by the registry.
    async fn call_handlers(&self, name: &str, mut arguments: Vec<Value>) -> Option<Value> {
        let worker = self.running_worker()?;
        if name == "running" {
            arguments.push(self.run_settings());
        }
        let request = Request::event(name, arguments).with_variables(self.settings.fixed_variables());
        let mut question = worker.ask(request).await;
        let answer = tokio::select! {
            biased;
            answer = question.answer() => answer,
            () = tokio::time::sleep(PATIENCE) => {
                let seconds = PATIENCE.as_secs();
                let line = format!("the handlers of the run's event '{name}' took more than {seconds} s and were cancelled");
                self.log(Level::Warning, line).await;
                cancel_and_wait(&worker, question).await
            }
        };
        let mut answer = answer.ok()?;
        self.report_environment_change(&mut answer).await;
        answer.into_control_reply().state
    }

    /// The worker, if it was started and has not ended.
    fn running_worker(&self) -> Option<Arc<Worker>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        running.filter(|worker| !worker.has_ended())
    }
}

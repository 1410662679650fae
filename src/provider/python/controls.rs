//! Calls the functions of controls (experiment-format 10.2).

use super::{
    PythonBridge,
    answer::Answer,
    description::Description,
    worker::{NoAnswer, PendingAnswer, Request, Worker},
};
use crate::provider::{ControlCall, ControlError, ControlHost, ControlReply, ControlRunObjects};
use futures_util::{FutureExt, future::BoxFuture};
use pyvalue::{Map, Value, part};
use std::time::Duration;
use tokio::time::timeout;

/// How long a cancelled function may take to clean up.
const GRACE: Duration = Duration::from_millis(500);

impl ControlHost for PythonBridge {
    fn call<'a>(&'a self, call: ControlCall<'a>) -> BoxFuture<'a, ControlReply> {
        async move {
            self.call_function(call).await.unwrap_or_else(|message| ControlReply {
                error: Some(ControlError::Exception(message)),
                ..ControlReply::default()
            })
        }
        .boxed()
    }
}

impl PythonBridge {
    async fn call_function(&self, call: ControlCall<'_>) -> Result<ControlReply, String> {
        let callable = match self.description(call.module, call.function).await? {
            Description::Callable(callable) => callable,
            // A missing module only causes a warning at validation.
            Description::Missing { .. } | Description::ImportError(_) => return Ok(ControlReply::default()),
            Description::Broken(message) => return Err(message),
        };
        let live = self.live(&call, |name| callable.takes(name))?;
        let worker = self.worker().await.map_err(|error| error.to_string())?;
        let place = call.place.map(part::steps).unwrap_or_default();
        let request = Request::control(call.module, call.function, call.arguments, live, place);
        let mut question = worker.ask(request.with_variables(self.settings.fixed_variables())).await;
        let answer = tokio::select! {
            biased;
            answer = question.answer() => answer,
            () = call.cancel.cancelled() => cancel_and_wait(&worker, question).await,
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        self.report_environment_change(&mut answer).await;
        Ok(answer.into_control_reply())
    }

    /// The objects that the function receives besides its arguments: the context always, others only if it has a
    /// parameter of that name; a cleanup function receives none.
    fn live(&self, call: &ControlCall<'_>, takes: impl Fn(&str) -> bool) -> Result<Map, String> {
        let mut live = Map::default();
        if call.function == "cleanup_control" {
            return Ok(live);
        }
        if call.run_objects.is_none() && takes("extensions") {
            return Err("`extensions` are not available before the experiment is loaded".to_owned());
        }
        if let Some(context) = call.context {
            live.insert("context".to_owned(), context.clone());
        }
        let mut offer = |name: &str, value: &dyn Fn() -> Value| {
            if takes(name) {
                live.insert(name.to_owned(), value());
            }
        };
        let of = |part: &dyn Fn(ControlRunObjects<'_>) -> Map| {
            call.run_objects.map(part).map_or(Value::Null, Value::Map)
        };
        offer("secrets", &|| of(&|scene| scene.secrets.expose().clone()));
        offer("configuration", &|| of(&|scene| scene.configuration.clone()));
        offer("experiment", &|| of(&|scene| scene.experiment.clone()));
        // The reference never distinguishes missing settings from empty ones.
        let settings = Some(self.loaded_settings()).filter(|settings| call.settings && settings.truthy());
        offer("settings", &|| settings.clone().unwrap_or_default());
        if call.function == "configure_control" {
            // The worker puts its registry there.
            offer("event_registry", &|| Value::Null);
        } else {
            offer("state", &|| call.state.cloned().unwrap_or_default());
            let extensions = || call.run_objects.and_then(|scene| scene.experiment.get("extensions"));
            offer("extensions", &|| extensions().cloned().unwrap_or_default());
        }
        Ok(live)
    }
}

/// Cancels a function and awaits its answer; kills the worker if the function does not end in time.
pub(super) async fn cancel_and_wait(
    worker: &Worker,
    mut question: PendingAnswer<'_>,
) -> Result<Answer, NoAnswer> {
    question.cancel();
    if let Ok(answer) = timeout(GRACE, question.answer()).await {
        answer
    } else {
        worker.kill().await;
        question.answer().await
    }
}

//! Calls the functions of activities (experiment-format 5.2).

use super::{
    PythonBridge,
    worker::{PendingAnswer, Request, Worker},
};
use crate::provider::{Bridge, Call, Outcome, Signature};
use futures_util::{FutureExt, future::BoxFuture};
use pyvalue::{Map, Value};
use std::time::Duration;
use tokio::time::timeout;

/// How long a cancelled function may take to clean up.
const GRACE: Duration = Duration::from_millis(500);

impl Bridge for PythonBridge {
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Result<Signature, String>> {
        async move { self.description(module, func).await?.into_signature() }.boxed()
    }

    fn call<'a>(
        &'a self,
        module: &'a str,
        func: &'a str,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome> {
        // Only an injected configuration equals the run's.
        let shared = arguments.get("configuration").and_then(Value::as_map) == Some(call.configuration);
        self.run(Request::call(module, func, arguments, shared, call.foreground), call).boxed()
    }
}

impl PythonBridge {
    async fn run(&self, request: Request, call: &Call<'_>) -> Outcome {
        if call.cancel.is_cancelled() {
            return Outcome::Cancelled;
        }
        let worker = match self.worker().await {
            Ok(worker) => worker,
            Err(error) => return Outcome::UnexpectedError { message: error.to_string() },
        };
        let mut question = worker.ask(request.with_variables(self.settings.fixed_variables())).await;
        tokio::select! {
            biased;
            outcome = self.outcome(&mut question, call) => outcome,
            () = call.cancel.cancelled() => self.cancelled(&worker, question, call).await,
        }
    }

    async fn outcome(&self, question: &mut PendingAnswer<'_>, call: &Call<'_>) -> Outcome {
        match question.answer().await {
            Ok(mut answer) => {
                self.report_environment_change(&mut answer).await;
                if let Some(configuration) = answer.configuration() {
                    (call.report_configuration)(configuration);
                }
                answer.into_outcome()
            }
            Err(error) => Outcome::failed(error.to_string()),
        }
    }

    /// Cancels a call. If a foreground function does not end in time, the worker is killed. A background function is
    /// left running: other functions may be running beside it, and the rollbacks may need the state of the modules.
    async fn cancelled(&self, worker: &Worker, mut question: PendingAnswer<'_>, call: &Call<'_>) -> Outcome {
        question.cancel();
        match timeout(GRACE, self.outcome(&mut question, call)).await {
            // The function ended before the cancellation, or handled the KeyboardInterrupt.
            Ok(done @ Outcome::Done(_)) => return done,
            Ok(_) => {}
            Err(_) if call.foreground => worker.kill().await,
            Err(_) => {}
        }
        Outcome::Cancelled
    }
}

//! Runs the functions against an in-process API server; checks their requests and how they interpret the responses.

mod breadth;
mod cards;
mod cluster;
mod nodes;
mod pods;
mod refusals;
mod workloads;

use super::*;
use crate::cluster::fake_api::{RecordedRequest, Reply, answering};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

/// The outcome of a call, the requests it sent, and its progress messages.
struct Played {
    outcome: Outcome,
    asked: Vec<RecordedRequest>,
    progress: Vec<String>,
    /// The reason why the call was refused before it changed anything.
    refused: Option<String>,
}

impl Played {
    fn lines(&self) -> Vec<String> {
        self.asked.iter().map(RecordedRequest::line).collect()
    }

    fn value(&self) -> Json {
        match &self.outcome {
            Outcome::Done(value) => serde_json::to_value(value).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn failure(&self) -> &str {
        match &self.outcome {
            Outcome::Failed { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }
}

async fn play(
    address: &str,
    arguments: Json,
    reply: impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static,
) -> Played {
    let (module, func) = address.rsplit_once('.').unwrap();
    let native = resolve(module, func).unwrap_or_else(|| panic!("no {address}"));
    let (connection, asked) = answering(reply);
    let said = Arc::new(Mutex::new(Vec::new()));
    let listener = said.clone();
    let progress = move |text: String| listener.lock().unwrap().push(text);
    let arguments: Map = serde_json::from_value(arguments).unwrap();
    let refused = Mutex::new(None);
    let refuse = |why| *refused.lock().unwrap() = Some(why);
    let outcome = Kubernetes::over(connection).run(native, &arguments, &progress, &refuse).await;
    let refused = refused.into_inner().unwrap();
    let asked = asked.lock().unwrap().clone();
    let progress = said.lock().unwrap().clone();
    Played { outcome, asked, progress, refused }
}

fn pod(name: &str, phase: &str) -> Json {
    json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "main"}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

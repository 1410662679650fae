//! The native Kubernetes and Gremlin functions, the watches, the target cards and the preflight against a sandbox that
//! is known only by its kubeconfig. With `CHAOS_BIN` set, results are compared with those of Chaos Toolkit itself.

mod functions;
mod looks;
mod parity;
mod watches;

use crate::stage::Stage;
use chaos_tui::{
    cluster::{ClusterSettings, Connection},
    experiment::{Activity, Secrets},
    provider::{Call, Catalogue, Outcome},
};
use pyvalue::Map;
use serde_json::{Value as Json, json};

/// Returns cluster settings from the environment variables that the sandbox announced.
fn settings(stage: &Stage) -> ClusterSettings {
    let variables = stage.announced["environment"].clone();
    ClusterSettings::new(move |name| variables[name].as_str().map(str::to_owned))
}

async fn connection(stage: &Stage) -> Connection {
    // `main` installs the crypto provider for the binary; a test has to do it itself.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Connection::choose(&settings(stage), &Map::default()).await.unwrap()
}

fn map(value: Json) -> Map {
    serde_json::from_value(value).unwrap()
}

/// Returns an activity with this provider.
fn activity(provider: &Json) -> Activity {
    let declared = map(json!({"type": "action", "name": "activity", "provider": provider}));
    Activity::declared(&declared, "$.method[0]").unwrap()
}

/// Calls a native function.
async fn call(catalogue: &dyn Catalogue, address: &str, arguments: Json) -> Outcome {
    call_telling(catalogue, address, arguments, &|_| {}).await
}

/// Calls a native function that reports its progress.
async fn call_telling(
    catalogue: &dyn Catalogue,
    address: &str,
    arguments: Json,
    progress: &(dyn Fn(String) + Send + Sync),
) -> Outcome {
    let (module, func) = address.rsplit_once('.').unwrap();
    let mut functions = catalogue.functions().iter();
    let native = functions.find(|native| native.module == module && native.func == func).unwrap();
    let activity = activity(&json!({"type": "python"}));
    let (configuration, secrets) = (Map::default(), Secrets::default());
    let call = Call { progress, ..Call::new(&activity, &configuration, &secrets) };
    catalogue.call(native, map(arguments), &call).await
}

/// Returns the value of a call that succeeded.
fn value(outcome: Outcome) -> Json {
    match outcome {
        Outcome::Done(value) => serde_json::to_value(value).unwrap(),
        other => panic!("{other:?}"),
    }
}

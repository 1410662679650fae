//! An API server that refuses for a while, in every phase of a run: nothing is done twice, and nothing is left.

use crate::stage::{Stage, text};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chaos_tui::cluster::{ClusterSettings, Connection};
use pyvalue::Map;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// The phase of a run whose first request meets the storm.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Hypothesis,
    Action,
    Rollback,
}

/// What the server does to the requests of a phase, and to how many.
#[derive(Clone, Copy, Debug)]
enum Storm {
    Status(u16, u32),
    /// It answers nothing for this many seconds.
    Silence(u64),
}

/// A server in front of the sandbox's API server.
struct Proxy {
    storm: Storm,
    phase: Phase,
    left: Mutex<Option<u32>>,
    /// The requests that reached the sandbox and change something.
    changes: Mutex<Vec<String>>,
}

impl Proxy {
    /// Whether this request is the one that the storm begins with.
    fn begins_with(&self, method: &str) -> bool {
        let changes = self.changes.lock().unwrap().len();
        match self.phase {
            Phase::Hypothesis => method == "GET",
            Phase::Action => method == "PATCH" && changes == 0,
            Phase::Rollback => method == "PATCH" && changes == 1,
        }
    }

    /// The status to refuse a request with, if it is caught in the storm.
    fn refusal(&self, method: &str) -> Option<u16> {
        let Storm::Status(status, refusals) = self.storm else { return None };
        let begins = self.begins_with(method);
        let mut left = self.left.lock().unwrap();
        if left.is_none() && !begins {
            return None;
        }
        let count = left.get_or_insert(refusals);
        (*count > 0).then(|| {
            *count -= 1;
            status
        })
    }

    async fn answer(self: Arc<Self>, client: kube::Client, request: Request) -> Response {
        let method = request.method().to_string();
        if let Some(status) = self.refusal(&method) {
            let reason = json!({"kind": "Status", "status": "Failure", "code": status, "message": "storm"});
            return (StatusCode::from_u16(status).unwrap(), axum::Json(reason)).into_response();
        }
        if let Storm::Silence(seconds) = self.storm
            && self.begins_with(&method)
            && self.left.lock().unwrap().replace(0).is_none()
        {
            tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
        }
        let (mut parts, body) = request.into_parts();
        if method != "GET" && !parts.uri.path().contains("selfsubject") {
            self.changes.lock().unwrap().push(format!("{method} {}", parts.uri.path()));
        }
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        parts.headers.remove("host");
        match client.send(axum::http::Request::from_parts(parts, body.into())).await {
            Ok(answer) => answer.map(Body::new),
            Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        }
    }
}

fn experiment() -> Value {
    let scale = |name: &str, replicas: u32| {
        json!({"type": "action", "name": name, "provider": {"type": "python", "module": "chaosk8s.deployment.actions",
               "func": "scale_deployment", "arguments": {"name": "my-provider-app", "replicas": replicas}}})
    };
    json!({
        "title": "The provider is scaled away", "description": "while the API server refuses for a while",
        "steady-state-hypothesis": {"title": "The consumer is there", "probes": [
            {"type": "probe", "name": "it-is-there", "tolerance": true, "provider": {"type": "python",
             "module": "chaosk8s.deployment.probes", "func": "deployment_available_and_healthy",
             "arguments": {"name": "my-consumer-app"}}}]},
        "method": [scale("scale-to-zero", 0)],
        "rollbacks": [scale("scale-back", 1)]
    })
}

/// Plays the experiment through a storm. Returns the journal's status and the changes that reached the cluster.
async fn played(stage: &Stage, storm: Storm, phase: Phase) -> (Value, Vec<String>) {
    let kubeconfig = stage.announced("kubeconfig").to_owned();
    let settings = ClusterSettings::new(move |name| (name == "KUBECONFIG").then(|| kubeconfig.clone()));
    let client = Connection::choose(&settings, &Map::default()).await.unwrap().client().unwrap();
    let proxy = Arc::new(Proxy { storm, phase, left: Mutex::default(), changes: Mutex::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let shared = proxy.clone();
    let router = Router::new().fallback(move |request| shared.answer(client, request));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: Value| std::fs::write(folder.path().join(name), content.to_string()).unwrap();
    write("experiment.json", experiment());
    write(
        "kubeconfig",
        json!({"current-context": "c", "users": [{"name": "u", "user": {}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}),
    );
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chaos-tui"));
    command.args(["run", "--rollback-strategy", "always", "--kubeconfig", "kubeconfig", "experiment.json"]);
    command.current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let journal = std::fs::read(folder.path().join("journal.json"));
    let journal = journal.unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    let journal: Value = serde_json::from_slice(&journal).unwrap();
    let changes = proxy.changes.lock().unwrap().clone();
    assert!(output.status.success(), "{storm:?} {phase:?} {changes:?}: {}", text(&output));
    (journal["status"].clone(), changes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusing_api_server_has_nothing_done_twice_and_nothing_left() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = Stage::set(&["--start-delay", "0"]);
    for storm in [Storm::Status(429, 3), Storm::Status(500, 3), Storm::Status(503, 2), Storm::Silence(3)] {
        for phase in [Phase::Hypothesis, Phase::Action, Phase::Rollback] {
            let (status, changes) = played(&stage, storm, phase).await;
            assert_eq!(status, "completed", "{storm:?} {phase:?}");
            let scaled = "PATCH /apis/apps/v1/namespaces/default/deployments/my-provider-app";
            assert_eq!(changes, [scaled, scaled], "{storm:?} {phase:?}");
            let deployment = stage.get(&["deployment", "my-provider-app"]);
            assert_eq!(deployment["spec"]["replicas"], 1, "{storm:?} {phase:?}");
        }
    }
}

//! A store served by the API server, and its clients.

use crate::machine::Echo;
use chaos_sandbox::{
    admission,
    api::{Serving, Settings, serve},
    store::{Change, ChangeKind, Deletion, Object, Resource, Store},
};
use http_body_util::BodyExt;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use std::{
    io::Write,
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

/// A timeout that no operation on loopback exceeds, even on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Rig {
    pub store: Store,
    pub client: Client,
    pub folder: TempDir,
    pub serving: Serving,
}

/// The answer to a raw request.
pub(crate) struct Answer {
    pub code: u16,
    pub body: Value,
}

impl Rig {
    /// Starts a cluster with a node and three running pods.
    pub(crate) async fn start() -> Rig {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = Store::new();
        put(&store, Resource::Namespaces, "", "default", json!({}));
        put(&store, Resource::Nodes, "", "node-1", json!({}));
        for name in ["a", "b", "c"] {
            put(&store, Resource::Pods, "default", name, running_pod(name));
        }
        let serving = serve(store.clone(), Arc::new(Echo), Settings::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut file = std::fs::File::create(folder.path().join("kubeconfig")).unwrap();
        file.write_all(serving.kubeconfig.as_bytes()).unwrap();
        let kubeconfig = Kubeconfig::from_yaml(&serving.kubeconfig).unwrap();
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        config.proxy_url = None;
        // With retries, kube-rs would repeat a refused eviction for minutes.
        config.default_retry = false;
        tokio::spawn(end_marked_pods(store.clone()));
        Rig { client: Client::try_from(config).unwrap(), store, folder, serving }
    }

    /// Sends a raw request; `headers` replace the client's own.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut request = axum::http::Request::builder().method(method).uri(path);
        for (key, value) in headers {
            request = request.header(*key, *value);
        }
        let response = self.client.send(request.body(body.into()).unwrap()).await.unwrap();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        Answer { code, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[], body).await
    }

    pub(crate) async fn patch(&self, path: &str, media_type: &str, body: &Value) -> Answer {
        self.ask("PATCH", path, &[("content-type", media_type)], body).await
    }

    /// Opens a plain TLS connection to the server.
    pub(crate) async fn tls(&self) -> TlsStream<TcpStream> {
        let kubeconfig = Kubeconfig::from_yaml(&self.serving.kubeconfig).unwrap();
        let authority =
            kubeconfig.clusters[0].cluster.as_ref().unwrap().certificate_authority_data.clone().unwrap();
        let pem = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, authority).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(self.serving.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// Runs kubectl with its own cache; `None` if kubectl is not installed.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> Option<Output> {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(self.folder.path().join("kubeconfig"));
        command.arg("--cache-dir").arg(self.folder.path().join("cache")).args(arguments);
        match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
            Ok(output) => Some(output),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("kubectl is not installed: nothing was tried");
                None
            }
            Err(error) => panic!("kubectl cannot be run: {error}"),
        }
    }
}

pub(crate) fn put(
    store: &Store,
    resource: Resource,
    namespace: &str,
    name: &str,
    mut object: Value,
) -> Arc<Object> {
    object["metadata"]["name"] = name.into();
    admission::complete(resource, &mut object);
    store.mutate(resource, namespace, name, |_| Ok(Some(object))).unwrap().object().unwrap().clone()
}

pub(crate) fn running_pod(name: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web", "pod": name}},
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": "web:1"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

pub(crate) fn deployment(name: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "web:1"}]},
            },
        },
    })
}

/// The part of a kubelet that deletions need: removes pods that are marked for deletion.
async fn end_marked_pods(store: Store) {
    let mut ticked = store.ticked();
    let mut cursor = store.version();
    while ticked.changed().await.is_ok() {
        let changes = store.changes_since(cursor).unwrap();
        cursor = changes.cursor;
        let marked = |change: &Change| {
            let metadata = &change.object.value()["metadata"];
            change.kind == ChangeKind::Modified && !metadata["deletionTimestamp"].is_null()
        };
        for change in changes.changes.iter().filter(|c| c.object.resource == Resource::Pods && marked(c)) {
            let pod = &change.object;
            let _ = store.delete(Resource::Pods, &pod.namespace, &pod.name, &Deletion::now(&pod.uid));
        }
    }
}

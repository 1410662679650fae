//! A scripted API server on loopback, for tests: it carries the bytes of a pod's port itself.

use super::Connection;
use axum::{
    Router,
    extract::{
        Path, Query, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use kube::Client;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::Notify};

/// What happens to a stream to one pod.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    /// The pod answers each request with its name, as an HTTP server does.
    Answers,
    /// The pod answers with this page.
    Page(&'static str),
    /// The pod refuses connections.
    Refuses,
    /// There is no such pod any more.
    Gone,
    /// The API server refuses the stream.
    Forbidden,
    /// The API server cannot reach the pod's kubelet, or the kubelet does not know the pod.
    Unknown,
    /// The WebSocket breaks once a request was sent.
    Breaks,
    /// The API server does not open the stream.
    Hangs,
}

/// A ready pod: its name, the fate of its streams, and whether its object still exists.
type ScriptedPod = (&'static str, Fate, bool);

/// A cluster with one Service, `web`: its ready pods, and what breaks all open streams.
#[derive(Clone, Default)]
pub(crate) struct Cluster(Arc<Mutex<Vec<ScriptedPod>>>, Arc<Notify>);

impl Cluster {
    pub(crate) fn of(pods: &[(&'static str, Fate)]) -> Self {
        let cluster = Self::default();
        cluster.set(pods);
        cluster
    }

    pub(crate) fn set(&self, pods: &[(&'static str, Fate)]) {
        *self.0.lock().unwrap() = pods.iter().map(|(name, fate)| (*name, *fate, true)).collect();
    }

    /// Deletes the object of a pod; the endpoints do not show it yet.
    pub(crate) fn delete(&self, name: &str) {
        self.0.lock().unwrap().iter_mut().filter(|pod| pod.0 == name).for_each(|pod| pod.2 = false);
    }

    /// Breaks all open streams, without a word.
    pub(crate) fn hang_up(&self) {
        self.1.notify_waiters();
    }

    /// Starts to serve, and connects.
    pub(crate) async fn connection(&self) -> Connection {
        let router = Router::new()
            .route("/version", get(async || axum::Json(json!({"major": "1", "minor": "36", "gitVersion": "v1.36.0",
                "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}))))
            .route("/api/v1/namespaces/default/services", get(services))
            .route("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", get(slices))
            .route("/api/v1/namespaces/default/pods", get(pods))
            .route("/api/v1/namespaces/default/pods/{name}/portforward", get(forward))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Connection::over(Client::try_from(kube::Config::new(server)).unwrap(), "fake")
    }
}

async fn services() -> axum::Json<Value> {
    let service = json!({"metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"name": "web"}, "ports": [{"name": "http", "port": 80}]}});
    axum::Json(json!({"kind": "ServiceList", "metadata": {"resourceVersion": "1"}, "items": [service]}))
}

async fn slices(State(cluster): State<Cluster>) -> axum::Json<Value> {
    let pods = cluster.0.lock().unwrap().clone();
    let endpoint = |(name, ..): &ScriptedPod| {
        json!({"addresses": ["10.0.0.1"], "conditions": {"ready": true},
            "targetRef": {"kind": "Pod", "name": name, "uid": name}})
    };
    let endpoints: Vec<Value> = pods.iter().map(endpoint).collect();
    let slice = json!({"metadata": {"name": "web-1"}, "addressType": "IPv4", "endpoints": endpoints,
        "ports": [{"name": "http", "port": 8080}]});
    axum::Json(json!({"kind": "EndpointSliceList", "metadata": {"resourceVersion": "1"}, "items": [slice]}))
}

async fn pods(State(cluster): State<Cluster>) -> axum::Json<Value> {
    let pods = cluster.0.lock().unwrap().clone();
    let pod = |(name, ..): &ScriptedPod| {
        json!({"metadata": {"name": name, "namespace": "default", "uid": name}, "status": {"phase": "Running"},
            "spec": {"containers": [{"name": "envoy", "image": "e"}]}})
    };
    let items: Vec<Value> = pods.iter().filter(|pod| pod.2).map(pod).collect();
    axum::Json(json!({"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": items}))
}

async fn forward(
    State(cluster): State<Cluster>,
    Path(name): Path<String>,
    Query(query): Query<BTreeMap<String, u16>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let known = cluster.0.lock().unwrap().iter().find(|pod| pod.0 == name).copied();
    let fate = known.map_or(Fate::Gone, |(_, fate, _)| fate);
    match fate {
        Fate::Gone => StatusCode::NOT_FOUND.into_response(),
        Fate::Forbidden => {
            let message = format!(
                "pods \"{name}\" is forbidden: User \"ann\" cannot create resource \"pods/portforward\""
            );
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
                "message": message, "code": 403});
            (StatusCode::FORBIDDEN, axum::Json(status)).into_response()
        }
        Fate::Unknown => {
            (StatusCode::INTERNAL_SERVER_ERROR, "error dialing backend: connection refused").into_response()
        }
        Fate::Hangs => std::future::pending().await,
        _ => upgrade.protocols(["v4.channel.k8s.io"]).on_upgrade(async move |socket| {
            tokio::select! {
                () = cluster.1.notified() => {}
                () = stream(socket, &name, query["ports"], fate) => {}
            }
        }),
    }
}

async fn stream(mut socket: WebSocket, name: &str, port: u16, fate: Fate) {
    let mut send = async |channel: u8, bytes: &[u8]| {
        let framed: Vec<u8> = std::iter::once(channel).chain(bytes.iter().copied()).collect();
        socket.send(Message::Binary(framed.into())).await.unwrap();
    };
    send(0, &port.to_le_bytes()).await;
    send(1, &port.to_le_bytes()).await;
    if matches!(fate, Fate::Refuses) {
        send(1, b"error forwarding port 8080 to pod: dial tcp4 127.0.0.1:8080: connect: connection refused")
            .await;
    } else {
        while let Some(Ok(message)) = socket.recv().await {
            match (message, fate) {
                (Message::Binary(_), Fate::Breaks) => return,
                (Message::Binary(_), _) => {
                    let body = if let Fate::Page(page) = fate { page } else { name };
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    let framed: Vec<u8> = std::iter::once(0).chain(answer.bytes()).collect();
                    socket.send(Message::Binary(framed.into())).await.unwrap();
                }
                _ => break,
            }
        }
    }
    let _ = socket.send(Message::Close(Some(CloseFrame { code: 1000, reason: "".into() }))).await;
}

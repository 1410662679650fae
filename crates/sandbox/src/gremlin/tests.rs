//! Tests the API over a socket, with a real container.

use super::*;
use crate::{
    kubelet::StartDelays,
    network::{Delays, Network},
    recorder::EventRecorder,
    store::Resource,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{ffi::OsString, time::Duration};

struct TestGremlin {
    store: Store,
    kubelet: Kubelet,
    gremlin: Gremlin,
}

impl TestGremlin {
    /// Creates one running pod `web` with a container `main`.
    async fn set() -> Self {
        let store = Store::new();
        let recorder = EventRecorder::new(store.clone());
        let program = ["/bin/sh", "-c", "exec sleep 1000"].map(OsString::from).to_vec();
        let network = Network::new(Delays::NONE);
        let kubelet = Kubelet::new(&store, &network, &recorder, program, StartDelays::AT_ONCE).unwrap();
        tokio::spawn(kubelet.clone().run());
        let pod =
            json!({"spec": {"nodeName": "n", "containers": [{"name": "main", "image": "x/provider:demo"}]}});
        store.mutate(Resource::Pods, "default", "web", |_| Ok(Some(pod))).unwrap();
        let gremlin = Gremlin::serve(store.clone(), kubelet.clone()).await.unwrap();
        let stage = Self { store, kubelet, gremlin };
        stage.until(|container| container["state"]["running"].is_object()).await;
        stage
    }

    fn container(&self) -> Value {
        let pod = self.store.get(Resource::Pods, "default", "web").unwrap().value();
        pod["status"]["containerStatuses"][0].clone()
    }

    async fn until(&self, holds: impl Fn(&Value) -> bool) {
        let mut ticked = self.store.ticked();
        let wait = async {
            while !holds(&self.container()) {
                ticked.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the container gets there");
    }

    async fn ask(&self, method: Method, path: &str, authorization: &str, body: &str) -> (StatusCode, String) {
        let host = self.gremlin.address.to_string();
        self.ask_with(method, path, &[("host", &host), ("authorization", authorization)], body).await
    }

    async fn ask_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, String) {
        let stream = tokio::net::TcpStream::connect(self.gremlin.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn login(&self, password: &str) -> (StatusCode, String) {
        let form = format!("email=you%40sandbox.example&password={password}");
        self.ask(Method::POST, "/v1/users/auth", "", &form).await
    }

    async fn header(&self) -> String {
        let (status, body) = self.login(&self.gremlin.account.password).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let logins: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(logins[0]["org_name"], "sandbox");
        assert_eq!(logins[0]["teams"][0]["identifier"], self.gremlin.account.team.as_str());
        logins[0]["header"].as_str().unwrap().to_owned()
    }
}

fn shutdown(container: &str, delay: &str) -> String {
    json!({
        "command": {"type": "shutdown", "args": ["-d", delay]},
        "target": {"type": "Random"},
        "labels": {"io.kubernetes.container.name": container},
        "tags": null,
    })
    .to_string()
}

#[tokio::test]
async fn the_samples_attack_kills_the_container_which_comes_back() {
    let stage = TestGremlin::set().await;
    let header = stage.header().await;
    let path = format!("/v1/attacks/new?teamId={}", stage.gremlin.account.team);
    let (status, id) = stage.ask(Method::POST, &path, &header, &shutdown("main", "0")).await;
    assert_eq!(status, StatusCode::CREATED, "{id}");
    stage
        .until(|container| container["restartCount"] == 1 && container["state"]["running"].is_object())
        .await;
    assert_eq!(stage.container()["lastState"]["terminated"]["exitCode"], 137);
    let (_, attack) = stage.ask(Method::GET, &format!("/v1/attacks/{id}"), &header, "").await;
    let attack: Value = serde_json::from_str(&attack).unwrap();
    assert_eq!((&attack["stage"], &attack["hit"]), (&json!("Successful"), &json!(["web/main"])));
    let (_, active) = stage.ask(Method::GET, "/v1/attacks/active", &header, "").await;
    assert_eq!(active, "[]");
    let (_, completed) = stage.ask(Method::GET, "/v1/attacks/completed", &header, "").await;
    assert!(completed.contains(&id));
}

#[tokio::test]
async fn a_web_page_cannot_use_it() {
    let stage = TestGremlin::set().await;
    let (ours, key) = (stage.gremlin.address.to_string(), format!("Key {}", stage.gremlin.account.api_key));
    let path = format!("/v1/attacks?teamId={}", stage.gremlin.account.team);
    let own_page = format!("http://{ours}");
    for (headers, expected) in [
        (&[("host", ours.as_str())][..], 200),
        (&[("host", ours.as_str()), ("origin", own_page.as_str())], 200),
        (&[("host", "rebound.example")], 403),
        (&[("host", "rebound.example:80")], 403),
        (&[], 403),
        (&[("host", ours.as_str()), ("origin", "https://evil.example")], 403),
        (&[("host", ours.as_str()), ("origin", "null")], 403),
    ] {
        let headers = [headers, &[("authorization", key.as_str())]].concat();
        let (status, body) = stage.ask_with(Method::GET, &path, &headers, "").await;
        assert_eq!(status.as_u16(), expected, "{headers:?}: {body}");
    }
    let form = format!("email=you%40sandbox.example&password={}", stage.gremlin.account.password);
    let page = [("host", ours.as_str()), ("origin", "https://evil.example")];
    let (status, _) = stage.ask_with(Method::POST, "/v1/users/auth", &page, &form).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_delayed_attack_can_be_halted() {
    let stage = TestGremlin::set().await;
    let header = stage.header().await;
    let (status, id) = stage.ask(Method::POST, "/v1/attacks/new", &header, &shutdown("main", "5")).await;
    assert_eq!(status, StatusCode::CREATED, "a login's token needs no team: {id}");
    let (_, active) = stage.ask(Method::GET, "/v1/attacks/active", &header, "").await;
    assert!(active.contains(&id));
    let (status, _) = stage.ask(Method::DELETE, &format!("/v1/attacks/{id}"), &header, "").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let (_, attack) = stage.ask(Method::GET, &format!("/v1/attacks/{id}"), &header, "").await;
    assert!(attack.contains("Halted"), "{attack}");
    assert!(stage.kubelet.is_running(&stage.store.get(Resource::Pods, "default", "web").unwrap(), "main"));
}

#[tokio::test]
async fn what_it_cannot_do_it_refuses_in_words() {
    let stage = TestGremlin::set().await;
    let header = stage.header().await;
    let key = format!("Key {}", stage.gremlin.account.api_key);
    assert_eq!(stage.login("wrong").await.0, StatusCode::UNAUTHORIZED);
    let order = shutdown("main", "0");
    for (path, authorization, body, status, words) in [
        ("/v1/attacks/new", "", order.as_str(), 401, "missing or wrong credentials"),
        ("/v1/attacks/new", "Bearer wrong", order.as_str(), 401, "missing or wrong credentials"),
        ("/v1/attacks/new?teamId=theirs", header.as_str(), order.as_str(), 401, "team theirs"),
        ("/v1/attacks/new", key.as_str(), order.as_str(), 400, "teamId must be given"),
        ("/v1/attacks/new", header.as_str(), "{", 400, "not JSON"),
        ("/v1/attacks/new", header.as_str(), "{}", 400, "command.type"),
        ("/v1/attacks/new", header.as_str(), &shutdown("other", "0"), 404, "running containers: web/main"),
        ("/v1/kubernetes/attacks/new", header.as_str(), order.as_str(), 404, "does not support"),
    ] {
        let (found, text) = stage.ask(Method::POST, path, authorization, body).await;
        assert_eq!(found.as_u16(), status, "{path}: {text}");
        assert!(text.contains(words), "{path}: {text}");
    }
    assert_eq!(stage.container()["restartCount"], 0, "nothing was hit");
    assert_eq!(stage.ask(Method::GET, "/v1/attacks/none", &header, "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_api_key_works_with_its_team() {
    let stage = TestGremlin::set().await;
    let key = format!("Key {}", stage.gremlin.account.api_key);
    let path = format!("/v1/attacks/new?teamId={}", stage.gremlin.account.team);
    let (status, text) = stage.ask(Method::POST, &path, &key, &shutdown("main", "0")).await;
    assert_eq!(status, StatusCode::CREATED, "{text}");
    stage.until(|container| container["restartCount"] == 1).await;
}

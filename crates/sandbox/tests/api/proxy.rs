//! `pods/X/proxy`, `services/X/proxy` and `pods/X/portforward`: the test machine resolves every pod and Service to
//! loopback.

use crate::rig::{LONG, Rig, put};
use axum::{Router, extract::Request, http::StatusCode, response::IntoResponse};
use chaos_sandbox::store::Resource;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

/// Starts a pod's server, which returns the request it received; `/elsewhere` redirects. Returns its port.
async fn pod() -> u16 {
    let router = Router::new().fallback(async |request: Request| {
        let headers: Vec<&str> = request.headers().keys().map(axum::http::HeaderName::as_str).collect();
        match request.uri().path() {
            "/elsewhere" => (StatusCode::FOUND, [("location", "http://127.0.0.1:9/")], "").into_response(),
            "/health" => (StatusCode::SERVICE_UNAVAILABLE, "down").into_response(),
            _ => json!({"asked": request.uri().to_string(), "headers": headers}).to_string().into_response(),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

#[tokio::test]
async fn a_page_of_a_pod_or_a_service_is_read_without_our_credentials() {
    let (rig, port) = (Rig::start().await, pod().await);
    let service = json!({"spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": port}]}});
    put(&rig.store, Resource::Services, "default", "web", service);
    let base = "/api/v1/namespaces/default";
    for target in [format!("pods/a:{port}"), format!("services/web:{port}"), "services/web:http".to_owned()] {
        let answer = rig.get(&format!("{base}/{target}/proxy/metrics?name=x")).await;
        assert_eq!((answer.code, &answer.body["asked"]), (200, &json!("/metrics?name=x")), "{target}");
        let headers = answer.body["headers"].to_string();
        assert!(!headers.contains("authorization"), "{headers}");
    }
    // The pod's own error answers are passed through unchanged, not replaced by a Status of the server.
    let health = rig.get(&format!("{base}/pods/a:{port}/proxy/health")).await;
    assert_eq!((health.code, health.body), (503, json!("down")));
    let away = rig.get(&format!("{base}/pods/a:{port}/proxy/elsewhere")).await;
    assert_eq!(away.code, 302, "a redirect is handed back");
}

#[tokio::test]
async fn what_is_no_page_of_a_pod_is_refused_by_the_server_itself() {
    let rig = Rig::start().await;
    let port = pod().await;
    let base = "/api/v1/namespaces/default";
    for (method, path, code) in [
        ("GET", format!("{base}/pods/nobody:{port}/proxy/"), 404),
        ("GET", format!("{base}/services/nobody:80/proxy/"), 404),
        ("GET", format!("{base}/pods/a:1/proxy/"), 503),
        ("GET", format!("{base}/pods/a:none/proxy/"), 400),
        ("POST", format!("{base}/pods/a:{port}/proxy/"), 405),
        ("DELETE", format!("{base}/pods/a:{port}/proxy/"), 405),
    ] {
        let answer = rig.ask(method, &path, &[], &Value::Null).await;
        assert_eq!((answer.code, &answer.body["kind"]), (code, &json!("Status")), "{method} {path}");
    }
}

#[tokio::test]
async fn a_port_of_a_pod_is_forwarded_until_one_side_ends() {
    let (rig, port) = (Rig::start().await, pod().await);
    let pods: Api<Pod> = Api::default_namespaced(rig.client.clone());
    let mut forwarder = pods.portforward("a", &[port]).await.unwrap();
    let mut stream = forwarder.take_stream(port).unwrap();
    let mut answer = String::new();
    for path in ["/first", "/second"] {
        let close = if path == "/second" { "connection: close\r\n" } else { "" };
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n{close}\r\n").as_bytes()).await.unwrap();
    }
    timeout(LONG, stream.read_to_string(&mut answer)).await.expect("the pod closes").unwrap();
    assert!(answer.contains("/first") && answer.contains("/second"), "{answer}");

    let mut nobody = pods.portforward("a", &[1]).await.unwrap();
    let refused = timeout(LONG, nobody.take_error(1).unwrap()).await.unwrap().unwrap();
    assert!(refused.contains("to pod a") && refused.contains("connection refused"), "{refused}");
    let missing = pods.portforward("nobody", &[port]).await.err().unwrap().to_string();
    assert!(missing.contains("404"), "{missing}");
    put(
        &rig.store,
        Resource::Pods,
        "default",
        "b",
        json!({"spec": {"containers": [{"name": "b", "image": "x"}]}}),
    );
    let pending = pods.portforward("b", &[port]).await.err().unwrap().to_string();
    assert!(pending.contains("400"), "{pending}");
}

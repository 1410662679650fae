use super::*;
use axum::{Router, extract::Request, http::StatusCode, routing::post};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

type Log = Arc<Mutex<Vec<(String, Option<String>, String)>>>;

/// A fake Gremlin API on loopback: records path, authorization header and body of each request.
async fn gremlin(logins: Json, attack_status: u16) -> (String, Log) {
    // The client is built with TLS although the tests use plain HTTP only; another test may have installed the crypto
    // provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let log = Log::default();
    let record = |log: Log, status: u16, answer: String| {
        post(async move |request: Request| {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let header = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
            log.lock().unwrap().push((
                head.uri.to_string(),
                header,
                String::from_utf8(body.to_vec()).unwrap(),
            ));
            (StatusCode::from_u16(status).unwrap(), answer)
        })
    };
    let login_status = if logins.is_null() { 401 } else { 200 };
    let login_answer = if logins.is_null() { "wrong p&ss".to_owned() } else { logins.to_string() };
    let router = Router::new()
        .route("/v1/users/auth", record(log.clone(), login_status, login_answer))
        .route("/v1/attacks/new", record(log.clone(), attack_status, "attack-1".to_owned()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, log)
}

fn at(url: &str, more: &'static [(&'static str, &'static str)]) -> Gremlin {
    let url = url.to_owned();
    Gremlin::new(ClusterSettings::new(move |name| match name {
        "CHAOS_TUI_GREMLIN_URL" => Some(url.clone()),
        _ => more.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
    }))
}

fn arguments(secrets: Json) -> Map {
    let mut arguments: Map = serde_json::from_value(json!({
        "command": {"type": "shutdown", "args": ["-d", "0"]},
        "target": {"type": "Random"},
        "labels": {"io.kubernetes.container.name": "my-provider-app"},
    }))
    .unwrap();
    if !secrets.is_null() {
        arguments.insert("secrets".to_owned(), serde_json::from_value(secrets).unwrap());
    }
    arguments
}

fn password() -> Json {
    json!({"email": "a@b.c", "password": "p&ss", "org_name": "org"})
}

#[tokio::test]
async fn a_password_logs_in_and_attacks() {
    let logins = json!([{"org_name": "other", "header": "Bearer no"},
                        {"org_name": "org", "header": "Bearer yes", "teams": [{"identifier": "team 1"}]}]);
    let (url, log) = gremlin(logins, 201).await;
    let result = at(&url, &[]).attack(&arguments(password())).await.unwrap();
    assert_eq!(result, Value::from("attack-1"));
    let log = log.lock().unwrap();
    assert_eq!(log[0], ("/v1/users/auth".to_owned(), None, "email=a%40b.c&password=p%26ss".to_owned()));
    assert_eq!(
        (log[1].0.as_str(), log[1].1.as_deref()),
        ("/v1/attacks/new?teamId=team+1", Some("Bearer yes"))
    );
    assert_eq!(
        serde_json::from_str::<Json>(&log[1].2).unwrap(),
        json!({"command": {"type": "shutdown", "args": ["-d", "0"]}, "target": {"type": "Random"},
               "labels": {"io.kubernetes.container.name": "my-provider-app"}, "tags": null})
    );
}

#[tokio::test]
async fn the_team_of_the_environment_wins() {
    let logins = json!({"org_name": "org", "header": "Bearer yes", "teams": [{"identifier": "t"}]});
    let (url, log) = gremlin(logins, 201).await;
    at(&url, &[("GREMLIN_TEAM_ID", "mine")]).attack(&arguments(password())).await.unwrap();
    assert_eq!(log.lock().unwrap()[1].0, "/v1/attacks/new?teamId=mine");
}

#[tokio::test]
async fn a_key_needs_no_login() {
    let (url, log) = gremlin(json!([]), 201).await;
    let gremlin = at(&url, &[("GREMLIN_API_KEY", "k"), ("GREMLIN_TEAM_ID", "t")]);
    assert_eq!(gremlin.missing_credentials(None), None);
    gremlin.attack(&arguments(Json::Null)).await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].0.as_str(), log[0].1.as_deref()), ("/v1/attacks/new?teamId=t", Some("Key k")));
}

#[tokio::test]
async fn refusals_say_why() {
    let ok = json!([{"org_name": "org", "header": "Bearer yes"}]);
    let table: [(&str, Json, u16, Json, &str); 6] = [
        ("attack refused", ok.clone(), 400, password(), "refused the attack, status 400: attack-1"),
        ("200 is not 201", ok.clone(), 200, password(), "refused the attack, status 200"),
        (
            "login refused, its password hidden",
            Json::Null,
            201,
            password(),
            "refused the login, status 401: wrong ***",
        ),
        ("other organisation", json!([{"org_name": "x"}]), 201, password(), "does not belong to 'org'"),
        ("empty secrets", ok.clone(), 201, json!({}), "TypeError: Gremlin's login needs the secret 'email'"),
        ("no credentials at all", ok, 201, Json::Null, "GREMLIN_API_KEY"),
    ];
    for (name, logins, status, secrets, wanted) in table {
        let (url, _) = gremlin(logins, status).await;
        let error = at(&url, &[]).attack(&arguments(secrets)).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{name}: {error}");
    }
}

#[tokio::test]
async fn nobody_there() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = at(&url, &[]).attack(&arguments(password())).await.unwrap_err().to_string();
    assert!(error.contains(&url) && error.contains("did not answer"), "{error}");
}

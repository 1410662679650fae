//! Tests of inline values, environment, overrides, and a fake Vault.

use super::{Resolved, SecretsError, resolve};
use crate::{experiment::Environment, test_support::map};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use pyvalue::{Value, parse_json};
use std::sync::{Arc, Mutex};

async fn resolved(declared: &str, overrides: &str, configuration: &str) -> Resolved {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let environment = Environment::of([("KEY", "from-env")]);
    resolve(&map(declared), &map(overrides), &map(configuration), &environment).await
}

fn value(resolved: &Resolved) -> Value {
    assert_eq!(resolved.errors, Vec::new());
    resolved.secrets.expose().clone().into()
}

#[tokio::test]
async fn secrets_are_loaded_at_any_depth() {
    let declared = r#"{"s": {"plain": 1, "list": [{"type": "env", "key": "KEY"}],
        "env": {"type": "env", "key": "KEY"}, "deep": {"er": {"type": "env", "key": "KEY"}}, "other": {"type": "x"}},
        "scope": {"type": "env", "key": "KEY"}}"#;
    let expected = r#"{"s": {"plain": 1, "list": [{"type": "env", "key": "KEY"}], "env": "from-env",
        "deep": {"er": "from-env"}, "other": {"type": "x"}}, "scope": "from-env"}"#;
    assert_eq!(value(&resolved(declared, "{}", "{}").await), parse_json(expected).unwrap());
}

#[tokio::test]
async fn c030_a_default_does_not_help() {
    let resolved =
        resolved(r#"{"s": {"k": {"type": "env", "key": "GONE", "default": "x"}}}"#, "{}", "{}").await;
    let error = SecretsError::Unset { place: "$.secrets.s.k".to_owned(), variable: "GONE".to_owned() };
    assert_eq!(resolved.errors, [error]);
}

#[tokio::test]
async fn c044_an_override_replaces_the_whole_scope() {
    let declared = r#"{"s": {"a": 1, "b": 2}, "t": {"c": 3}}"#;
    let overrides = r#"{"s": {"a": {"type": "env", "key": "KEY"}}, "t": null, "u": {"d": 4}}"#;
    let expected = r#"{"s": {"a": {"type": "env", "key": "KEY"}}, "t": {"c": 3}}"#;
    assert_eq!(value(&resolved(declared, overrides, "{}").await), parse_json(expected).unwrap());
}

/// The requests to the fake Vault: method, path, token.
type Asked = Arc<Mutex<Vec<String>>>;

async fn vault() -> (String, Asked) {
    async fn answer(
        State(asked): State<Asked>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: String,
    ) -> (StatusCode, String) {
        let token =
            headers.get("X-Vault-Token").map(|token| token.to_str().unwrap().to_owned()).unwrap_or_default();
        asked.lock().unwrap().push(format!("{method} {} {token}", uri.path()));
        let text = match (uri.path(), token.as_str()) {
            ("/v1/auth/approle/login", _) if body.contains("\"secret_id\": \"hush\"") => {
                r#"{"auth": {"client_token": "app"}}"#
            }
            ("/v1/auth/k8s/login", _) if body.contains("\"jwt\": \"token-of-pod\"") => {
                r#"{"auth": {"client_token": "pod"}}"#
            }
            ("/v1/secret/data/foo/bar", "root" | "app" | "pod") => {
                r#"{"data": {"data": {"k": "two", "n": 1}}}"#
            }
            ("/v1/kv/foo/bar", "root") => r#"{"data": {"k": "one"}}"#,
            _ => return (StatusCode::FORBIDDEN, r#"{"errors": ["permission denied"]}"#.to_owned()),
        };
        (StatusCode::OK, text.to_owned())
    }
    let asked = Asked::default();
    let router = Router::new().fallback(answer).with_state(asked.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

const SECRET: &str = r#"{"s": {"one": {"type": "vault", "path": "foo/bar", "key": "k"},
    "all": {"type": "vault", "path": "foo/bar"}}}"#;

#[tokio::test]
async fn vault_version_2_with_a_token() {
    let (address, asked) = vault().await;
    let configuration =
        format!(r#"{{"vault_addr": "{address}", "vault_token": "root", "vault_role_id": "r"}}"#);
    let resolved = resolved(SECRET, "{}", &configuration).await;
    let expected = r#"{"s": {"one": "two", "all": {"k": "two", "n": 1}}}"#;
    assert_eq!(value(&resolved), parse_json(expected).unwrap());
    assert_eq!(
        *asked.lock().unwrap(),
        ["GET /v1/secret/data/foo/bar root", "GET /v1/secret/data/foo/bar root"]
    );
}

#[tokio::test]
async fn the_token_of_a_vault_login_is_found_in_the_home_directory_and_follows_a_redirect() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (address, asked) = vault().await;
    // A standby server sends its clients to the active one.
    let active = address.clone();
    let standby = Router::new().fallback(async move |uri: Uri| {
        (StatusCode::TEMPORARY_REDIRECT, [("Location", format!("{active}{}", uri.path()))])
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let configuration = format!(r#"{{"vault_addr": "http://{}"}}"#, listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, standby).await });
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".vault-token"), "root\n").unwrap();
    let home = home.path().to_str().unwrap();
    for (variable, token) in [(None, "root"), (Some(""), "root"), (Some("app"), "app")] {
        let mut environment = Environment::of([("HOME", home)]);
        environment.put([("VAULT_TOKEN".to_owned(), variable.map(str::to_owned))]);
        let resolved = resolve(&map(SECRET), &map("{}"), &map(&configuration), &environment).await;
        assert_eq!(resolved.errors, Vec::new());
        let asked = std::mem::take(&mut *asked.lock().unwrap());
        assert_eq!(asked, [(); 2].map(|()| format!("GET /v1/secret/data/foo/bar {token}")));
    }
}

#[tokio::test]
async fn vault_version_1_on_another_mount() {
    let (address, _) = vault().await;
    let configuration = format!(
        r#"{{"vault_addr": "{address}/", "vault_token": "root", "vault_kv_version": 1, "vault_secrets_mount_point": "kv"}}"#
    );
    assert_eq!(
        value(&resolved(SECRET, "{}", &configuration).await),
        parse_json(r#"{"s": {"one": "one", "all": {"k": "one"}}}"#).unwrap()
    );
}

#[tokio::test]
async fn vault_logs_in_by_app_role_and_by_service_account() {
    let (address, asked) = vault().await;
    let configuration =
        format!(r#"{{"vault_addr": "{address}", "vault_role_id": "r", "vault_role_secret": "hush"}}"#);
    assert_eq!(resolved(SECRET, "{}", &configuration).await.errors, Vec::new());
    assert_eq!(asked.lock().unwrap().first().map(String::as_str), Some("POST /v1/auth/approle/login "));

    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "token-of-pod").unwrap();
    let configuration = format!(
        r#"{{"vault_addr": "{address}", "vault_sa_role": "r", "vault_k8s_mount_point": "k8s", "vault_sa_token_path": "{}"}}"#,
        token.display()
    );
    assert_eq!(resolved(SECRET, "{}", &configuration).await.errors, Vec::new());
}

#[tokio::test]
async fn what_vault_does_not_give_is_an_error_without_a_secret_in_it() {
    let (address, _) = vault().await;
    let with = |rest: &str| format!(r#"{{"vault_addr": "{address}"{rest}}}"#);
    let unknown_key = r#"{"s": {"k": {"type": "vault", "path": "foo/bar", "key": "gone"}}}"#;
    let table = [
        (SECRET, with(""), "permission denied"),
        (SECRET, with(r#", "vault_role_id": "r", "vault_role_secret": "wrong-one""#), "with the AppRole"),
        (
            SECRET,
            with(r#", "vault_sa_role": "r", "vault_sa_token_path": "/no/such""#),
            "service account token at: /no/such",
        ),
        (unknown_key, with(r#", "vault_token": "root""#), "has no key 'gone'"),
        (SECRET, r#"{"vault_addr": "http://127.0.0.1:1"}"#.to_owned(), "Failed to read the Vault secret"),
    ];
    for (declared, configuration, message) in table {
        let errors = resolved(declared, "{}", &configuration).await.errors;
        let text = errors.first().map(ToString::to_string).unwrap_or_default();
        assert!(text.contains(message) && !text.contains("wrong-one"), "{configuration}: {text}");
    }
}

#[tokio::test]
async fn a_vault_secret_without_path_is_empty_with_a_warning() {
    let resolved = resolved(r#"{"s": {"k": {"type": "vault", "key": "x"}}}"#, "{}", "{}").await;
    assert_eq!(value(&resolved), parse_json(r#"{"s": {"k": {}}}"#).unwrap());
    assert_eq!(resolved.warnings, ["Missing Vault secret path for '{'type': 'vault', 'key': 'x'}'"]);
}

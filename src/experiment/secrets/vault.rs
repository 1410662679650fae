//! Reads Vault's key-value store through its HTTP API (experiment-format 4.6).

use crate::{
    experiment::{Environment, read_text_bounded, read_without_blocking},
    http_client::{HttpClient, HttpSettings, Limits, Request, body},
};
use pyvalue::{Map, Value, parse_json, python_text};
use reqwest::Method;
use std::{path::Path, time::Duration};

/// The request timeout: long enough for a slow server, short enough that validation ends.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum number of bytes of a response: secrets are small.
const MAX_ANSWER: usize = 4 << 20;

/// The path at which Kubernetes mounts a pod's service account token.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Why Vault returned no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum VaultError {
    /// The `AppRole` login failed.
    #[error("Failed to connect to Vault with the AppRole: {0}")]
    AppRole(String),
    /// The service account token cannot be read.
    #[error("Failed to get service account token at: {0}")]
    ServiceAccountToken(String),
    /// The Kubernetes login failed.
    #[error("Failed to connect to Vault using service account with errors: '{0}'")]
    Kubernetes(String),
    /// A secret cannot be read.
    #[error("Failed to read the Vault secret '{path}': {reason}")]
    Read { path: String, reason: String },
    /// The secret has no such field.
    #[error("the Vault secret '{path}' has no key '{key}'")]
    UnknownKey { path: String, key: String },
}

/// A client that has logged in, if the configuration specifies a login.
pub(super) struct VaultClient {
    client: HttpClient,
    address: String,
    token: Option<String>,
    namespace: Option<String>,
    mount: String,
    /// Whether the store has version 2, which wraps the payload in another `data` field.
    version_2: bool,
}

impl VaultClient {
    /// Chooses the login by the configuration: token, then `AppRole`, then Kubernetes, else the token of `VAULT_TOKEN` or
    /// of the file that `vault login` writes.
    pub(super) async fn open(configuration: &Map, environment: &Environment) -> Result<Self, VaultError> {
        let text = |key: &str| configuration.get(key).filter(|value| !value.is_null()).map(python_text);
        let address = text("vault_addr")
            .or_else(|| environment.get("VAULT_ADDR"))
            .unwrap_or_else(|| "http://localhost:8200".to_owned());
        let mut session = Self {
            client: client(environment),
            address: address.trim_end_matches('/').to_owned(),
            token: token(environment),
            namespace: environment.get("VAULT_NAMESPACE"),
            mount: text("vault_secrets_mount_point").unwrap_or_else(|| "secret".to_owned()),
            version_2: text("vault_kv_version").as_deref() != Some("1"),
        };
        if configuration.contains_key("vault_token") {
            session.token = text("vault_token");
        } else if let (Some(role), Some(secret)) = (text("vault_role_id"), text("vault_role_secret")) {
            let login = [("role_id", role), ("secret_id", secret)];
            session.token = Some(session.log_in("approle", &login).await.map_err(VaultError::AppRole)?);
        } else if let Some(role) = text("vault_sa_role") {
            let path = text("vault_sa_token_path").filter(|path| !path.is_empty());
            let path = path.unwrap_or_else(|| SERVICE_ACCOUNT_TOKEN.to_owned());
            let jwt = read_without_blocking(Path::new(&path), read_text_bounded).await;
            let jwt = jwt.map_err(|_| VaultError::ServiceAccountToken(path))?;
            let mount = text("vault_k8s_mount_point").unwrap_or_else(|| "kubernetes".to_owned());
            let login = [("role", role), ("jwt", jwt)];
            session.token = Some(session.log_in(&mount, &login).await.map_err(VaultError::Kubernetes)?);
        }
        Ok(session)
    }

    /// The payload of the secret at `path`.
    pub(super) async fn read(&self, path: &str) -> Result<Map, VaultError> {
        let failed = |reason: String| VaultError::Read { path: path.to_owned(), reason };
        let data = if self.version_2 { "/data" } else { "" };
        let url = format!("{}/v1/{}{data}/{}", self.address, self.mount, path.trim_start_matches('/'));
        let answer = self.ask(Request::new(Method::GET, &url)).await.map_err(failed)?;
        let data = answer.get("data");
        let payload = if self.version_2 { data.and_then(|data| data.get("data")) } else { data };
        payload.and_then(Value::as_map).cloned().ok_or_else(|| failed("the answer has no data".to_owned()))
    }

    async fn log_in(&self, mount: &str, fields: &[(&str, String)]) -> Result<String, String> {
        let body: Map =
            fields.iter().map(|(name, text)| ((*name).to_owned(), text.as_str().into())).collect();
        let url = format!("{}/v1/auth/{mount}/login", self.address);
        let request = Request::new(Method::POST, &url);
        let answer = self.ask(request.map(|request| request.with_json(Value::Map(body).to_json()))).await?;
        let token = answer.get("auth").and_then(|auth| auth.get("client_token")).and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| "the answer holds no token".to_owned())
    }

    async fn ask(&self, request: Result<Request, String>) -> Result<Value, String> {
        let mut request = request?.with_value("x-vault-request", "true")?;
        if let Some(token) = &self.token {
            request = request.with_value("x-vault-token", token)?;
        }
        if let Some(namespace) = &self.namespace {
            request = request.with_value("x-vault-namespace", namespace)?;
        }
        let late = || format!("Vault did not answer within {} s", TIMEOUT.as_secs());
        let exchange = async {
            let response = self.client.send(request).await.map_err(|error| error.to_string())?;
            let status = response.status();
            let body = body(response, MAX_ANSWER).await.map_err(|error| error.to_string())?;
            Ok::<_, String>((status, body))
        };
        let (status, body) = tokio::time::timeout(TIMEOUT, exchange).await.map_err(|_| late())??;
        let text = String::from_utf8_lossy(&body);
        if !status.is_success() {
            return Err(format!("HTTP {}: {}", status.as_u16(), text.trim()));
        }
        parse_json(&text).map_err(|error| error.to_string())
    }
}

/// The client; the certificates of Vault's own variables go before those of the others.
fn client(environment: &Environment) -> HttpClient {
    let named = |name| environment.get(name).filter(|path| !path.is_empty());
    let own = named("VAULT_CACERT").or_else(|| named("VAULT_CAPATH")).map(Value::Text);
    let settings = HttpSettings::read(own.as_ref(), |name| environment.get(name));
    HttpClient { settings, limits: Limits { connect: Some(TIMEOUT), read: Some(TIMEOUT) }, retries: 0 }
}

/// The token of the environment, or else of the file in the home directory.
fn token(environment: &Environment) -> Option<String> {
    let of_file = || {
        let home = environment.get("HOME")?;
        let text = read_text_bounded(&Path::new(&home).join(".vault-token")).ok()?;
        Some(text.trim().to_owned())
    };
    environment
        .get("VAULT_TOKEN")
        .filter(|token| !token.is_empty())
        .or_else(of_file)
        .filter(|token| !token.is_empty())
}

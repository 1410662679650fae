//! Credentials from the program that a kubeconfig names (`user.exec`): it runs beside everything else, has a deadline,
//! and runs again when its credentials expire.

use super::bounds::Bounds;
use crate::{experiment::read_output, printing};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder},
    config::{AuthInfo, ExecConfig, ExecInteractiveMode},
};
use serde_json::{Value, json};
use std::{
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::AsyncRead,
    process::Command,
    sync::Mutex,
    time::{Instant, timeout},
};
use tower::BoxError;

/// How long the program may run: a login in a browser may be part of it.
const LIMIT: Duration = Duration::from_secs(120);
/// The maximum number of bytes that it may print.
const MOST: usize = 1 << 20;
/// The maximum number of characters of its own error message that are shown.
const SHOWN: usize = 300;
/// How long before their expiry credentials are replaced.
const EARLY: SignedDuration = SignedDuration::from_secs(10);
/// How long a failure answers all requests.
const FAILED: Duration = Duration::from_secs(5);

/// Why there are no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kubeconfig's credential plugin `{command}` {reason}")]
pub(crate) struct PluginError {
    command: String,
    reason: String,
}

/// Returns the program of a configuration without other credentials, which would be used instead.
pub(super) fn of(config: &Config) -> Option<&ExecConfig> {
    let user = &config.auth_info;
    let other = user.auth_provider.is_some()
        || (user.username.is_some() && user.password.is_some())
        || user.token.is_some()
        || user.token_file.is_some();
    user.exec.as_ref().filter(|_| !other)
}

/// Creates a client that runs the program before its first request. Must be called inside a tokio runtime.
pub(super) fn client(config: Config, exec: ExecConfig, server: &str) -> Client {
    let namespace = config.default_namespace.clone();
    let plugin = Arc::new(Plugin { config, exec, server: server.to_owned(), latest: Mutex::default() });
    let service = tower::service_fn(move |request: Request<Body>| {
        let plugin = plugin.clone();
        async move { Ok::<_, BoxError>(plugin.client().await?.send(request).await?) }
    });
    Client::new(service, namespace)
}

struct Plugin {
    config: Config,
    exec: ExecConfig,
    server: String,
    latest: Mutex<Option<Latest>>,
}

/// The latest result of the program.
enum Latest {
    Client { client: Client, expires: Option<Timestamp> },
    Failed { error: PluginError, at: Instant },
}

impl Plugin {
    /// Returns the client with valid credentials.
    async fn client(self: Arc<Self>) -> Result<Client, BoxError> {
        // The program goes on if this request is given up: the next one needs its credentials too.
        tokio::spawn(async move {
            let mut latest = self.latest.lock().await;
            match &*latest {
                Some(Latest::Client { client, expires }) if is_valid(*expires) => return Ok(client.clone()),
                Some(Latest::Failed { error, at }) if at.elapsed() < FAILED => {
                    return Err(error.clone().into());
                }
                _ => {}
            }
            match self.credentials().await {
                Ok(Credentials { user, expires }) => {
                    let mut config = self.config.clone();
                    config.auth_info = user;
                    let builder = ClientBuilder::try_from(config)?;
                    let client = builder.with_layer(&Bounds::new(&self.server)).build();
                    *latest = Some(Latest::Client { client: client.clone(), expires });
                    Ok(client)
                }
                Err(reason) => {
                    let command = self.exec.command.clone().unwrap_or_default();
                    let error = PluginError { command, reason };
                    *latest = Some(Latest::Failed { error: error.clone(), at: Instant::now() });
                    Err(error.into())
                }
            }
        })
        .await?
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        let printed = self.run().await?;
        let answer: Value =
            serde_saphyr::from_slice(&printed).map_err(|_| "printed no ExecCredential".to_owned())?;
        match &answer["status"] {
            status @ Value::Object(_) => credentials(status, &self.config.auth_info),
            _ => Err("printed no ExecCredential with a status".to_owned()),
        }
    }

    async fn run(&self) -> Result<Vec<u8>, String> {
        let exec = &self.exec;
        let interactive =
            exec.interactive_mode != Some(ExecInteractiveMode::Never) && printing::terminal_is_free();
        let mut spec = json!({ "interactive": interactive });
        if exec.provide_cluster_info {
            spec["cluster"] = json!(exec.cluster);
        }
        let about = json!({ "kind": "ExecCredential", "apiVersion": exec.api_version, "spec": spec });
        let (input, messages) =
            if interactive { (Stdio::inherit(), Stdio::inherit()) } else { (Stdio::null(), Stdio::piped()) };
        let variables =
            exec.env.iter().flatten().filter_map(|entry| entry.get("name").zip(entry.get("value")));
        let mut child = Command::new(exec.command.as_deref().unwrap_or_default())
            .args(exec.args.iter().flatten())
            .envs(variables)
            .env("KUBERNETES_EXEC_INFO", about.to_string())
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(messages)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let hint = exec.install_hint.as_deref().map(|hint| format!(". {hint}")).unwrap_or_default();
                format!("cannot be started: {error}{hint}")
            })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let ended = async {
            let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
            let status = child.wait().await.map_err(|error| error.to_string())?;
            Ok::<_, String>((stdout, stderr, status))
        };
        let late = || {
            format!(
                "did not end within {} s; if it wants a login, `kubectl get pods` asks for it",
                LIMIT.as_secs()
            )
        };
        let (stdout, stderr, status) = timeout(LIMIT, ended).await.map_err(|_| late())??;
        if status.success() { Ok(stdout) } else { Err(failure(status, &stderr)) }
    }
}

struct Credentials {
    user: AuthInfo,
    expires: Option<Timestamp>,
}

/// Reads the `status` of an `ExecCredential`.
fn credentials(status: &Value, user: &AuthInfo) -> Result<Credentials, String> {
    let text = |name: &str| status[name].as_str().filter(|text| !text.is_empty());
    let pem = |name: &str| text(name).map(|pem| STANDARD.encode(pem));
    let (certificate, key) = (pem("clientCertificateData"), pem("clientKeyData"));
    if text("token").is_none() && (certificate.is_none() || key.is_none()) {
        return Err("printed neither a token nor a certificate with its key".to_owned());
    }
    let expires = text("expirationTimestamp").map(str::parse).transpose();
    let expires = expires.map_err(|error| format!("printed an expiry that is no time: {error}"))?;
    let given: AuthInfo = serde_json::from_value(json!({
        "token": text("token"), "client-certificate-data": certificate, "client-key-data": key,
    }))
    .map_err(|_| "printed credentials that cannot be used".to_owned())?;
    let user = AuthInfo {
        exec: None,
        token: given.token,
        client_certificate_data: given.client_certificate_data,
        client_key_data: given.client_key_data,
        ..user.clone()
    };
    Ok(Credentials { user, expires })
}

fn is_valid(expires: Option<Timestamp>) -> bool {
    expires.is_none_or(|expires| expires.duration_since(Timestamp::now()) > EARLY)
}

async fn read(output: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, String> {
    read_output(output, MOST).await.ok_or_else(|| format!("printed more than {} MiB", MOST >> 20))
}

fn failure(status: ExitStatus, stderr: &[u8]) -> String {
    let said = String::from_utf8_lossy(stderr);
    let said: String = said.trim().chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if said.is_empty() { format!("failed with {status}") } else { format!("failed with {status}: {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::answer_text;

    /// The answer to a request with this program as the kubeconfig's plugin.
    async fn asked(script: &str) -> String {
        asked_in("Never", script).await
    }

    async fn asked_in(mode: &str, script: &str) -> String {
        let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
        config.auth_info = serde_json::from_value(json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
            "interactiveMode": mode}}))
        .unwrap();
        let exec = of(&config).unwrap().clone();
        let client = client(config, exec, "http://127.0.0.1:1");
        answer_text(&client.apiserver_version().await.unwrap_err())
    }

    const SAID: &str = "the kubeconfig's credential plugin `sh` ";

    #[tokio::test]
    async fn a_plugin_is_bounded_and_its_failure_is_a_sentence() {
        for (script, wanted) in [
            ("head -c 3000000000 /dev/zero", "printed more than 1 MiB"),
            ("echo log in first >&2; exit 3", "failed with exit status: 3: log in first"),
            ("echo hello", "printed no ExecCredential with a status"),
            (r#"echo '{"status": {}}'"#, "printed neither a token nor a certificate with its key"),
        ] {
            assert_eq!(asked(script).await, format!("{SAID}{wanted}"));
        }
        let answer = asked(r#"echo '{"status": {"token": "t"}}'"#).await;
        assert!(answer.contains("refused"), "the request is sent: {answer}");
    }

    #[tokio::test]
    async fn a_plugin_gets_no_terminal_that_a_screen_has() {
        printing::reserve_terminal();
        let said = asked_in("IfAvailable", "cat; echo enter the code AB12 >&2; exit 3").await;
        assert_eq!(said, format!("{SAID}failed with exit status: 3: enter the code AB12"));
        let told = asked_in("Always", "echo $KUBERNETES_EXEC_INFO >&2; exit 3").await;
        assert!(told.contains(r#""interactive":false"#), "{told}");
    }

    #[test]
    fn certificates_are_passed_on_and_expiry_is_respected() {
        let status = json!({"clientCertificateData": "cert", "clientKeyData": "key", "expirationTimestamp": "2020-01-01T00:00:00Z"});
        let found = credentials(&status, &AuthInfo::default()).unwrap();
        assert_eq!(found.user.client_certificate_data.as_deref(), Some("Y2VydA=="));
        assert!(!is_valid(found.expires) && is_valid(None));
    }
}

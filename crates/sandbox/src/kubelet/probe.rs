//! Liveness, readiness and startup probes.

use super::{exec, handle::ContainerHandle};
use crate::network::PodAddress;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

/// The first interval between readiness probes of a container that is not ready yet. Kubernetes also probes such a
/// container more often than its period, so that it becomes ready sooner.
const INITIAL_RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The kind of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeKind {
    /// The other probes wait until it succeeds; when it fails the container is restarted.
    Startup,
    /// While it succeeds the container receives traffic.
    Readiness,
    /// When it fails the container is restarted.
    Liveness,
}

impl ProbeKind {
    /// Returns the name used in events: `Readiness probe failed: …`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
}

/// One probe of a container.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    check: Check,
    initial_delay: Duration,
    period: Duration,
    timeout: Duration,
    successes: u64,
    failures: u64,
}

#[derive(Debug, Clone)]
enum Check {
    Http {
        host: String,
        port: u16,
        path: String,
        headers: Vec<(String, String)>,
    },
    Tcp {
        host: String,
        port: u16,
    },
    /// One of the sandbox's own commands.
    Exec {
        container: Arc<ContainerHandle>,
        command: Vec<String>,
    },
    /// A kind of check that the sandbox does not support; it always fails with this message.
    Unsupported(&'static str),
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProbeResult {
    pub purpose: ProbeKind,
    /// The error message for the event, when the check failed.
    pub failure: Option<String>,
    /// Whether the container is healthy according to the thresholds; `None` while they are not reached.
    pub verdict: Option<bool>,
}

impl Probe {
    /// Parses a probe; named ports are looked up in `container`.
    pub(super) fn read(
        probe: &Value,
        container: &Value,
        address: &PodAddress,
        handle: &Arc<ContainerHandle>,
    ) -> Option<Self> {
        if !probe.is_object() {
            return None;
        }
        let seconds = |key: &str, default: u64| Duration::from_secs(probe[key].as_u64().unwrap_or(default));
        let count = |key: &str, default: u64| probe[key].as_u64().unwrap_or(default).max(1);
        Some(Self {
            check: Check::read(probe, container, address, handle),
            initial_delay: seconds("initialDelaySeconds", 0),
            period: seconds("periodSeconds", 10).max(Duration::from_millis(100)),
            timeout: seconds("timeoutSeconds", 1).max(Duration::from_millis(100)),
            successes: count("successThreshold", 1),
            failures: count("failureThreshold", 3),
        })
    }

    /// Limits the initial delay to `longest`.
    pub(super) fn begins_within(self, longest: Duration) -> Self {
        Self { initial_delay: self.initial_delay.min(longest), ..self }
    }

    /// Runs the probe and sends its results, until the receiver is dropped or a startup probe has succeeded.
    pub(super) async fn run(self, purpose: ProbeKind, findings: mpsc::Sender<ProbeResult>) {
        sleep(self.initial_delay).await;
        let began = Instant::now();
        let mut streak = Streak::default();
        let mut healthy = purpose == ProbeKind::Liveness;
        let mut eager = INITIAL_RETRY_INTERVAL;
        loop {
            let failure = match timeout(self.timeout, self.check.perform()).await {
                Ok(result) => result.err(),
                Err(_) => Some(self.check.timeout_message()),
            };
            let verdict = streak.note(failure.is_none(), self.successes, self.failures);
            healthy = verdict.unwrap_or(healthy);
            let waking_up = !healthy && purpose != ProbeKind::Liveness && began.elapsed() < self.period;
            let finished = purpose == ProbeKind::Startup && verdict == Some(true);
            // A failure while the process is still starting is not reported.
            if !(waking_up && failure.is_some())
                && findings.send(ProbeResult { purpose, failure, verdict }).await.is_err()
            {
                return;
            }
            if finished {
                return;
            }
            let pause = if waking_up { eager.min(self.period) } else { self.period };
            eager = (eager * 2).min(self.period);
            sleep(pause).await;
        }
    }
}

/// The number of consecutive results of the same kind.
#[derive(Debug, Default)]
struct Streak {
    good: bool,
    length: u64,
}

impl Streak {
    fn note(&mut self, good: bool, successes: u64, failures: u64) -> Option<bool> {
        self.length = if self.good == good { self.length + 1 } else { 1 };
        self.good = good;
        let threshold = if good { successes } else { failures };
        (self.length >= threshold).then_some(good)
    }
}

impl Check {
    fn read(probe: &Value, container: &Value, address: &PodAddress, handle: &Arc<ContainerHandle>) -> Self {
        let place = |spec: &Value| {
            let port = port(&spec["port"], container)?;
            match spec["host"].as_str().filter(|host| !host.is_empty()) {
                Some(host) => Some((host.to_owned(), port)),
                None => Some((address.ip().to_string(), address.port(port))),
            }
        };
        if let Some(spec) = probe.get("httpGet").filter(|spec| spec.is_object()) {
            if spec["scheme"].as_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")) {
                return Self::Unsupported("the sandbox does not probe over https");
            }
            let Some((host, port)) = place(spec) else {
                return Self::Unsupported("couldn't find the probe's port in the container's ports");
            };
            let path = spec["path"].as_str().filter(|path| path.starts_with('/')).unwrap_or("/").to_owned();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let headers = spec["httpHeaders"].as_array().into_iter().flatten();
            let headers = headers.map(|header| (text(&header["name"]), text(&header["value"]))).collect();
            return Self::Http { host, port, path, headers };
        }
        if let Some(spec) = probe.get("tcpSocket").filter(|spec| spec.is_object()) {
            return match place(spec) {
                Some((host, port)) => Self::Tcp { host, port },
                None => Self::Unsupported("couldn't find the probe's port in the container's ports"),
            };
        }
        if let Some(command) = probe["exec"]["command"].as_array() {
            let words = command.iter().filter_map(Value::as_str).map(str::to_owned);
            return Self::Exec { container: Arc::clone(handle), command: words.collect() };
        }
        Self::Unsupported("the sandbox probes with httpGet, tcpSocket and exec only")
    }

    async fn perform(&self) -> Result<(), String> {
        match self {
            Self::Unsupported(why) => Err((*why).to_owned()),
            Self::Exec { container, command } => exec::check(container, command).await,
            Self::Tcp { host, port } => self.connect(host, *port).await.map(drop),
            Self::Http { host, port, path, headers } => {
                let stream = self.connect(host, *port).await?;
                let broken = |error: &dyn std::fmt::Display| format!("Get \"{}\": {error}", self.url());
                let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                    .await
                    .map_err(|error| broken(&error))?;
                let mut request = Request::get(path.as_str())
                    .header(header::USER_AGENT, "kube-probe/1.33")
                    .header(header::ACCEPT, "*/*")
                    .header(header::CONNECTION, "close");
                if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
                    request = request.header(header::HOST, format!("{host}:{port}"));
                }
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                let request = request.body(Empty::<Bytes>::new()).map_err(|error| broken(&error))?;
                let answer = async { sender.send_request(request).await };
                tokio::pin!(connection, answer);
                let answer = tokio::select! {
                    answer = &mut answer => answer,
                    _ = &mut connection => answer.await,
                };
                let status = answer.map_err(|error| broken(&error))?.status();
                if (200..400).contains(&status.as_u16()) {
                    Ok(())
                } else {
                    Err(format!("HTTP probe failed with statuscode: {}", status.as_u16()))
                }
            }
        }
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, String> {
        TcpStream::connect((host, port)).await.map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::ConnectionRefused => "connect: connection refused".to_owned(),
                _ => error.to_string(),
            };
            match self {
                Self::Http { .. } => format!("Get \"{}\": dial tcp {host}:{port}: {why}", self.url()),
                _ => format!("dial tcp {host}:{port}: {why}"),
            }
        })
    }

    fn timeout_message(&self) -> String {
        match self {
            Self::Tcp { host, port } => format!("dial tcp {host}:{port}: i/o timeout"),
            Self::Exec { command, .. } => format!("command timed out: {:?}", command.join(" ")),
            _ => format!(
                "Get \"{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                self.url()
            ),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Http { host, port, path, .. } => format!("http://{host}:{port}{path}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
            Self::Exec { .. } | Self::Unsupported(_) => String::new(),
        }
    }
}

fn port(port: &Value, container: &Value) -> Option<u16> {
    if let Some(number) = port.as_u64() {
        return u16::try_from(number).ok();
    }
    let name = port.as_str()?;
    name.parse().ok().or_else(|| {
        let mut ports = container["ports"].as_array()?.iter();
        u16::try_from(ports.find(|port| port["name"] == name)?["containerPort"].as_u64()?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Delays, Network};
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn container() -> Arc<ContainerHandle> {
        Arc::new(ContainerHandle::new().0)
    }

    async fn check(spec: Value) -> Result<(), String> {
        let network = Network::new(Delays::NONE);
        let address = network.allocate_address("1", &[]).unwrap();
        Probe::read(&spec, &json!({}), &address, &container()).unwrap().check.perform().await
    }

    async fn server(answer: &'static str) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let _ = client.read(&mut [0; 1024]).await;
                let _ = client.write_all(answer.as_bytes()).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn http_goes_by_the_status_code() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Ok(())),
            ("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n", Ok(())),
            (
                "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n",
                Err("HTTP probe failed with statuscode: 503".to_owned()),
            ),
        ] {
            let port = server(answer).await;
            let spec = json!({"httpGet": {"host": "127.0.0.1", "port": port, "path": "/health"}});
            assert_eq!(check(spec).await, expected);
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_told_in_the_kubelets_words() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let http = check(json!({"httpGet": {"host": "127.0.0.1", "port": port, "path": "/health"}})).await;
        let expected = format!(
            "Get \"http://127.0.0.1:{port}/health\": dial tcp 127.0.0.1:{port}: connect: connection refused"
        );
        assert_eq!(http, Err(expected));
        let tcp = check(json!({"tcpSocket": {"host": "127.0.0.1", "port": port}})).await;
        assert_eq!(tcp, Err(format!("dial tcp 127.0.0.1:{port}: connect: connection refused")));
        let grpc = check(json!({"grpc": {"port": 9}})).await.unwrap_err();
        assert!(grpc.contains("httpGet, tcpSocket and exec"), "{grpc}");
    }

    #[tokio::test]
    async fn a_command_goes_by_its_exit_code() {
        for (command, expected) in [
            (json!(["true"]), Ok(())),
            (json!(["sh", "-c", "echo not yet; exit 1"]), Err("not yet".to_owned())),
            (json!(["false"]), Err("command terminated with exit code 1".to_owned())),
        ] {
            assert_eq!(check(json!({"exec": {"command": command}})).await, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_for_as_long_as_somebody_listens() {
        let address = Network::new(Delays::NONE).allocate_address("1", &[]).unwrap();
        // This check needs no network: only the intervals matter here.
        let spec = json!({"exec": {"command": ["true"]}, "periodSeconds": 1});
        let probe = Probe::read(&spec, &json!({}), &address, &container()).unwrap();
        let (findings, mut found) = mpsc::channel(1);
        tokio::spawn(probe.run(ProbeKind::Liveness, findings));
        for round in 0..1000 {
            assert!(found.recv().await.is_some(), "it ended after {round} rounds");
        }
    }

    #[test]
    fn a_port_may_be_a_name() {
        let container = json!({"ports": [{"name": "http", "containerPort": 8080}]});
        for (value, expected) in
            [(json!(80), Some(80)), (json!("81"), Some(81)), (json!("http"), Some(8080)), (json!("no"), None)]
        {
            assert_eq!(port(&value, &container), expected, "{value}");
        }
    }

    #[test]
    fn thresholds_count_results_in_a_row() {
        let mut streak = Streak::default();
        let verdicts: Vec<_> =
            [true, false, false, true, false, false, false].map(|good| streak.note(good, 1, 3)).into();
        assert_eq!(verdicts, [Some(true), None, None, Some(true), None, None, Some(false)]);
    }
}

//! The embedded cluster as a child process, known only by the announcement it prints.

use crate::{
    experiment::Environment,
    session::{EventKind, event::Level, stream::Emitter},
};
use pyvalue::{Map, Value, parse_json};
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, ChildStdin, Command},
    task::JoinHandle,
    time::timeout,
};

/// Timeout until the sandbox is ready; usually it takes two seconds.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// Timeout for the sandbox to stop its pods and exit.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The variables that the sandbox needs: the folder for its kubeconfig, and how its errors are reported.
const NEEDED: [&str; 2] = ["TMPDIR", "RUST_BACKTRACE"];
/// Maximum size of the announcement, in bytes.
const ANNOUNCEMENT: u64 = 1 << 20;
/// Maximum size of a line of its log, in bytes; a longer line is split.
const LINE: u64 = 64 << 10;

/// Why the sandbox could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    /// The process could not be started.
    #[error("cannot start the sandbox: {0}")]
    NotStarted(#[from] std::io::Error),
    /// The sandbox exited before it was ready; its output is in the log.
    #[error("the sandbox ended before it was ready; what it said is in the lines above")]
    Ended,
    /// The sandbox was not ready in time.
    #[error("the sandbox was not ready after {} s; `chaos-tui sandbox` alone shows what it is doing", READY_TIMEOUT.as_secs())]
    Timeout,
    /// The announcement could not be parsed.
    #[error("the sandbox announced something that is not understood: {0}")]
    Unreadable(String),
}

/// A running sandbox. Dropping it closes its standard input, which ends the process; [`SandboxChild::end`] also waits
/// for the exit.
#[derive(Debug)]
pub(crate) struct SandboxChild {
    child: Child,
    /// The sandbox exits when this closes, so it never outlives this process.
    stdin: ChildStdin,
    log_task: JoinHandle<()>,
    /// The announcement of the sandbox.
    pub announcement: Announcement,
}

/// The addresses of a sandbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Announcement {
    /// Path of the kubeconfig.
    pub kubeconfig: PathBuf,
    /// Context of the kubeconfig.
    pub context: String,
    /// Base URL of the consumer.
    pub consumer_url: String,
    /// Base URL of the provider.
    pub provider_url: String,
    /// Base URL of the Gremlin API.
    pub gremlin_url: String,
    /// Environment variables that an experiment needs to use the sandbox.
    pub environment: Vec<(String, String)>,
}

impl SandboxChild {
    /// Starts this program's `sandbox` command with a variant of the sample and waits until it is ready. Its standard
    /// error goes to the log.
    pub(crate) async fn start(variant: &str, emitter: &Emitter) -> Result<Self, SandboxError> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sandbox", "--variant", variant, "--announce", "json"]);
        Self::start_as(command, emitter).await
    }

    async fn start_as(mut command: Command, emitter: &Emitter) -> Result<Self, SandboxError> {
        // It has the secrets of the run's environment from nobody, and its pods neither.
        command.env_clear().envs(NEEDED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        // Its own process group: Ctrl-C must not reach the sandbox, because rollbacks may still need the cluster.
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.process_group(0).spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(SandboxError::Ended);
        };
        let talk = tokio::spawn(log_lines(stderr, emitter.clone()));
        let mut lines = BufReader::new(stdout.take(ANNOUNCEMENT)).lines();
        let line = match timeout(READY_TIMEOUT, lines.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(_) => {
                // Its output is logged before the error that refers to it.
                let _ = timeout(STOP_TIMEOUT, talk).await;
                return Err(SandboxError::Ended);
            }
            Err(_) => return Err(SandboxError::Timeout),
        };
        let announcement = Announcement::read(&line).ok_or(SandboxError::Unreadable(line))?;
        Ok(Self { child, stdin, log_task: talk, announcement })
    }

    /// Asks the sandbox to stop its pods and exit; kills it after a timeout.
    pub(crate) async fn end(self) {
        let Self { mut child, stdin, log_task: talk, .. } = self;
        drop(stdin);
        if timeout(STOP_TIMEOUT, child.wait()).await.is_err() {
            // If even the kill fails, there is nothing left to do.
            let _ = child.kill().await;
        }
        talk.abort();
    }
}

impl Announcement {
    fn read(line: &str) -> Option<Self> {
        let announced = parse_json(line).ok()?;
        let text = |key| announced.get(key).and_then(Value::as_str).map(str::to_owned);
        let variables = announced.get("environment").and_then(Value::as_map).cloned().unwrap_or_default();
        Some(Self {
            kubeconfig: text("kubeconfig")?.into(),
            context: text("context")?,
            consumer_url: text("consumer_url").unwrap_or_default(),
            provider_url: text("provider_url").unwrap_or_default(),
            gremlin_url: text("gremlin_url").unwrap_or_default(),
            environment: texts(&variables),
        })
    }

    /// Sets the variables of the sandbox in an environment. Its servers are on this machine, where no proxy reaches them.
    pub(crate) fn apply(&self, environment: &mut Environment) {
        for (name, value) in &self.environment {
            environment.set(name, value);
        }
        let listed = ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| environment.get(name));
        let listed = listed.map(|list| list.trim().to_owned()).filter(|list| !list.is_empty());
        // A `*` counts only if it is alone.
        let list = match listed {
            Some(list) if list == "*" => list,
            Some(list) => format!("{list},127.0.0.1"),
            None => "127.0.0.1".to_owned(),
        };
        environment.set("no_proxy", &list);
        environment.set("NO_PROXY", &list);
    }
}

fn texts(map: &Map) -> Vec<(String, String)> {
    let pairs = map.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    pairs.collect()
}

/// Logs every line that the sandbox writes to standard error.
async fn log_lines(stderr: impl AsyncRead + Unpin, emitter: Emitter) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while (&mut stderr).take(LINE).read_until(b'\n', &mut line).await.is_ok_and(|length| length > 0) {
        let message = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
        emitter.emit(EventKind::Logged { level: Level::Debug, target: "sandbox".to_owned(), message }).await;
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{NEEDED, SandboxChild, SandboxError};
    use crate::{
        experiment::Environment,
        session::{EventKind, clock::Clock, stream},
    };
    use tokio::process::Command;

    fn sandbox(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn it_announces_itself_and_ends_when_its_input_closes() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let script = format!(
            r#"echo '{{"kubeconfig": "/k", "context": "sandbox", "environment": {{"A": "1"}}}}'
            cat >/dev/null; touch {}"#,
            gone.display()
        );
        let (emitter, _stream) = stream::stream(Clock::system());
        let child = SandboxChild::start_as(sandbox(&script), &emitter).await.unwrap();
        let mut environment = Environment::default();
        child.announcement.apply(&mut environment);
        assert_eq!(environment.get("A").as_deref(), Some("1"));
        assert_eq!(environment.get("no_proxy").as_deref(), Some("127.0.0.1"));
        for (list, expected) in [("*", "*"), ("a, b", "a, b,127.0.0.1")] {
            let mut environment = Environment::of([("NO_PROXY", list)]);
            child.announcement.apply(&mut environment);
            assert_eq!(environment.get("NO_PROXY").as_deref(), Some(expected));
            assert_eq!(environment.get("no_proxy").as_deref(), Some(expected));
        }
        assert_eq!(child.announcement.context, "sandbox");
        assert!(!gone.exists());
        child.end().await;
        assert!(gone.exists());
    }

    #[tokio::test]
    async fn it_gets_nothing_of_the_environment_that_it_does_not_need() {
        let (emitter, mut stream) = stream::stream(Clock::system());
        // `PATH`, `PWD`, `SHLVL` and `_` are the shell's own.
        let ended = SandboxChild::start_as(sandbox("env >&2; exit 3"), &emitter).await;
        assert!(matches!(ended, Err(SandboxError::Ended)));
        let known = [&NEEDED[..], &["PATH", "PWD", "OLDPWD", "SHLVL", "_"]].concat();
        while let Some(event) = stream.try_next() {
            let EventKind::Logged { message, .. } = event.what else { panic!("{event:?}") };
            let (name, _) = message.split_once('=').unwrap();
            assert!(known.contains(&name), "{message}");
        }
        let more = std::env::vars().any(|(name, _)| !known.contains(&name.as_str()));
        assert!(more, "the test itself has more");
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told() {
        let (emitter, mut stream) = stream::stream(Clock::system());
        let ended = SandboxChild::start_as(sandbox("echo 'port in use' >&2; exit 3"), &emitter).await;
        assert!(matches!(ended, Err(SandboxError::Ended)));
        assert!(format!("{:?}", stream.try_next()).contains("port in use"));
        let unreadable = SandboxChild::start_as(sandbox("echo hello"), &emitter).await;
        assert!(matches!(unreadable, Err(SandboxError::Unreadable(line)) if line == "hello"));
        let missing = SandboxChild::start_as(Command::new("/no/such/program"), &emitter).await;
        assert!(matches!(missing, Err(SandboxError::NotStarted(_))));
    }
}

//! A bridge to a real Python with one test module, `ext`.

use chaos_tui::{
    experiment::{Activity, Environment, Secrets},
    provider::{
        Bridge, Call, Outcome,
        python::{Interpreter, LazyInterpreter, PythonBridge, PythonEvent, PythonSettings},
    },
    session::event::Level,
};
use futures_util::FutureExt;
use pyvalue::{Map, Value, parse_json};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

/// Generous: the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(30);

/// The interpreter of `--python`, else `python3`.
pub(super) fn interpreter(option: Option<PathBuf>) -> LazyInterpreter {
    Arc::new(LazyLock::new(Box::new(move || Interpreter::choose(option.as_deref(), None, []))))
}

/// The end of messages about modules that cannot be imported.
pub(super) const ASKED: &str =
    "; the Python asked was 'python3' (found through PATH; --python PATH names another one)";

pub(super) struct Stage {
    pub bridge: PythonBridge,
    pub folder: TempDir,
    heard: Arc<(Mutex<Vec<PythonEvent>>, Notify)>,
    activity: Activity,
    configuration: Map,
    secrets: Secrets,
}

impl Stage {
    /// Creates a bridge to `python3` with this source as module `ext`.
    pub(super) fn new(source: &str) -> Self {
        Self::with(source, |_| ())
    }

    /// Like [`Self::new`], with changed settings.
    pub(super) fn with(source: &str, change: impl FnOnce(&mut PythonSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ext.py"), source).unwrap();
        let mut environment = Environment::of_process();
        environment.set("PYTHONPATH", folder.path());
        environment.set("PYTHONDONTWRITEBYTECODE", "1");
        let heard = Arc::new((Mutex::default(), Notify::new()));
        let listener = {
            let heard: Arc<(Mutex<Vec<PythonEvent>>, Notify)> = heard.clone();
            Arc::new(move |said| {
                heard.0.lock().unwrap().push(said);
                heard.1.notify_waiters();
                async {}.boxed()
            })
        };
        let mut settings = PythonSettings {
            interpreter: interpreter(None),
            environment: environment.into(),
            cluster: None,
            settings: Map::default().into(),
            level: Level::Debug,
            listener,
        };
        change(&mut settings);
        let bridge = PythonBridge::new(settings);
        let activity = activity();
        Self { bridge, folder, heard, activity, configuration: Map::default(), secrets: Secrets::default() }
    }

    /// Calls `ext.<func>` in the foreground with the arguments of a JSON text.
    pub(super) async fn call(&self, func: &str, arguments: &str) -> Outcome {
        self.call_until(func, arguments, true, &CancellationToken::new()).await
    }

    /// Returns the result of a call that must succeed, as JSON.
    pub(super) async fn result(&self, func: &str, arguments: &str) -> String {
        match self.call(func, arguments).await {
            Outcome::Done(value) => value.to_json(),
            other => panic!("{func}: {other:?}"),
        }
    }

    /// Returns the message of a call that must fail.
    pub(super) async fn failure(&self, func: &str) -> String {
        match self.call(func, "{}").await {
            Outcome::Failed { message, .. } => message,
            other => panic!("{func}: {other:?}"),
        }
    }

    /// Calls a function with a cancellation token.
    pub(super) async fn call_until(
        &self,
        func: &str,
        arguments: &str,
        foreground: bool,
        cancel: &CancellationToken,
    ) -> Outcome {
        let Value::Map(arguments) = parse_json(arguments).unwrap() else { panic!("a mapping") };
        let call = Call {
            activity: &self.activity,
            configuration: &self.configuration,
            secrets: &self.secrets,
            cancel: cancel.clone(),
            progress: &|_| (),
            report_configuration: &|_| {},
            report_refusal: &|_| {},
            report_command: &|_| {},
            foreground,
        };
        timeout(DEADLINE, self.bridge.call("ext", func, arguments, &call)).await.expect("the call ends")
    }

    /// Waits for a matching event.
    pub(super) async fn until(&self, what: impl Fn(&PythonEvent) -> bool) -> PythonEvent {
        let said = async {
            loop {
                let mut more = std::pin::pin!(self.heard.1.notified());
                more.as_mut().enable();
                if let Some(said) = self.heard().into_iter().find(&what) {
                    return said;
                }
                more.await;
            }
        };
        timeout(DEADLINE, said).await.unwrap_or_else(|_| panic!("only heard {:?}", self.heard()))
    }

    /// Waits for a log record that starts with a text. Returns the rest of the record.
    pub(super) async fn until_logged(&self, start: &str) -> String {
        let logged = |said: &PythonEvent| match said {
            PythonEvent::Logged { message, .. } => message.strip_prefix(start).map(str::to_owned),
            _ => None,
        };
        logged(&self.until(|said| logged(said).is_some()).await).unwrap()
    }

    /// Returns all events received so far.
    pub(super) fn heard(&self) -> Vec<PythonEvent> {
        self.heard.0.lock().unwrap().clone()
    }

    /// Clears the received events.
    pub(super) fn forget(&self) {
        self.heard.0.lock().unwrap().clear();
    }
}

fn activity() -> Activity {
    let text =
        r#"{"type": "probe", "name": "p", "provider": {"type": "python", "module": "ext", "func": "f"}}"#;
    let Value::Map(declared) = parse_json(text).unwrap() else { panic!("a mapping") };
    Activity::declared(&declared, "$.method[0]").unwrap()
}

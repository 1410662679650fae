//! `chaos-tui sandbox`: runs only the embedded cluster, for `kubectl`, `chaos` and other tools.

mod announcement;

use super::prepare::Refusal;
use crate::{
    cluster::PrivateFolder,
    printing::{self, Printed},
};
use announcement::Announcement;
use chaos_sandbox::{
    Cluster, Settings, StartError, Variant,
    authorization::{Policy, PolicyError},
    kubelet::StartDelays,
    network::Delays,
};
use clap::ValueEnum;
use color_eyre::eyre::Result;
use std::{io::Read, path::PathBuf, process::ExitCode, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

/// Arguments of `sandbox`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Consumer to deploy: before (no circuit breaker), after (circuit breaker and fallback) or trap (as after, but its
    /// liveness probe fails while the breaker is open)
    #[arg(long, default_value_t)]
    pub variant: Variant,
    /// Format of the announcement that the sandbox is ready; with json the sandbox also ends when its standard input
    /// closes
    #[arg(long, value_enum, default_value_t)]
    pub announce: Announce,
    /// Seconds that a container takes to start once the sandbox is ready [default: as in its manifest: provider 22,
    /// consumer 3]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub start_delay: Option<Duration>,
    /// Seconds until the network notices that a pod is gone; until then its traffic is dropped [default: 6]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub propagation: Option<Duration>,
    /// Port of the Kubernetes API; 0 for any free port
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Read service accounts, Roles and bindings from this file, as `chaos-tui rbac` prints them; each service account
    /// gets a context in the kubeconfig and may do only what they say
    #[arg(long, value_name = "FILE")]
    pub rbac: Option<PathBuf>,
}

/// The formats of the announcement that the sandbox is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Announce {
    /// Text for people.
    #[default]
    Text,
    /// One line of JSON for programs.
    Json,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a valid number of seconds".to_owned())
}

/// Why the sandbox failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The file of `--rbac` cannot be used.
    #[error("--rbac: {0}")]
    Policy(#[from] PolicyError),
    /// The cluster or the sample could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The kubeconfig cannot be written.
    #[error("cannot write the kubeconfig in {folder}: {source}; set TMPDIR to a folder that can be written")]
    Kubeconfig {
        /// The folder.
        folder: std::path::PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// The runtime or the signal handlers could not be created.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

impl Arguments {
    fn settings(&self) -> Result<Settings, PolicyError> {
        let mut settings = Settings { port: self.port, ..Settings::new() };
        if let Some(delay) = self.start_delay {
            settings.start = StartDelays::Within(delay);
        }
        if let Some(removal) = self.propagation {
            settings.propagation = Delays { removal, addition: settings.propagation.addition.min(removal) };
        }
        if let Some(path) = &self.rbac {
            settings.policy = Policy::read(path)?;
        }
        Ok(settings)
    }
}

/// Runs the sandbox until it is asked to end. If it cannot start, it leaves nothing running and exits with 2. Creates
/// its own runtime, so it must not be called inside one.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // Logs go to standard error, because standard output is for the announcement. Fails if a subscriber is already set.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(printing::stderr)
        .with_ansi(false)
        .without_time()
        .try_init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let ended = runtime.map_err(Failure::System).and_then(|runtime| runtime.block_on(serve(arguments)));
    ended.map_err(|failure| Refusal::usage(format!("chaos-tui sandbox: {failure}")))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: &Arguments) -> Result<(), Failure> {
    let mut end = StopTriggers::listen(arguments.announce == Announce::Json)?;
    let settings = arguments.settings()?;
    let cluster = tokio::select! {
        cluster = Cluster::start(&settings) => cluster?,
        () = end.requested() => return Ok(()),
    };
    let ended = deploy_and_wait(arguments, &settings, &cluster, &mut end).await;
    cluster.stop().await;
    ended
}

/// Deploys the sample, prints the announcement, and waits for the request to end.
async fn deploy_and_wait(
    arguments: &Arguments,
    settings: &Settings,
    cluster: &Cluster,
    end: &mut StopTriggers,
) -> Result<(), Failure> {
    let replaced = tokio::select! {
        replaced = cluster.apply_sample(arguments.variant) => replaced?,
        () = end.requested() => return Ok(()),
    };
    let folder =
        PrivateFolder::create().map_err(|(folder, source)| Failure::Kubeconfig { folder, source })?;
    let kubeconfig = folder
        .write("kubeconfig", cluster.kubeconfig())
        .map_err(|source| Failure::Kubeconfig { folder: folder.path().to_owned(), source })?;
    let announcement = Announcement::of(cluster, &kubeconfig);
    let text = match arguments.announce {
        Announce::Json => Printed::json(&announcement.json().to_string()),
        Announce::Text => announcement.as_text(arguments.variant, settings, &replaced).into(),
    };
    // The sandbox keeps running even if nothing reads its standard output.
    printing::out(text);
    end.requested().await;
    Ok(())
}

/// The signals and the end of standard input that ask the sandbox to end.
struct StopTriggers {
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    hang_up: Signal,
    stdin_closed: Option<oneshot::Receiver<()>>,
}

impl StopTriggers {
    fn listen(to_stdin: bool) -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            stdin_closed: if to_stdin { Some(watch_stdin()?) } else { None },
        })
    }

    /// Waits until one of the triggers fires.
    async fn requested(&mut self) {
        let stdin_closed = async {
            match &mut self.stdin_closed {
                Some(closed) => drop(closed.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            () = stdin_closed => {}
        }
    }
}

/// Reads standard input to its end on a separate thread, because a runtime would wait for the read when it shuts down.
fn watch_stdin() -> std::io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut rest = [0; 256];
        while matches!(std::io::stdin().read(&mut rest), Ok(1..)) {}
        // Fails if the sandbox has already ended.
        let _ = sender.send(());
    })?;
    Ok(receiver)
}

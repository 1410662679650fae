//! `chaos-tui sandbox`: only the embedded cluster, for `kubectl`, `chaos` and curious people.

mod announcement;

use super::prepare::Refusal;
use crate::cluster::PrivateFolder;
use announcement::Announcement;
use chaos_sandbox::{Cluster, Settings, StartError, Variant, kubelet::StartDelays, network::Delays};
use clap::ValueEnum;
use color_eyre::eyre::Result;
use std::{
    io::{Read, Write},
    process::ExitCode,
    time::Duration,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which consumer to deploy: before (naive), after (circuit breaker and fallback) or trap (the same, and its liveness
    /// probe fails while the breaker is open)
    #[arg(long, default_value_t)]
    pub variant: Variant,
    /// How to tell that it is ready: words for people, or one line of JSON for programs. With json the sandbox also
    /// ends when its standard input closes
    #[arg(long, value_enum, default_value_t)]
    pub announce: Announce,
    /// Seconds that a container takes to start once the sandbox is ready [default: what its manifest says: provider 22,
    /// consumer 3]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub start_delay: Option<Duration>,
    /// Seconds until the network notices that a pod is gone; until then its traffic is swallowed [default: 6]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub propagation: Option<Duration>,
    /// Port of the Kubernetes API; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}

/// How to tell that the sandbox is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Announce {
    /// Words for people.
    #[default]
    Text,
    /// One line of JSON, then nothing more.
    Json,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a number of seconds that can be waited".to_owned())
}

/// Why the sandbox ended before its time.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// It did not come up.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The kubeconfig cannot be written.
    #[error("cannot write the kubeconfig in {folder}: {source}; set TMPDIR to a folder that can be written")]
    Kubeconfig {
        /// Where.
        folder: std::path::PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// No runtime, no signals.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

impl Arguments {
    fn settings(&self) -> Settings {
        let mut settings = Settings { port: self.port, ..Settings::new() };
        if let Some(delay) = self.start_delay {
            settings.start = StartDelays::Within(delay);
        }
        if let Some(removal) = self.propagation {
            settings.propagation = Delays { removal, addition: settings.propagation.addition.min(removal) };
        }
        settings
    }
}

/// Runs the sandbox until it is told to end. When it cannot come up it says why, leaves nothing running and exits
/// with 2. Makes its own runtime: not to be called inside one.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // Standard output belongs to the announcement. Whoever embeds this may have a subscriber of their own.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
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
    let settings = arguments.settings();
    let cluster = tokio::select! {
        cluster = Cluster::start(&settings) => cluster?,
        () = end.asked() => return Ok(()),
    };
    let ended = play(arguments, &settings, &cluster, &mut end).await;
    cluster.stop().await;
    ended
}

/// Brings up the sample, says so, and waits for the end.
async fn play(
    arguments: &Arguments,
    settings: &Settings,
    cluster: &Cluster,
    end: &mut StopTriggers,
) -> Result<(), Failure> {
    let replaced = tokio::select! {
        replaced = cluster.apply_sample(arguments.variant) => replaced?,
        () = end.asked() => return Ok(()),
    };
    let folder =
        PrivateFolder::create().map_err(|(folder, source)| Failure::Kubeconfig { folder, source })?;
    let kubeconfig = folder
        .write("kubeconfig", cluster.kubeconfig())
        .map_err(|source| Failure::Kubeconfig { folder: folder.path().to_owned(), source })?;
    let announcement = Announcement::of(cluster, &kubeconfig);
    let text = match arguments.announce {
        Announce::Json => announcement.json().to_string(),
        Announce::Text => announcement.words(arguments.variant, settings, &replaced),
    };
    // Whoever started us may not read it: that is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "{text}");
    end.asked().await;
    Ok(())
}

/// The ways in which the sandbox is asked to end.
struct StopTriggers {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    stdin_closed: Option<oneshot::Receiver<()>>,
}

impl StopTriggers {
    fn listen(to_stdin: bool) -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            stdin_closed: if to_stdin { Some(watch_stdin()?) } else { None },
        })
    }

    async fn asked(&mut self) {
        let stdin_closed = async {
            match &mut self.stdin_closed {
                Some(closed) => drop(closed.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            () = stdin_closed => {}
        }
    }
}

/// Reads standard input to its end on a thread of its own: a runtime would wait for such a read when it ends.
fn watch_stdin() -> std::io::Result<oneshot::Receiver<()>> {
    let (closed, heard) = oneshot::channel();
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut rest = [0; 256];
        while matches!(std::io::stdin().read(&mut rest), Ok(1..)) {}
        // Nobody hears it when the sandbox ends anyway.
        let _ = closed.send(());
    })?;
    Ok(heard)
}

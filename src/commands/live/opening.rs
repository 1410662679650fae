//! Opens the session on a thread of its own: neither a cluster that does not answer nor a program that hangs holds up the screen.

use super::{
    BUG,
    arguments::{Arguments, PanicIn},
    session::Guide,
};
use crate::{
    commands::{
        GlobalArgs, RunArgs,
        prepare::{ChildProcesses, PrepareContext, Refusal, prepare},
    },
    engine::{PreparedRun, RunningSession, SessionHost, SessionSettings, session_cluster},
    provider::python::PrintTarget,
    runner::{Pacing, Signal},
    session::{Command, EventKind, command::OpenCommand},
};
use std::{mem::take, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long it is waited for an opening that was given up: it may be in the midst of what cannot be interrupted.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// What it takes to open a session.
pub(super) struct Plan {
    pub global: GlobalArgs,
    pub arguments: Arguments,
    pub settings: SessionSettings,
    pub host: Arc<SessionHost>,
    /// Speaks to the audience while the session goes on.
    pub guide: Option<Guide>,
    /// Takes Python's wish to end the run; before there is a screen, also the signals that end the process.
    pub signals: (mpsc::Sender<Signal>, mpsc::Receiver<Signal>),
    /// The operator's orders.
    pub orders: mpsc::Receiver<Command>,
}

/// What came of it, and what has to be ended after it.
type Opened = (Result<RunningSession, Refusal>, ChildProcesses);

/// A session that is being opened, or was.
pub(super) struct Opening {
    /// None once it has told.
    outcome: Option<oneshot::Receiver<Opened>>,
    stop: CancellationToken,
    helpers: ChildProcesses,
    /// Lets the thread end. The system kills Python when the thread ends that has started it.
    _over: DropGuard,
}

impl Opening {
    /// Begins to open it.
    pub(super) fn begin(plan: Plan) -> Self {
        let stop = CancellationToken::new();
        let (over, (tell, outcome)) = (CancellationToken::new(), oneshot::channel());
        let (runtime, stopped, ended) = (Handle::current(), stop.clone(), over.clone());
        tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                // Nobody hears it only where it was given up and took too long.
                let _ = tell.send(open(plan, stopped).await);
                ended.cancelled().await;
            });
        });
        Self { outcome: Some(outcome), stop, helpers: ChildProcesses::default(), _over: over.drop_guard() }
    }

    /// The session once it is open. Safe to drop and call again, until it has given a result.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn opened(&mut self) -> Result<RunningSession, Refusal> {
        let Some(outcome) = &mut self.outcome else { return Err(ended_before()) };
        let opened = outcome.await;
        self.outcome = None;
        match opened {
            Ok((result, helpers)) => {
                self.helpers = helpers;
                result
            }
            // What a panic of it said, the hook has kept.
            Err(_) => {
                Err(Refusal { message: "the session could not be opened".to_owned(), code: BUG, said: None })
            }
        }
    }

    /// Gives it up. The session all the same where it has just been opened: it has to be ended then.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) async fn give_up(&mut self) -> Result<RunningSession, Refusal> {
        self.stop.cancel();
        tokio::time::timeout(GIVEN_UP, self.opened()).await.unwrap_or_else(|_| Err(ended_before()))
    }

    /// Ends what was started for the session.
    pub(super) async fn end(self) {
        self.helpers.end().await;
    }
}

/// Opens the session and begins to play it, unless it is stopped before.
async fn open(mut plan: Plan, stop: CancellationToken) -> (Result<RunningSession, Refusal>, ChildProcesses) {
    let mut helpers = ChildProcesses::default();
    let opened = tokio::select! {
        opened = prepared(&mut plan, &mut helpers) => opened,
        () = stop.cancelled() => Err(ended_before()),
    };
    let opened = match opened {
        Ok(prepared) => begun(plan, prepared, stop).await,
        Err(refusal) => Err(refusal),
    };
    (opened, helpers)
}

/// Prepares; where an experiment is about a cluster and there is none, offers the sandbox.
async fn prepared(plan: &mut Plan, helpers: &mut ChildProcesses) -> Result<PreparedRun, Refusal> {
    let mut playing = plan.arguments.playing.clone();
    loop {
        let prepared = prepare_once(plan, &playing, helpers).await?;
        let PreparedRun { request, providers, .. } = &prepared;
        if playing.sandbox.is_some() || !session_cluster::is_missing(request, providers).await {
            return Ok(prepared);
        }
        plan.host.emitter.emit(EventKind::SandboxOffered).await;
        match decision(&mut plan.orders, &mut plan.signals.1).await? {
            OpenCommand::WithoutCluster => return Ok(prepared),
            OpenCommand::StartSandbox(variant) => {
                playing.sandbox = Some(variant);
                take(helpers).end().await;
            }
        }
    }
}

/// What the operator decides where there is no cluster.
async fn decision(
    orders: &mut mpsc::Receiver<Command>,
    signals: &mut mpsc::Receiver<Signal>,
) -> Result<OpenCommand, Refusal> {
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Command::Open(decided)) => return Ok(decided),
                // What else can be ordered by now only looks around.
                Some(_) => {}
                None => return Err(ended_before()),
            },
            Some(_) = signals.recv() => return Err(ended_before()),
        }
    }
}

async fn prepare_once(
    plan: &mut Plan,
    playing: &RunArgs,
    helpers: &mut ChildProcesses,
) -> Result<PreparedRun, Refusal> {
    let company = PrepareContext {
        emitter: &plan.host.emitter,
        signals: plan.signals.0.clone(),
        prints: PrintTarget::Listener,
        pace: Pacing::Step,
        notifies: false,
    };
    let settings = plan.global.settings.as_ref();
    let preparing = prepare(&plan.arguments.source, playing, settings, company, helpers);
    tokio::select! {
        prepared = preparing => prepared,
        Some(_) = plan.signals.1.recv() => Err(ended_before()),
    }
}

/// Observers and runner.
async fn begun(
    plan: Plan,
    prepared: PreparedRun,
    stop: CancellationToken,
) -> Result<RunningSession, Refusal> {
    let Plan { arguments, settings, host, guide, signals: (_, mut signals), orders, .. } = plan;
    let mut open = tokio::select! {
        open = host.open(&settings, prepared) => open,
        Some(_) = signals.recv() => return Err(ended_before()),
        () = stop.cancelled() => return Err(ended_before()),
    };
    if let Some(guide) = guide {
        open.spawn(guide(&host));
    }
    if arguments.panic_for_test == Some(PanicIn::Task) {
        open.spawn(super::screen::panic_for_test());
    }
    Ok(if arguments.watching.read_only { open.look_only(orders).await } else { open.play(signals, orders) })
}

/// Somebody ended the session before there was one to see.
pub(super) fn ended_before() -> Refusal {
    Refusal::invalid("Aborted!")
}

//! Opens the session on a separate thread, so that an unresponsive cluster or a hanging program does not block the
//! screen.

use super::{
    BUG,
    arguments::{Arguments, PanicIn},
    session::Guide,
};
use crate::{
    commands::{
        GlobalArgs, RunArgs,
        prepare::{ChildProcesses, PrepareContext, Refusal, prepare},
        record::sessions_folder,
        recover::{earlier_sessions, recover_all},
    },
    engine::{
        PendingSession, PreparedRun, PrintTarget, RunningSession, SessionHost, SessionSettings,
        session_cluster,
    },
    runner::{Pacing, Signal},
    session::{Command, EventKind, command::OpenCommand, event::Level},
};
use std::{mem::take, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};
use tokio_util::sync::CancellationToken;

/// How long to wait for a cancelled opening, which may be in an operation that cannot be interrupted.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// Everything needed to open a session.
pub(super) struct Plan {
    pub global: GlobalArgs,
    pub arguments: Arguments,
    pub settings: SessionSettings,
    pub host: Arc<SessionHost>,
    /// Creates the task that emits captions during the session.
    pub guide: Option<Guide>,
    /// The channel for Python's requests to end the run and, before there is a screen, for signals that end the
    /// process.
    pub signals: (mpsc::Sender<Signal>, mpsc::Receiver<Signal>),
    /// The operator's commands.
    pub orders: mpsc::Receiver<Command>,
}

/// The result of an opening, and the processes to end after the session.
type Opened = (Result<RunningSession, Refusal>, ChildProcesses);

/// A session that is being opened or is open.
pub(super) struct Opening {
    /// `None` once the result was received.
    outcome: Option<oneshot::Receiver<Opened>>,
    stop: CancellationToken,
    helpers: ChildProcesses,
}

impl Opening {
    /// Starts to open the session on a new thread.
    pub(super) fn begin(plan: Plan) -> Self {
        let stop = CancellationToken::new();
        let (sender, outcome) = oneshot::channel();
        let (runtime, stopped) = (Handle::current(), stop.clone());
        tokio::task::spawn_blocking(move || {
            // Fails only if the opening was cancelled and took too long.
            let _ = sender.send(runtime.block_on(open(plan, stopped)));
        });
        Self { outcome: Some(outcome), stop, helpers: ChildProcesses::default() }
    }

    /// Waits until the session is open. Cancel-safe: may be called again until it has returned a result.
    ///
    /// # Errors
    /// If the session was refused or the opening panicked.
    pub(super) async fn opened(&mut self) -> Result<RunningSession, Refusal> {
        let Some(outcome) = &mut self.outcome else { return Err(ended_before()) };
        let opened = outcome.await;
        self.outcome = None;
        match opened {
            Ok((result, helpers)) => {
                self.helpers = helpers;
                result
            }
            // The opening panicked; the panic hook has kept the message.
            Err(_) => Err(Refusal {
                message: "the session could not be opened".to_owned(),
                code: BUG,
                python_message: None,
            }),
        }
    }

    /// Cancels the opening. Returns the session if it has opened in the meantime: the caller must then end it.
    ///
    /// # Errors
    /// If there is no session.
    pub(super) async fn give_up(&mut self) -> Result<RunningSession, Refusal> {
        self.stop.cancel();
        tokio::time::timeout(CANCEL_TIMEOUT, self.opened()).await.unwrap_or_else(|_| Err(ended_before()))
    }

    /// Ends the processes that were started for the session.
    pub(super) async fn end(self) {
        self.helpers.end().await;
    }
}

/// Opens the session and starts the run, unless `stop` is cancelled before.
async fn open(mut plan: Plan, stop: CancellationToken) -> (Result<RunningSession, Refusal>, ChildProcesses) {
    let mut helpers = ChildProcesses::default();
    let opened = tokio::select! {
        opened = prepared(&mut plan, &mut helpers) => opened,
        () = stop.cancelled() => Err(ended_before()),
    };
    let opened = match opened {
        Ok(prepared) => start_session(plan, prepared, stop).await,
        Err(refusal) => Err(refusal),
    };
    (opened, helpers)
}

/// Prepares the run. If the experiment needs a cluster and there is none, offers the sandbox.
async fn prepared(plan: &mut Plan, helpers: &mut ChildProcesses) -> Result<PreparedRun, Refusal> {
    let mut playing = plan.arguments.run_args.clone();
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
                plan.settings.record.header.sandbox = true;
                take(helpers).end().await;
            }
        }
    }
}

/// Waits for the decision of the operator whether to start the sandbox or to continue without a cluster.
async fn decision(
    orders: &mut mpsc::Receiver<Command>,
    signals: &mut mpsc::Receiver<Signal>,
) -> Result<OpenCommand, Refusal> {
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Command::Open(decided)) => return Ok(decided),
                // All other commands that are possible at this point only concern the display.
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
    let context = PrepareContext {
        emitter: &plan.host.emitter,
        signals: plan.signals.0.clone(),
        prints: PrintTarget::Log,
        pace: Pacing::Step,
        notify_channels: false,
    };
    let settings = plan.global.settings.as_ref();
    let preparing = prepare(&plan.arguments.source, playing, settings, context, helpers);
    tokio::select! {
        prepared = preparing => prepared,
        Some(_) = plan.signals.1.recv() => Err(ended_before()),
    }
}

/// Starts the observers, the guide and the runner.
async fn start_session(
    plan: Plan,
    prepared: PreparedRun,
    stop: CancellationToken,
) -> Result<RunningSession, Refusal> {
    let Plan { arguments, settings, host, guide, signals: (_, mut signals), orders, .. } = plan;
    let mut prepared = prepared;
    prepared.guards.hold_s = arguments.watch_args.hold.or(prepared.guards.hold_s);
    let mut open = tokio::select! {
        open = host.open(&settings, prepared) => open,
        Some(_) = signals.recv() => return Err(ended_before()),
        () = stop.cancelled() => return Err(ended_before()),
    };
    look_for_earlier_sessions(&mut open, &host).await;
    if let Some(guide) = guide {
        open.spawn(guide(&host));
    }
    if arguments.panic_for_test == Some(PanicIn::Task) {
        open.spawn(super::screen::panic_for_test(host.session.clone()));
    }
    if arguments.panic_for_test == Some(PanicIn::Deadlock) {
        tokio::spawn(super::screen::hang_for_test(host.session.clone()));
    }
    Ok(if arguments.watch_args.read_only { open.look_only(orders).await } else { open.play(signals, orders) })
}

/// Tells the session what earlier ones left on.
async fn look_for_earlier_sessions(open: &mut PendingSession, host: &SessionHost) {
    let Ok(folder) = sessions_folder() else { return };
    let found = earlier_sessions(&folder).await;
    if found.is_empty() {
        return;
    }
    for earlier in &found {
        host.log(Level::Warning, earlier.text.clone()).await;
    }
    open.found_earlier(found, Box::new(move |emitter| Box::pin(recover_all(folder.clone(), emitter)))).await;
}

/// The refusal of a session that was ended before it was open.
pub(super) fn ended_before() -> Refusal {
    Refusal::invalid("Aborted!")
}

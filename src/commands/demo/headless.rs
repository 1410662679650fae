//! Runs a lesson of the demo without a screen: the same session, printed as lines.

use super::narration::Narration;
use crate::{
    commands::{
        GlobalArgs,
        config::Preferences,
        live,
        prepare::{ChildProcesses, PrepareContext, Refusal, prepare},
    },
    engine::{PrintTarget, SessionHost, Signals, orders},
    runner::{Consent, Pacing},
    session::Session,
};
use std::time::Duration;
use tokio::{sync::watch, time::timeout};

/// Timeout until enough answers have arrived to recognise a real one.
const LEARNING_TIMEOUT: Duration = Duration::from_secs(30);
/// How long users are watched after the run, so that open requests get their answer.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// Timeout for the recovery after that.
const SAFETY: Duration = Duration::from_secs(30);

/// Runs a lesson and returns its session. A signal ends the lesson as it ends `chaos-tui run`, rollbacks included.
pub(super) async fn play(global: &GlobalArgs, arguments: &live::Arguments) -> Result<Session, Refusal> {
    let host = SessionHost::start(None, None);
    let mut helpers = ChildProcesses::default();
    let played = lesson(global, arguments, &host, &mut helpers).await;
    helpers.end().await;
    let (session, _) = host.end(None).await;
    played.and_then(|()| session.ok_or_else(|| Refusal::invalid("the session could not be recorded")))
}

async fn lesson(
    global: &GlobalArgs,
    arguments: &live::Arguments,
    host: &SessionHost,
    helpers: &mut ChildProcesses,
) -> Result<(), Refusal> {
    let (signals, mut receiver) = Signals::all(arguments.run_args.compat()).map_err(Refusal::invalid)?;
    let context = PrepareContext {
        emitter: &host.emitter,
        signals: signals.sender(),
        prints: PrintTarget::Log,
        // Starting the demo is the consent to its actions, which affect only its own sandbox.
        pace: Pacing::Auto(Consent::up_front()),
        notify_channels: false,
    };
    let settings_file = global.settings.as_ref();
    let prepared = tokio::select! {
        prepared = prepare(&arguments.source, &arguments.run_args, settings_file, context, helpers) => prepared?,
        Some(_) = receiver.recv() => return Err(Refusal::invalid("Aborted!")),
    };
    // Without a screen no config file is read, so that the run is the same on every machine.
    let preferences = arguments.watch_args.over(Preferences::default());
    let mut open = host.open(&arguments.settings(global, &preferences), prepared).await;
    open.spawn(Narration::default().follow(host.session.clone(), host.clock));
    open.observe().await;
    tokio::select! {
        learned = timeout(LEARNING_TIMEOUT, wait_until_learned(host.session.clone())) => learned.map_err(|_| {
            Refusal::invalid(format!("the consumer gave too few answers in {} s to learn what a real one is", LEARNING_TIMEOUT.as_secs()))
        })?,
        Some(_) = receiver.recv() => return Err(Refusal::invalid("Aborted!")),
    }
    let running = open.play(receiver, orders().1);
    running.done.cancelled().await;
    if host.session.borrow().run.interrupted.is_none() {
        tokio::time::sleep(AFTERWARDS).await;
        // The comparison shows a recovery that is incomplete by then.
        let _ = timeout(SAFETY, host.session.clone().wait_for(Session::finished)).await;
    }
    let report = running.end().await;
    match (report.words.first(), host.session.borrow().run.interrupted.clone()) {
        (Some(words), _) => Err(Refusal::invalid(format!("internal error in chaos-tui: {words}"))),
        (None, Some(reason)) => Err(Refusal::invalid(reason)),
        (None, None) => Ok(()),
    }
}

/// Waits until the session has learned the shape of a real answer.
async fn wait_until_learned(mut shown: watch::Receiver<Session>) {
    let known = |session: &Session| session.users.main().is_some_and(|endpoint| endpoint.shape.is_some());
    // An error means that the session is over: wait for the timeout, which reports it.
    if shown.wait_for(known).await.is_err() {
        std::future::pending::<()>().await;
    }
}

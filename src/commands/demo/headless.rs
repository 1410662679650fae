//! A lesson played by itself: the same session as on the screen, told in lines.

use super::narration::Narration;
use crate::{
    commands::{
        GlobalArgs,
        config::Preferences,
        live,
        prepare::{ChildProcesses, PrepareContext, Refusal, prepare},
    },
    engine::{SessionHost, Signals, orders},
    provider::python::PrintTarget,
    runner::{Consent, Pacing},
    session::Session,
};
use std::time::Duration;
use tokio::{sync::watch, time::timeout};

/// How long it may take until enough answers have come to know a real one.
const LEARNING: Duration = Duration::from_secs(30);
/// How long users are watched after the run, so that those who still wait get their answer.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// How long the way back to safety may take after that.
const SAFETY: Duration = Duration::from_secs(30);

/// Plays a lesson and gives its session. A signal ends it as one ends `chaos-tui run`, rollbacks included.
pub(super) async fn play(global: &GlobalArgs, arguments: &live::Arguments) -> Result<Session, Refusal> {
    let host = SessionHost::start(None, None);
    let mut helpers = ChildProcesses::default();
    let played = lesson(global, arguments, &host, &mut helpers).await;
    helpers.end().await;
    let (session, _) = host.end(None).await;
    played.and_then(|()| session.ok_or_else(|| Refusal::invalid("what was told could not be kept")))
}

async fn lesson(
    global: &GlobalArgs,
    arguments: &live::Arguments,
    host: &SessionHost,
    helpers: &mut ChildProcesses,
) -> Result<(), Refusal> {
    let (signals, mut receiver) = Signals::all(arguments.playing.compat()).map_err(Refusal::invalid)?;
    let company = PrepareContext {
        emitter: &host.emitter,
        signals: signals.sender(),
        prints: PrintTarget::Listener,
        // The order to play the demo is the consent to what it does, and it does it to a sandbox of its own.
        pace: Pacing::Auto(Consent::up_front()),
        notifies: false,
    };
    let settings_file = global.settings.as_ref();
    let prepared = tokio::select! {
        prepared = prepare(&arguments.source, &arguments.playing, settings_file, company, helpers) => prepared?,
        Some(_) = receiver.recv() => return Err(Refusal::invalid("Aborted!")),
    };
    // Without a screen the same on every machine: no config file is read.
    let preferences = arguments.watching.over(Preferences::default());
    let mut open = host.open(&arguments.settings(&preferences), prepared).await;
    open.spawn(Narration::default().follow(host.session.clone(), host.clock));
    open.observe().await;
    tokio::select! {
        learned = timeout(LEARNING, learned(host.session.clone())) => learned.map_err(|_| {
            Refusal::invalid(format!("the consumer gave too few answers in {} s to learn from", LEARNING.as_secs()))
        })?,
        Some(_) = receiver.recv() => return Err(Refusal::invalid("Aborted!")),
    }
    let running = open.play(receiver, orders().1);
    running.done.cancelled().await;
    if host.session.borrow().run.interrupted.is_none() {
        tokio::time::sleep(AFTERWARDS).await;
        // What is still wrong after that stands in the comparison.
        let _ = timeout(SAFETY, host.session.clone().wait_for(Session::finished)).await;
    }
    let report = running.end().await;
    match (report.words.first(), host.session.borrow().run.interrupted.clone()) {
        (Some(words), _) => Err(Refusal::invalid(format!("a part of chaos-tui broke: {words}"))),
        (None, Some(reason)) => Err(Refusal::invalid(reason)),
        (None, None) => Ok(()),
    }
}

/// Resolves when the session knows what a real answer looks like.
async fn learned(mut shown: watch::Receiver<Session>) {
    let known = |session: &Session| session.users.main().is_some_and(|endpoint| endpoint.shape.is_some());
    // An error means that the session is over, and the timeout says so.
    if shown.wait_for(known).await.is_err() {
        std::future::pending::<()>().await;
    }
}

//! A lesson played by itself: the same session as on the screen, told in lines.

use super::telling::Telling;
use crate::{
    commands::{
        Global,
        config::Preferences,
        live::{self, Assembly},
        prepare::Refusal,
        signals::Signals,
    },
    runner::{Consent, Pace},
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
pub async fn play(global: &Global, arguments: &live::Arguments) -> Result<Session, Refusal> {
    let mut assembly = Assembly::new(None);
    let played = lesson(global, arguments, &mut assembly).await;
    let (session, _) = assembly.end().await;
    played.and_then(|()| session.ok_or_else(|| Refusal::invalid("what was told could not be kept")))
}

async fn lesson(
    global: &Global,
    arguments: &live::Arguments,
    assembly: &mut Assembly,
) -> Result<(), Refusal> {
    let (signals, mut receiver) = Signals::all(arguments.playing.compat()).map_err(Refusal::invalid)?;
    // The order to play the demo is the consent to what it does, and it does it to a sandbox of its own.
    let pace = Pace::Auto(Consent::up_front());
    let prepared = tokio::select! {
        prepared = assembly.prepare(global, arguments, &arguments.playing, pace, signals.sender()) => prepared?,
        Some(_) = receiver.recv() => return Err(Refusal::invalid("Aborted!")),
    };
    // Without a screen the same on every machine: no config file is read.
    let preferences = Preferences::default().watching(&arguments.watching);
    let mut staged = assembly.stage(arguments, &preferences, prepared).await;
    staged.spawn(Telling::default().follow(assembly.shown.clone(), assembly.clock));
    staged.observe().await;
    tokio::select! {
        learned = timeout(LEARNING, learned(assembly.shown.clone())) => learned.map_err(|_| {
            Refusal::invalid(format!("the consumer gave too few answers in {} s to learn from", LEARNING.as_secs()))
        })?,
        Some(_) = receiver.recv() => return Err(Refusal::invalid("Aborted!")),
    }
    let running = staged.play(receiver);
    running.done.cancelled().await;
    if assembly.shown.borrow().run.interrupted.is_none() {
        tokio::time::sleep(AFTERWARDS).await;
        // What is still wrong after that stands in the comparison.
        let _ = timeout(SAFETY, assembly.shown.clone().wait_for(Session::finished)).await;
    }
    let report = running.end().await;
    match (report.words.first(), assembly.shown.borrow().run.interrupted.clone()) {
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
        std::future::pending().await
    }
}

//! Shows the screen of a session, and ends the session if the screen fails.

use super::{OUTPUT_TIMEOUT, arguments::PanicIn, summary};
use crate::{
    commands::errors,
    engine::{LineWriter, RunningSession, SessionHost},
    session::{
        Command, Session,
        command::StepCommand,
        state::{StepRow, StepState},
    },
    tui::{self, Departure, Keys, LiveView, terminal::Screen},
};
use color_eyre::Report;
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::sync::mpsc;

/// Timeout for the end of the run, rollbacks included, after the screen has failed.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(300);

/// How the operator left the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum ScreenExit {
    /// The session was finished.
    Finished,
    /// The session was finished, and the operator asked for another run.
    Again,
    /// The operator quit a running session, which then ended in good order, or interrupted a finished one.
    Early,
    /// The operator did not wait for the rollbacks.
    Unfinished,
    /// The screen panicked, or the terminal could not be used.
    Broken,
    /// The operator declined the offered sandbox.
    Declined,
}

/// Shows the session until the operator leaves. The terminal is restored even after a panic.
pub(in crate::commands) async fn watch(
    panic_for_test: Option<PanicIn>,
    mouse: bool,
    show: &mut LiveView,
) -> ScreenExit {
    let (mut screen, keys) = match Screen::enter(mouse).and_then(|screen| Ok((screen, Keys::listen()?))) {
        Ok(taken) => taken,
        Err(error) => {
            errors::print(&Report::new(error).wrap_err("the terminal cannot be used"));
            return ScreenExit::Broken;
        }
    };
    let session = show.session.clone();
    let showing = async {
        if panic_for_test == Some(PanicIn::Screen) {
            tokio::select! {
                departed = tui::run(&mut screen, keys, show) => departed,
                () = self::panic_for_test(session) => Departure::Finished,
            }
        } else {
            tui::run(&mut screen, keys, show).await
        }
    };
    match AssertUnwindSafe(showing).catch_unwind().await {
        Ok(Departure::Finished) => ScreenExit::Finished,
        Ok(Departure::RunAgain) => ScreenExit::Again,
        Ok(Departure::Early) => ScreenExit::Early,
        Ok(Departure::Unfinished) => ScreenExit::Unfinished,
        Ok(Departure::Declined) => ScreenExit::Declined,
        // The panic hook has restored the terminal and printed the message.
        Err(_) => ScreenExit::Broken,
    }
}

#[expect(clippy::panic, reason = "asked for, to test that the terminal is restored and rollbacks run")]
pub(super) async fn panic_for_test(mut session: tokio::sync::watch::Receiver<Session>) {
    // Not while the session opens, which may take any time. If it never opens, this panics all the same.
    let awaited = |row: &StepRow| matches!(row.state, StepState::Awaited { .. });
    let _ = session.wait_for(|session| session.steps.rows.iter().any(awaited)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    panic!("asked for by --panic-for-test");
}

/// Blocks every thread of the runtime once a step was fired and has ended.
pub(super) async fn hang_for_test(mut session: tokio::sync::watch::Receiver<Session>) {
    let fired = |session: &Session| {
        session.fault.is_some() && !session.steps.rows.iter().any(|row| row.state.is_active())
    };
    if session.wait_for(fired).await.is_ok() {
        for _ in 0..64 {
            tokio::spawn(async {
                loop {
                    std::thread::park();
                }
            });
        }
    }
}

/// Ends the run after the screen has failed: rollbacks still run, and the log is printed to standard error.
pub(super) async fn end_without_screen(
    running: &RunningSession,
    host: &SessionHost,
    orders: &mpsc::Sender<Command>,
) {
    // Fails only if the run has already ended.
    let _ = orders.send(StepCommand::Quit.into()).await;
    let Ok(mut lines) = LineWriter::stderr() else {
        // Without standard error only the output is lost.
        return running.done.cancelled().await;
    };
    lines.line("the screen has failed; ending the run, rollbacks included ...");
    let mut session = host.session.clone();
    let mut printed = session.borrow().log.forgotten + session.borrow().log.lines.len() as u64;
    let deadline = tokio::time::sleep(ROLLBACK_TIMEOUT);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = running.done.cancelled() => break,
            () = &mut deadline => {
                let late = ROLLBACK_TIMEOUT.as_secs();
                lines.line(format!("the rollbacks did not end within {late} s: see the journal"));
                break;
            }
            Ok(()) = session.changed() => {
                printed = summary::follow(&session.borrow_and_update(), printed, &mut lines);
            }
        }
    }
    lines.finish(Some(OUTPUT_TIMEOUT)).await;
}

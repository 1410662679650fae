//! The screen of a session, and its end where the screen is gone.

use super::{
    LAST_WORDS,
    arguments::{Arguments, PanicIn},
    summary,
};
use crate::{
    commands::errors,
    engine::{LineWriter, RunningSession, SessionHost},
    session::{Command, command::StepCommand},
    tui::{self, Departure, Keys, LiveView, terminal::Screen},
};
use color_eyre::Report;
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::sync::mpsc;

/// How long rollbacks may take once the screen is gone, before the process ends all the same.
const FAREWELL: Duration = Duration::from_secs(300);

/// How the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScreenExit {
    Finished,
    /// To be played once more.
    Again,
    /// While it went on, or by a signal; through its end all the same.
    Early,
    Unfinished,
    /// By a panic of ours, or because the terminal could not be taken.
    Broken,
    /// Said no where the sandbox was offered.
    Declined,
}

/// Shows the session until the operator leaves. The terminal is restored whatever happens.
pub(super) async fn watch(arguments: &Arguments, mouse: bool, show: &mut LiveView) -> ScreenExit {
    let (mut screen, keys) = match Screen::enter(mouse).and_then(|screen| Ok((screen, Keys::listen()?))) {
        Ok(taken) => taken,
        Err(error) => {
            errors::print(&Report::new(error).wrap_err("the terminal cannot be used"));
            return ScreenExit::Broken;
        }
    };
    let showing = async {
        if arguments.panic_for_test == Some(PanicIn::Screen) {
            tokio::select! {
                departed = tui::run(&mut screen, keys, show) => departed,
                () = panic_for_test() => Departure::Finished,
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
        // The hook restored the terminal and spoke.
        Err(_) => ScreenExit::Broken,
    }
}

#[expect(clippy::panic, reason = "asked for, to test that the terminal is restored and rollbacks run")]
pub(super) async fn panic_for_test() {
    tokio::time::sleep(Duration::from_millis(300)).await;
    panic!("asked for by --panic-for-test");
}

/// Without a screen the run still goes through its rollbacks, and says what it does.
pub(super) async fn end_without(
    running: &RunningSession,
    host: &SessionHost,
    orders: &mpsc::Sender<Command>,
) {
    // Nobody hears it only when the run has ended by itself.
    let _ = orders.send(StepCommand::Quit.into()).await;
    let Ok(mut lines) = LineWriter::stderr() else {
        // Only what would be said is lost.
        return running.done.cancelled().await;
    };
    lines.line("the screen is gone; the run turns to its end, rollbacks included ...".to_owned());
    let mut session = host.session.clone();
    let mut said = session.borrow().log.forgotten + session.borrow().log.lines.len() as u64;
    let deadline = tokio::time::sleep(FAREWELL);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = running.done.cancelled() => break,
            () = &mut deadline => {
                let late = FAREWELL.as_secs();
                lines.line(format!("the rollbacks did not end within {late} s: see the journal"));
                break;
            }
            Ok(()) = session.changed() => {
                said = summary::follow(&session.borrow_and_update(), said, &mut lines);
            }
        }
    }
    lines.finish(Some(LAST_WORDS)).await;
}

//! The rollbacks (experiment-format 9).

use super::{
    RollbackStrategy,
    activity::Cutoff,
    background::Background,
    controls::{Level as ControlLevel, Subject},
    cursor::Cursor,
    halt::{Halt, Undo},
    helm::{Go, Helm, tell},
    method::turn,
    rounds::{self, Stopped},
    stage::Stage,
};
use crate::{
    experiment::Value,
    session::{
        What,
        event::{Level, RunStatus, Section, StepRef},
    },
};
use std::sync::Arc;

/// Decides whether rollbacks are played, says so, and plays them. Their failures never change the status, what
/// interrupts them does.
pub(super) async fn play(stage: &Arc<Stage>, helm: &mut Helm, undo: Undo) {
    let decided = decide(stage, undo).await;
    let offered = !decided && offered(stage, helm, undo).await;
    if decided || offered {
        helm.begin_rollbacks().await;
        let steps = stage.experiment().rollbacks().len();
        stage.voice.emit(What::RollbacksStarted { steps }).await;
        let mut background = Background::default();
        walk(stage, helm, &mut background, offered).await;
        background.end().await;
        stage.voice.emit(What::RollbacksEnded).await;
    }
}

async fn decide(stage: &Stage, undo: Undo) -> bool {
    let strategy = &stage.options.rollbacks;
    match undo {
        Undo::No => false,
        Undo::Unless if *strategy != RollbackStrategy::Never => true,
        Undo::Unless | Undo::ByStrategy => {
            let (plays, said) = strategy.decide(stage.status(), stage.deviated());
            if let Some(said) = said {
                stage.voice.log(Level::Warning, said).await;
            }
            plays
        }
    }
}

/// Whether the operator has rollbacks played that the strategy leaves out, though something was fired: a hypothesis that
/// failed after it is one such end. Whoever leads step by step is asked; nobody else can be.
async fn offered(stage: &Stage, helm: &mut Helm, undo: Undo) -> bool {
    let left_out =
        undo != Undo::No && stage.options.rollbacks != RollbackStrategy::Never && stage.has_fired();
    if !left_out || helm.up_front().is_some() || stage.experiment().rollbacks().is_empty() {
        return false;
    }
    let said =
        "The strategy leaves the rollbacks out, though something was fired: run them, or end without them.";
    stage.voice.log(Level::Warning, said).await;
    let first = StepRef { section: Section::Rollbacks, index: 0 };
    loop {
        match helm.hold(first).await {
            Ok(Go::Run(_)) => return true,
            Ok(Go::Skip) => return false,
            Ok(Go::Back) => {
                stage.voice.log(Level::Info, "The method is over: none of it can be run again.").await
            }
            // Leaving undoes.
            Err(halt) => return halt.rollbacks == Undo::Unless,
        }
    }
}

async fn walk(stage: &Arc<Stage>, helm: &mut Helm, background: &mut Background, asked: bool) {
    let let_in = rounds::before(stage, helm, Subject::whole(ControlLevel::Rollback, &stage.raw())).await;
    let begun = let_in.is_ok();
    let mut halted = match let_in {
        Ok(()) => steps(stage, helm, background, asked).await,
        Err(Stopped::Cutoff(cutoff)) => turned(&cutoff),
        // It was said already.
        Err(Stopped::Halt(_)) => None,
    };
    background.settle(helm, stage.options.compat).await;
    let told = || if begun { stage.told(Section::Rollbacks) } else { Value::Null };
    let raw = stage.raw();
    let subject = Subject::whole(ControlLevel::Rollback, &raw);
    let (changed, ended) = rounds::after(stage, helm, subject, told).await;
    stage.amend(Section::Rollbacks, changed).await;
    if let (None, Err(cutoff)) = (&halted, ended) {
        halted = turned(&cutoff);
    }
    if let Some(halt) = halted {
        tell(&stage.voice, &halt).await;
        stage.set_status(RunStatus::Interrupted);
    }
    if helm.halted().is_err() {
        stage.set_status(RunStatus::Interrupted);
    }
}

/// What it means for the rollbacks that a control turned them to their end.
fn turned(cutoff: &Cutoff) -> Option<Halt> {
    match cutoff {
        Cutoff::Interrupt(message) => Some(Halt::control(message)),
        Cutoff::Exit(_) | Cutoff::KeyboardInterrupt => Some(Halt::leaving_rollbacks()),
        Cutoff::Broke(_) | Cutoff::Moved(_) | Cutoff::Halted => None,
    }
}

/// The rollbacks in order. One that breaks aborts the run but not the others: what can be undone is.
async fn steps(
    stage: &Arc<Stage>,
    helm: &mut Helm,
    background: &mut Background,
    asked: bool,
) -> Option<Halt> {
    let mut cursor = Cursor::default();
    if asked {
        cursor.again();
    }
    loop {
        let experiment = stage.experiment();
        let entry = experiment.rollbacks().get(cursor.index())?;
        let step = StepRef { section: Section::Rollbacks, index: cursor.index() };
        let before = cursor.index();
        match turn(stage, helm, background, &mut cursor, entry, step).await {
            Ok(()) => {}
            Err(Stopped::Halt(_)) => return None,
            Err(Stopped::Cutoff(Cutoff::Broke(message))) if stage.options.compat.crashes() => {
                stage.crash(message).await;
                return None;
            }
            Err(Stopped::Cutoff(Cutoff::Broke(message))) => {
                stage.set_status(RunStatus::Aborted);
                stage.voice.emit(What::Aborted { message }).await;
                if cursor.index() == before {
                    cursor.skip();
                }
            }
            Err(Stopped::Cutoff(Cutoff::Halted)) => return Some(Halt::told()),
            Err(Stopped::Cutoff(cutoff)) => return turned(&cutoff),
        }
    }
}

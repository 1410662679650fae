//! The rollbacks (experiment-format 9).

use super::{
    RollbackStrategy,
    background::Background,
    context::RunContext,
    control_rounds::{self, Stopped},
    controls::{ControlSubject, Level as ControlLevel},
    cursor::Cursor,
    finished::Cutoff,
    method::run_step,
    operator_input::{NextAction, OperatorInput},
    stop_request::{RollbackChoice, StopRequest, emit_stop_reason},
};
use crate::session::{
    EventKind,
    event::{Level, RunStatus, Section, StepRef},
};
use pyvalue::Value;
use std::sync::Arc;

/// Decides whether the rollbacks run, logs that, and runs them. Failed rollbacks never change the status, interruptions
/// do.
pub(super) async fn run_rollbacks(ctx: &Arc<RunContext>, operator: &mut OperatorInput, undo: RollbackChoice) {
    let decided = decide(ctx, undo).await;
    let offered = !decided && operator_wants_rollbacks(ctx, operator, undo).await;
    if decided || offered {
        operator.begin_rollbacks(ctx.options.compat).await;
        ctx.tell("start_rollbacks", || vec![ctx.told_experiment()]).await;
        let steps = ctx.experiment().rollbacks().len();
        ctx.emitter.emit(EventKind::RollbacksStarted { steps }).await;
        let mut background = Background::default();
        play_steps(ctx, operator, &mut background, offered).await;
        background.end().await;
        operator.end_rollbacks();
        ctx.emitter.emit(EventKind::RollbacksEnded).await;
        ctx.tell("rollbacks_completed", || vec![ctx.told_experiment(), ctx.told_journal()]).await;
    }
}

async fn decide(ctx: &RunContext, undo: RollbackChoice) -> bool {
    let strategy = &ctx.options.rollbacks;
    match undo {
        RollbackChoice::No => false,
        RollbackChoice::UnlessNever if *strategy != RollbackStrategy::Never => true,
        RollbackChoice::UnlessNever | RollbackChoice::ByStrategy => {
            let (plays, line) = strategy.decide(ctx.progress.status(), ctx.progress.deviated());
            if let Some(line) = line {
                ctx.emitter.say(Level::Warning, line).await;
            }
            plays
        }
    }
}

/// Whether the operator wants rollbacks that the strategy leaves out although something was fired, for example because
/// the hypothesis failed afterwards. Only an operator who steps manually can be asked.
async fn operator_wants_rollbacks(
    ctx: &RunContext,
    operator: &mut OperatorInput,
    undo: RollbackChoice,
) -> bool {
    let left_out = undo != RollbackChoice::No
        && ctx.options.rollbacks != RollbackStrategy::Never
        && ctx.progress.has_fired();
    if !left_out || operator.up_front().is_some() || ctx.experiment().rollbacks().is_empty() {
        return false;
    }
    let line =
        "A fault was fired, but the rollback strategy skips the rollbacks: run them, or skip them to end.";
    ctx.emitter.say(Level::Warning, line).await;
    let first = StepRef { section: Section::Rollbacks, index: 0 };
    loop {
        match operator.wait_for_decision(first).await {
            Ok(NextAction::Run(_)) => return true,
            Ok(NextAction::Skip) => return false,
            Ok(NextAction::Back) => {
                ctx.emitter.say(Level::Info, "The method has ended: its steps cannot be run again.").await;
            }
            // Aborting or leaving runs the rollbacks.
            Err(halt) => return halt.rollbacks == RollbackChoice::UnlessNever,
        }
    }
}

async fn play_steps(
    ctx: &Arc<RunContext>,
    operator: &mut OperatorInput,
    background: &mut Background,
    asked: bool,
) {
    let let_in =
        control_rounds::before(ctx, operator, ControlSubject::whole(ControlLevel::Rollback, &ctx.raw()))
            .await;
    let begun = let_in.is_ok();
    let mut halted = match let_in {
        Ok(()) => steps(ctx, operator, background, asked).await,
        Err(Stopped::Cutoff(cutoff)) => stop_reason(&cutoff),
        // The reason was logged already.
        Err(Stopped::Halt(_)) => None,
    };
    background.settle(operator, ctx.options.compat).await;
    let entries = || if begun { ctx.journal_entries(Section::Rollbacks) } else { Value::Null };
    let raw = ctx.raw();
    let subject = ControlSubject::whole(ControlLevel::Rollback, &raw);
    let (changed, ended) = control_rounds::after(ctx, operator, subject, entries).await;
    ctx.amend_entries(Section::Rollbacks, changed).await;
    if let (None, Err(cutoff)) = (&halted, ended) {
        halted = stop_reason(&cutoff);
    }
    if let Some(halt) = halted {
        emit_stop_reason(&ctx.emitter, &halt).await;
        ctx.progress.set_status(RunStatus::Interrupted);
    }
    if operator.check_stop().is_err() {
        ctx.progress.set_status(RunStatus::Interrupted);
    }
}

/// Converts a control's interruption of the rollbacks into a stop request.
fn stop_reason(cutoff: &Cutoff) -> Option<StopRequest> {
    match cutoff {
        Cutoff::Interrupt(message) => Some(StopRequest::control(message)),
        Cutoff::Exit(_) | Cutoff::KeyboardInterrupt => Some(StopRequest::leaving_rollbacks()),
        Cutoff::UnexpectedError(_) | Cutoff::ClusterChanged(_) | Cutoff::Halted => None,
    }
}

/// Runs the rollbacks in order. One that breaks aborts the run but not the others: what can be undone is undone.
async fn steps(
    ctx: &Arc<RunContext>,
    operator: &mut OperatorInput,
    background: &mut Background,
    asked: bool,
) -> Option<StopRequest> {
    let mut cursor = Cursor::default();
    if asked {
        cursor.again();
    }
    loop {
        let experiment = ctx.experiment();
        let entry = experiment.rollbacks().get(cursor.index())?;
        let step = StepRef { section: Section::Rollbacks, index: cursor.index() };
        let before = cursor.index();
        operator.begin_rollback(entry.name());
        match run_step(ctx, operator, background, &mut cursor, entry, step).await {
            Ok(()) => {}
            Err(Stopped::Halt(_)) => return None,
            Err(Stopped::Cutoff(Cutoff::UnexpectedError(message))) if ctx.options.compat.crashes() => {
                ctx.crash(message).await;
                return None;
            }
            Err(Stopped::Cutoff(Cutoff::UnexpectedError(message))) => {
                ctx.progress.set_status(RunStatus::Aborted);
                ctx.emitter.emit(EventKind::Aborted { message }).await;
                if cursor.index() == before {
                    cursor.skip();
                }
            }
            Err(Stopped::Cutoff(Cutoff::Halted)) => return Some(StopRequest::already_logged()),
            Err(Stopped::Cutoff(cutoff)) => return stop_reason(&cutoff),
        }
    }
}

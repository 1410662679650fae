//! Runs the method; its step function is shared with the rollbacks (experiment-format 8, 9).

use super::{
    activity::{Placement, run_activity},
    background::{Background, BackgroundStart},
    consent::{Cleared, needs_consent},
    context::RunContext,
    continuous::is_final,
    control_rounds::{self, Stopped},
    controls::{ControlSubject, Level as ControlLevel},
    cursor::Cursor,
    finished::Cutoff,
    operator_input::{NextAction, OperatorInput},
    stop_request::StopReason,
};
use crate::{
    experiment::Entry,
    provider::Effect,
    session::{
        EventKind,
        event::{Level, Section, StepRef},
    },
};
use pyvalue::Value;
use std::sync::Arc;

/// Runs the method until its end or until the run stops. Waits for background activities.
pub(super) async fn run_method(
    ctx: &Arc<RunContext>,
    operator: &mut OperatorInput,
    background: &mut Background,
) -> Result<(), StopReason> {
    let steps = ctx.experiment().method().len();
    ctx.emitter.emit(EventKind::MethodStarted { steps }).await;
    ctx.tell("start_method", || vec![ctx.told_experiment()]).await;
    let let_in =
        control_rounds::before(ctx, operator, ControlSubject::whole(ControlLevel::Method, &ctx.raw())).await;
    let begun = let_in.is_ok();
    let played = match let_in {
        Ok(()) => play_steps(ctx, operator, background).await,
        Err(stopped) => Err(stopped),
    };
    let played = match played {
        Ok(()) => Ok(()),
        Err(stopped) => Err(stopped.stop_reason(ctx).await),
    };
    if !matches!(&played, Err(StopReason::Halt(halt)) if !halt.waits) {
        background.settle(operator, ctx.options.compat).await;
    }
    let entries = || if begun { ctx.journal_entries(Section::Method) } else { Value::Null };
    let raw = ctx.raw();
    let subject = ControlSubject::whole(ControlLevel::Method, &raw);
    let (changed, ended) = control_rounds::after(ctx, operator, subject, entries).await;
    ctx.amend_entries(Section::Method, changed).await;
    ctx.emitter.emit(EventKind::MethodEnded).await;
    let played = match (played, operator.check_stop(), ended) {
        (Err(stopped), ..) => Err(stopped),
        (Ok(()), Err(halt), _) => Err(halt.into()),
        (Ok(()), Ok(()), Err(cutoff)) => Err(ctx.to_stop_reason(cutoff).await),
        (Ok(()), Ok(()), Ok(())) => Ok(()),
    };
    // The reference tells nothing of a method that an exit signal ended.
    if !matches!(&played, Err(StopReason::Halt(halt)) if halt.signals_exit) {
        let entries = || if played.is_ok() { ctx.journal_entries(Section::Method) } else { Value::Null };
        ctx.tell("method_completed", || vec![ctx.told_experiment(), entries()]).await;
    }
    played
}

/// Runs step after step, until a continuous hypothesis pass ends the run.
async fn play_steps(
    ctx: &Arc<RunContext>,
    operator: &mut OperatorInput,
    background: &mut Background,
) -> Result<(), Stopped> {
    let mut cursor = Cursor::default();
    loop {
        // Controls may have changed the remaining steps.
        let experiment = ctx.experiment();
        let Some(entry) = experiment.method().get(cursor.index()) else { break };
        let step = StepRef { section: Section::Method, index: cursor.index() };
        run_step(ctx, operator, background, &mut cursor, entry, step).await?;
        // A failed continuous pass is noticed only after an activity: the first activity always runs.
        if is_final(ctx.progress.status()) {
            break;
        }
    }
    Ok(())
}

/// Handles one step: waits until it may run, runs it or starts it in the background, moves the cursor.
pub(super) async fn run_step(
    ctx: &Arc<RunContext>,
    operator: &mut OperatorInput,
    background: &mut Background,
    cursor: &mut Cursor,
    entry: &Entry,
    step: StepRef,
) -> Result<(), Stopped> {
    let activity = entry.activity.as_ref();
    let effect = activity.map_or(Effect::Reads, |activity| ctx.effect(activity));
    let consent = match cursor.wait_for_step(operator, step, needs_consent(effect, step.section)).await? {
        NextAction::Run(consent) => consent,
        NextAction::Skip => {
            let name = activity.map_or_else(|_| entry.name(), |activity| activity.name.clone());
            ctx.emitter.emit(EventKind::StepSkipped { step, name }).await;
            cursor.skip();
            return Ok(());
        }
        NextAction::Back => {
            cursor.back(&ctx.emitter).await;
            return Ok(());
        }
    };
    announce(ctx, entry, step).await;
    let activity =
        activity.map_err(|missing| Stopped::Cutoff(Cutoff::UnexpectedError(missing.to_string())))?;
    if entry.background {
        if let (Some(fired), Ok(activity)) = (&consent, &entry.activity)
            && !fired.is_up_front()
            && let Some(why) = ctx.changed_cluster(activity, step).await
        {
            ctx.emitter.log(Level::Warning, why).await;
            return Ok(());
        }
        let starter = BackgroundStart { activity: activity.clone(), step, effect, consent };
        background.start(ctx, operator, starter).await;
        cursor.mark_ran();
        return Ok(());
    }
    let cleared = Cleared::new(activity, step, effect, consent.as_ref());
    let Some(cleared) = cleared else {
        let message = format!("'{}' changes the system and cannot run without a fire", activity.name);
        return Err(Stopped::Cutoff(Cutoff::UnexpectedError(message)));
    };
    let stop_signal = operator.stop_signal();
    let performed = operator
        .run_while_receiving(
            &stop_signal,
            run_activity(ctx, cleared, step, Placement::Foreground, &stop_signal),
        )
        .await;
    if let Err(Cutoff::ClusterChanged(why)) = performed {
        ctx.emitter.log(Level::Warning, why).await;
        operator.check_stop()?;
        // The cursor stays: the step is awaited again, with a new card.
        return Ok(());
    }
    cursor.mark_ran();
    operator.check_stop()?;
    performed.map(drop).map_err(Stopped::Cutoff)
}

/// Logs a rollback before its activity, by the referring entry's own name.
async fn announce(ctx: &RunContext, entry: &Entry, step: StepRef) {
    if step.section == Section::Rollbacks {
        ctx.emitter.log(Level::Info, format!("Rollback: {}", entry.name())).await;
    }
}

//! Runs an experiment from start to end (experiment-format 8.1).

use super::{
    RunEnd, RunRequest, Signal,
    background::Background,
    context::RunContext,
    continuous::Continuous,
    control_rounds,
    controls::{ControlSubject, Level as ControlLevel},
    hypothesis, method,
    operator_input::OperatorInput,
    plan::plan,
    rollbacks,
    stop_request::{RollbackChoice, StopReason, StopRequest},
};
use crate::{
    experiment::substitute,
    provider::Providers,
    session::{
        EventKind,
        command::StepCommand,
        event::{Level, RunStatus},
        journal::{Journal, status_name},
        stream::Emitter,
    },
};
use futures_util::future::BoxFuture;
use pyvalue::{Map, Value, python_text};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Runs an experiment.
///
/// Everything that happens is emitted through `emitter`, secrets masked, beginning with the plan; every command
/// received is emitted as [`EventKind::Commanded`]. The reader of the stream must keep reading. With
/// [`super::Pacing::Step`] the run waits before each step, and stops when the sender of `orders` is dropped.
/// `before_end` is awaited after the rollbacks, before the end is emitted.
pub(crate) async fn run_experiment(
    request: RunRequest,
    providers: Arc<Providers>,
    emitter: Emitter,
    orders: mpsc::Receiver<StepCommand>,
    signals: mpsc::Receiver<Signal>,
    before_end: Option<BoxFuture<'static, ()>>,
) -> RunEnd {
    let planned = EventKind::Planned(plan(&request, &providers));
    let (raw, pace) = (journalled(&request), request.pace.clone());
    let mut ctx = RunContext::new(request, raw.clone(), providers, emitter);
    let mut operator = OperatorInput::new(pace, orders, signals, ctx.emitter.clone(), ctx.fixes.clone());
    ctx.emitter.emit(planned).await;
    ctx.emitter.emit(started(&ctx, raw)).await;
    let mut controls = std::mem::take(&mut ctx.controls);
    let stop_signal = operator.stop_signal();
    let changes = operator
        .run_while_receiving(&stop_signal, controls.configure(ctx.control_view(), &stop_signal))
        .await;
    ctx.controls = controls;
    ctx.apply(changes).await;
    let ctx = Arc::new(ctx);
    ctx.tell_running().await;
    let hypothetical = has_probes(&ctx);
    log_strategies(&ctx, hypothetical).await;

    let mut background = Background::default();
    let played = if ctx.options.only_rollbacks {
        Ok(())
    } else {
        run_method(&ctx, &mut operator, &mut background, hypothetical).await
    };
    let undo = match played {
        Ok(()) => RollbackChoice::ByStrategy,
        Err(halt) => {
            if !ctx.progress.has_crashed() {
                ctx.progress.set_status(RunStatus::Interrupted);
                ctx.tell_stop(&halt).await;
            }
            halt.rollbacks
        }
    };
    rollbacks::run_rollbacks(&ctx, &mut operator, undo).await;
    background.end().await;
    if let Some(before_end) = before_end {
        before_end.await;
    }
    end(&ctx, &mut operator).await
}

/// Returns the experiment as the journal shows it: title substituted, `dry` set.
fn journalled(request: &RunRequest) -> Map {
    let mut raw = request.experiment.raw().clone();
    let title = substitute(request.experiment.title(), &request.configuration, &request.secrets);
    raw.insert("title".to_owned(), title);
    let dry = request.options.dry.map_or(Value::Null, |dry| dry.name().into());
    raw.insert("dry".to_owned(), dry);
    raw
}

fn started(ctx: &RunContext, raw: Map) -> EventKind {
    EventKind::RunStarted {
        title: raw.get("title").map(python_text).unwrap_or_default(),
        hypothesis_strategy: ctx.options.hypothesis.printed().to_owned(),
        rollback_strategy: ctx.options.rollbacks.printed().to_owned(),
        dry: ctx.options.dry.map(|dry| dry.name().to_owned()),
        experiment: raw.into(),
    }
}

/// Logs the strategies, as the reference does, after the controls are configured, which may log lines themselves.
async fn log_strategies(ctx: &RunContext, hypothetical: bool) {
    let (hypothesis, rollbacks) = (ctx.options.hypothesis.printed(), ctx.options.rollbacks.printed());
    ctx.emitter.say(Level::Info, format!("Steady-state strategy: {hypothesis}")).await;
    ctx.emitter.say(Level::Info, format!("Rollbacks strategy: {rollbacks}")).await;
    let line = match (ctx.options.hypothesis, hypothetical) {
        (super::HypothesisStrategy::Skip, _) => "Skipping Steady-State Hypothesis as requested",
        (_, false) => "No steady state hypothesis defined. That's ok, just exploring.",
        (_, true) => return,
    };
    ctx.emitter.say(Level::Info, line).await;
}

/// Whether there is a hypothesis with probes. Evaluated once, before a control around the run may change that.
fn has_probes(ctx: &RunContext) -> bool {
    ctx.experiment().hypothesis().is_some_and(|hypothesis| !hypothesis.probes.is_empty())
}

/// Runs the first pass, the method and the last pass. Unexpected errors are handled here: they abort the run.
async fn run_method(
    ctx: &Arc<RunContext>,
    operator: &mut OperatorInput,
    background: &mut Background,
    hypothetical: bool,
) -> Result<(), StopRequest> {
    operator.check_stop()?;
    let raw = ctx.raw();
    let subject = ControlSubject::whole(ControlLevel::Experiment, &raw);
    if let Err(stopped) = control_rounds::before(ctx, operator, subject).await {
        return handle_stop_reason(ctx, stopped.stop_reason(ctx).await).await;
    }
    let strategy = ctx.options.hypothesis;
    if hypothetical && strategy.before() {
        match hypothesis::check_before(ctx, operator).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(turn) => return settle_hypothesis(ctx, turn).await,
        }
    }
    let continuous = if hypothetical && strategy.during() {
        Some(Continuous::start(ctx, operator.up_front()).await)
    } else {
        None
    };
    let played = run_method_and_last_pass(ctx, operator, background, hypothetical, continuous.as_ref()).await;
    if let Some(continuous) = continuous {
        if played.is_err() {
            continuous.halt();
        }
        continuous.stop();
        let stop_signal = continuous.stop_signal();
        operator.run_while_receiving(&stop_signal, continuous.join()).await;
    }
    played?;
    operator.check_stop()
}

/// Runs the method and the pass after it. A continuous pass that runs when the method ends may overlap with that pass.
async fn run_method_and_last_pass(
    ctx: &Arc<RunContext>,
    operator: &mut OperatorInput,
    background: &mut Background,
    hypothetical: bool,
    continuous: Option<&Continuous>,
) -> Result<(), StopRequest> {
    if let Err(turn) = method::run_method(ctx, operator, background).await {
        return handle_stop_reason(ctx, turn).await;
    }
    if let Some(continuous) = continuous {
        continuous.stop();
    }
    let over = matches!(ctx.progress.status(), Some(RunStatus::Aborted | RunStatus::Interrupted));
    if !hypothetical || !ctx.options.hypothesis.after() || over {
        return Ok(());
    }
    match hypothesis::check_after(ctx, operator).await {
        Ok(()) => Ok(()),
        Err(turn) => settle_hypothesis(ctx, turn).await,
    }
}

/// Handles a stop reason: an abort becomes a status and an event, a halt is returned.
async fn handle_stop_reason(ctx: &RunContext, turn: StopReason) -> Result<(), StopRequest> {
    match turn {
        StopReason::Halt(halt) => Err(halt),
        StopReason::Abort(message) => {
            ctx.progress.set_status(RunStatus::Aborted);
            ctx.emitter.emit(EventKind::Aborted { message }).await;
            Ok(())
        }
    }
}

/// Like [`handle_stop_reason`], for the passes around the method: in strict mode an abort there is a crash, as in the reference.
async fn settle_hypothesis(ctx: &RunContext, turn: StopReason) -> Result<(), StopRequest> {
    match turn {
        StopReason::Abort(message) if ctx.options.compat.crashes() => {
            ctx.crash(message).await;
            Err(StopRequest::crash())
        }
        turn => handle_stop_reason(ctx, turn).await,
    }
}

async fn end(ctx: &RunContext, operator: &mut OperatorInput) -> RunEnd {
    let status = ctx.progress.status().unwrap_or(RunStatus::Completed);
    let ending = RunEnd {
        status,
        deviated: ctx.progress.deviated(),
        crashed: ctx.progress.has_crashed(),
        unrolled: !ctx.failed_rollbacks().is_empty(),
    };
    ctx.emitter.emit(EventKind::RunEnded { status, deviated: ending.deviated }).await;
    let ending = if ending.crashed { ending } else { call_last_controls(ctx, operator, ending).await };
    let stop_signal = operator.stop_signal();
    let complaints = operator
        .run_while_receiving(&stop_signal, ctx.controls.clean_up(ctx.control_view(), &stop_signal))
        .await;
    let untidy = complaints.iter().any(|complaint| complaint.level == Level::Error);
    ctx.report_problem(complaints).await;
    for failed in ctx.failed_rollbacks() {
        let line = format!("Rollback '{failed}' failed: the change it should undo may still be in effect");
        ctx.emitter.log(Level::Error, line).await;
    }
    ctx.tell_finish().await;
    // The reference crashes here and exits with 1; the journal is kept all the same.
    if untidy { RunEnd { status: RunStatus::Failed, ..ending } } else { ending }
}

/// Calls the last controls, which may change the journal and so the exit code. Errors they raise are ignored.
async fn call_last_controls(ctx: &RunContext, operator: &mut OperatorInput, ending: RunEnd) -> RunEnd {
    let raw = ctx.raw();
    let journal = || ctx.emitter.read_journal(Journal::value);
    let subject = ControlSubject::whole(ControlLevel::Experiment, &raw);
    let (changed, _) = control_rounds::after(ctx, operator, subject, journal).await;
    let Some(journal) = changed else { return ending };
    let status = journal.get("status").and_then(Value::as_str);
    let known = [RunStatus::Completed, RunStatus::Failed, RunStatus::Aborted, RunStatus::Interrupted];
    let changed = RunEnd {
        // A status made up by the control is not one that `chaos run` exits with 0 for.
        status: known.into_iter().find(|it| Some(status_name(*it)) == status).unwrap_or(RunStatus::Failed),
        deviated: journal.get("deviated").is_some_and(Value::truthy),
        ..ending
    };
    ctx.emitter.emit(EventKind::JournalAmended { journal }).await;
    changed
}

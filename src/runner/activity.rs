//! Runs one activity, its controls included (experiment-format 8.4, 8.7).

use super::{
    FireGate,
    call::call_and_judge,
    call_result::CallResult,
    consent::{Cleared, needs_consent},
    context::RunContext,
    control_rounds::RoundResult,
    controls::ControlSubject,
    dry::{CallMode, is_marked, mode},
    finished::{Cutoff, FinishedActivity},
    journal_entry::{self, JournalEntry},
    pause::{PauseCut, Pauses},
    stop_signal::StopSignal,
    verdict,
};
use crate::{
    experiment::{Activity, ActivityDefect, Secrets, substitute},
    printing::without_url_passwords,
    provider::{Effect, Outcome},
    session::{
        EventKind,
        event::{ActivityOutcome, Level, PauseSide, Section, StepRef},
    },
};
use futures_util::future::BoxFuture;
use pyvalue::{Value, python_text};
use tokio::sync::oneshot;

/// Maximum number of characters of an output or error in a step line.
const SUMMARY: usize = 120;
/// The summary of a call that was not made.
const PRETENDED: &str = "dry: not executed";

/// Where an activity runs.
pub(super) enum Placement {
    /// In the foreground: the run waits for it.
    Foreground,
    /// In the background: the run continues once the activity's before-controls are done.
    Background { let_in: Option<oneshot::Sender<()>> },
}

impl Placement {
    fn is_foreground(&self) -> bool {
        matches!(self, Self::Foreground)
    }

    fn release(&mut self) {
        if let Self::Background { let_in } = self {
            // The receiver may be gone, since the run may be stopping by now.
            let _ = let_in.take().map(|let_in| let_in.send(()));
        }
    }
}

/// Runs one activity. Once its provider was called, every path leaves a complete journal entry.
///
/// Boxed: otherwise each of the many nested callers' futures would contain the whole future of an activity.
pub(super) fn run_activity<'a>(
    ctx: &'a RunContext,
    cleared: Cleared<'a>,
    step: StepRef,
    ground: Placement,
    stop_signal: &'a StopSignal,
) -> BoxFuture<'a, Result<FinishedActivity, Cutoff>> {
    Box::pin(run_with_controls(ctx, cleared, step, ground, stop_signal))
}

async fn run_with_controls(
    ctx: &RunContext,
    cleared: Cleared<'_>,
    step: StepRef,
    mut ground: Placement,
    stop_signal: &StopSignal,
) -> Result<FinishedActivity, Cutoff> {
    let fixed = ctx.fixes.instead(cleared.activity(), step, &ctx.configuration());
    let cleared = fixed.as_ref().map_or(cleared, |activity| cleared.instead(activity));
    let original = cleared.activity();
    let (context, begun) = ctx.before_activity(ControlSubject::activity(original), stop_signal).await;
    ground.release();
    let edited = context.map(|context| original.edited(&context));
    let activity = edited.as_ref().unwrap_or(original);
    let mut played = match (begun, cleared.edited(activity, step, ctx.effect(activity))) {
        (Ok(()), Some(cleared)) => {
            run_between_controls(ctx, cleared, step, ground.is_foreground(), stop_signal).await
        }
        (Ok(()), None) => Err(Cutoff::UnexpectedError(without_consent(activity))),
        (Err(cutoff), _) => Err(cutoff),
    };
    let state = || played.as_ref().map_or(Value::Null, |done| done.entry.value());
    let RoundResult { state: changed, context, ended } =
        ctx.after_activity(ControlSubject::activity(activity), state, stop_signal).await;
    if let (Ok(done), Some(Value::Map(fields))) = (&mut played, changed) {
        done.entry.replace(fields);
        ctx.emitter.emit(EventKind::EntryAmended { run: done.run, entry: done.entry.value() }).await;
    }
    ended?;
    let again = context.map(|context| activity.edited(&context));
    played.map(|done| FinishedActivity { edited: again.or(edited), ..done })
}

fn without_consent(activity: &Activity) -> String {
    format!("a control changed '{}' after it was fired: it was not run", activity.name)
}

/// Runs the activity between its controls.
async fn run_between_controls(
    ctx: &RunContext,
    cleared: Cleared<'_>,
    step: StepRef,
    foreground: bool,
    stop_signal: &StopSignal,
) -> Result<FinishedActivity, Cutoff> {
    let activity = cleared.activity();
    let mode = mode(activity, ctx.options.dry);
    let pauses = Pauses::of(activity, ctx, mode == CallMode::Real)?;
    if let Some(ActivityDefect::MissingType(why)) = &activity.flaw {
        return Err(Cutoff::UnexpectedError(why.to_string()));
    }
    pauses.sleep(PauseSide::Before, step, &ctx.emitter, stop_signal).await?;
    // Controls, background activities and the pause may have changed the cluster that it would act in.
    if mode != CallMode::Pretended
        && cleared.was_fired()
        && let Some(why) = ctx.changed_cluster(activity, step).await
    {
        return Err(Cutoff::ClusterChanged(why));
    }

    let (run, started) = (ctx.next_run(), ctx.emitter.now());
    let mut entry = JournalEntry::begun(activity, started);
    let begun = EventKind::ActivityStarted { run, step, name: activity.name.clone(), entry: entry.value() };
    ctx.emitter.emit_at(started, begun).await;
    ctx.tell("start_activity", || vec![activity.raw.clone().into()]).await;
    let mut fired = false;
    let (outcome, call_result) = match mode {
        CallMode::Pretended => {
            if is_marked(activity) {
                let line = format!("Activity '{}' is in dry mode: it is not executed", activity.name);
                ctx.emitter.log(Level::Info, line).await;
            }
            (Outcome::Done(Value::Null), CallResult::Done)
        }
        _ if let Some(flaw) = &activity.flaw => (outcome_of_flaw(flaw), CallResult::Done),
        CallMode::Real | CallMode::Hurried => {
            let gate = gate(ctx, activity, step).await;
            fired = announce_fault(ctx, activity, step).await;
            let committed = match gate {
                Some(gate) => gate.commit().await,
                None => Ok(()),
            };
            match committed {
                Ok(()) => {
                    let progress =
                        |text: String| ctx.emitter.try_emit(EventKind::ActivityProgressed { run, text });
                    call_and_judge(ctx, cleared, foreground, stop_signal, &progress).await
                }
                Err(why) => {
                    (Outcome::Failed { message: why.clone(), trace: Vec::new() }, CallResult::Refused(why))
                }
            }
        }
    };

    let result = match &outcome {
        Outcome::Done(output) => journal_entry::Result::Succeeded(output),
        Outcome::Failed { message, trace } => journal_entry::Result::Failed { message, trace },
        _ => journal_entry::Result::Cut,
    };
    let succeeded = match result {
        journal_entry::Result::Succeeded(_) => Some(true),
        journal_entry::Result::Failed { .. } => Some(false),
        journal_entry::Result::Cut => None,
    };
    let ended = ctx.emitter.now();
    let seconds = entry.end(result, ended);
    let tolerance_met = verdict::immediate_verdict(ctx, activity, step, &outcome);
    if let Some(met) = tolerance_met {
        entry.set_tolerance_met(met);
    }
    // In our own verdict a tolerance counts wherever it was declared.
    let ours = match (tolerance_met, mode) {
        (None, CallMode::Real | CallMode::Hurried) => verdict::in_method(ctx, activity, step, &outcome),
        (met, _) => met,
    };
    let trouble = problem(ctx, activity, &outcome, &call_result);
    // As in the reference, an exit code is a value, no failure. Unexpected errors and cut calls end the run elsewhere.
    if step.section == Section::Rollbacks && succeeded == Some(false) {
        ctx.progress.add_failed_rollback(&activity.name);
    }
    let summary = if mode == CallMode::Pretended { PRETENDED.to_owned() } else { summary(&outcome) };
    let reported = ActivityOutcome { succeeded, tolerance_met: ours, summary, trouble, seconds };
    ctx.emitter
        .emit_at(ended, EventKind::ActivityEnded { run, step, outcome: reported, entry: entry.value() })
        .await;
    ctx.tell("activity_completed", || vec![activity.raw.clone().into(), entry.value()]).await;
    match call_result {
        CallResult::Refused(reason) if fired => {
            ctx.emitter.emit_at(ended, EventKind::FaultRefused { step, reason }).await;
        }
        CallResult::Unknown(reason) if fired => {
            ctx.emitter.emit_at(ended, EventKind::FaultUnconfirmed { step, reason }).await;
        }
        _ => {}
    }

    // The reference pauses even while it is being interrupted, which no operator who presses Ctrl-C wants.
    if !stop_signal.is_stopped() {
        pauses.sleep(PauseSide::After, step, &ctx.emitter, stop_signal).await?;
    }
    match outcome {
        Outcome::Done(_) | Outcome::Failed { .. } => {
            Ok(FinishedActivity { run, entry, edited: None, tolerance_met })
        }
        Outcome::UnexpectedError { message } => Err(Cutoff::UnexpectedError(message)),
        Outcome::Exit { code } => Err(Cutoff::Exit(code)),
        Outcome::KeyboardInterrupt => Err(Cutoff::KeyboardInterrupt),
        Outcome::Cancelled => Err(Cutoff::Halted),
    }
}

impl From<PauseCut> for Cutoff {
    fn from(cut: PauseCut) -> Self {
        match cut {
            PauseCut::Halted => Cutoff::Halted,
            PauseCut::Invalid(message) => Cutoff::UnexpectedError(message),
        }
    }
}

/// Returns the outcome of an activity without a usable provider.
fn outcome_of_flaw(flaw: &ActivityDefect) -> Outcome {
    match flaw {
        ActivityDefect::UnknownProvider(_) => Outcome::Done(Value::Null),
        ActivityDefect::MissingProvider(why) | ActivityDefect::MissingType(why) => {
            Outcome::UnexpectedError { message: why.to_string() }
        }
    }
}

/// Returns why a call that the journal calls a success did not do its work. Deleting a missing object is no problem.
fn problem(ctx: &RunContext, activity: &Activity, outcome: &Outcome, result: &CallResult) -> Option<String> {
    let Outcome::Done(output) = outcome else { return None };
    let method = activity.provider.raw.get("method").and_then(Value::as_str).unwrap_or_default();
    let gone = matches!(output.get("status"), Some(Value::Int(404 | 410)));
    match result {
        _ if ctx.providers.effect(activity) != Effect::Changes => None,
        _ if gone && method.eq_ignore_ascii_case("delete") => None,
        CallResult::Refused(why) | CallResult::Unknown(why) => Some(why.clone()),
        CallResult::Done => None,
    }
}

/// Returns the gate that a destructive activity has to pass, after what it changes was saved.
async fn gate<'a>(ctx: &'a RunContext, activity: &Activity, step: StepRef) -> Option<&'a dyn FireGate> {
    let gate = ctx.gate.as_deref().filter(|_| needs_consent(ctx.effect(activity), step.section))?;
    let declared = activity.provider.raw.clone().into();
    let provider = substitute(&declared, &ctx.configuration(), &Secrets::default());
    gate.prepare(step, provider.as_map().cloned().unwrap_or_default()).await;
    Some(gate)
}

/// Emits the fault event if the activity is a destructive step of the method. Returns whether it is.
async fn announce_fault(ctx: &RunContext, activity: &Activity, step: StepRef) -> bool {
    let fires =
        step.section == Section::Method && needs_consent(ctx.providers.effect(activity), step.section);
    if fires {
        let configuration = ctx.configuration();
        let label = ctx.providers.label(activity, &configuration);
        let what = format!("{}: {label}", activity.name);
        let targets = ctx.providers.targets(activity, &configuration);
        ctx.emitter.emit(EventKind::FaultFired { step, what, targets }).await;
        ctx.progress.set_fired();
    }
    fires
}

/// Returns the output or error, shortened to one line.
fn summary(outcome: &Outcome) -> String {
    let text = match outcome {
        Outcome::Done(Value::Null) => return String::new(),
        Outcome::Done(output) => match (output.get("status"), output.get("stdout")) {
            (Some(status), Some(_)) => return format!("exit {}", python_text(status)),
            (Some(status), None) if output.get("body").is_some() => return python_text(status),
            _ => python_text(output),
        },
        Outcome::Failed { message, .. } | Outcome::UnexpectedError { message } => message.clone(),
        Outcome::Exit { code } => return format!("requested an exit with {}", python_text(code)),
        Outcome::KeyboardInterrupt => return "interrupted".to_owned(),
        Outcome::Cancelled => return "cut short".to_owned(),
    };
    // Before it is cut: a part of a password would remain.
    let text = without_url_passwords(&text);
    let line: String = text.chars().take(SUMMARY).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

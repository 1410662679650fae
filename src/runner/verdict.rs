//! Whether the output of a hypothesis probe is in tolerance (experiment-format 6, 7.2).

use super::{
    call::call, consent::Cleared, context::RunContext, controls::ControlSubject, dry::is_marked,
    finished::FinishedActivity, stop_signal::StopSignal,
};
use crate::{
    experiment::{
        Activity, ActivityKind, substitute,
        tolerance::{ToleranceVerdict, evaluate},
    },
    provider::Outcome,
    session::{
        EventKind,
        console::output_warning,
        event::{Level, Section, StepRef},
    },
};
use pyvalue::{Value, python_text};

/// Returns the verdict if it is known as soon as the call has ended: no control may still change the entry, and the
/// tolerance needs no probe of its own.
pub(super) fn immediate_verdict(
    ctx: &RunContext,
    activity: &Activity,
    step: StepRef,
    outcome: &Outcome,
) -> Option<bool> {
    let judged = matches!(step.section, Section::Before | Section::During | Section::After);
    if !judged || ctx.controls.applies_to(ControlSubject::activity(activity), &ctx.experiment()) {
        return None;
    }
    match outcome {
        Outcome::Failed { .. } => Some(false),
        Outcome::Done(_) if skipped(ctx, activity) => Some(true),
        Outcome::Done(output) => {
            let configuration = ctx.configuration();
            match evaluate(activity.tolerance.as_ref(), output, &configuration, &ctx.secrets, &activity.place)
            {
                ToleranceVerdict::Met => Some(true),
                ToleranceVerdict::NotMet => Some(false),
                ToleranceVerdict::NotEvaluable(_) | ToleranceVerdict::NeedsProbe(_) => None,
            }
        }
        _ => None,
    }
}

/// Returns our own verdict on a tolerance that a probe of the method declares. The reference does not evaluate it, so
/// it changes neither the journal nor the run; a tolerance that needs another probe is not evaluated.
pub(super) fn in_method(
    ctx: &RunContext,
    activity: &Activity,
    step: StepRef,
    outcome: &Outcome,
) -> Option<bool> {
    if step.section != Section::Method || activity.kind != ActivityKind::Probe || skipped(ctx, activity) {
        return None;
    }
    let tolerance = activity.tolerance.as_ref()?;
    match outcome {
        Outcome::Failed { .. } => Some(false),
        Outcome::Done(output) => {
            let configuration = ctx.configuration();
            match evaluate(Some(tolerance), output, &configuration, &ctx.secrets, &activity.place) {
                ToleranceVerdict::Met => Some(true),
                ToleranceVerdict::NotMet => Some(false),
                ToleranceVerdict::NotEvaluable(_) | ToleranceVerdict::NeedsProbe(_) => None,
            }
        }
        _ => None,
    }
}

/// Returns the verdict, however long it takes, and emits the changed entry. The error says why there is none.
pub(super) async fn final_verdict(
    ctx: &RunContext,
    activity: &Activity,
    done: &mut FinishedActivity,
    stop_signal: &StopSignal,
) -> Result<bool, String> {
    if let Some(met) = done.tolerance_met {
        return Ok(met);
    }
    let verdict = judge(ctx, activity, done, stop_signal).await;
    let met = *verdict.as_ref().unwrap_or(&false);
    done.entry.set_tolerance_met(met);
    ctx.emitter.emit(EventKind::EntryAmended { run: done.run, entry: done.entry.value() }).await;
    verdict
}

async fn judge(
    ctx: &RunContext,
    activity: &Activity,
    done: &FinishedActivity,
    stop_signal: &StopSignal,
) -> Result<bool, String> {
    if done.entry.has_failed() {
        return Ok(false);
    }
    if skipped(ctx, activity) {
        return Ok(true);
    }
    let (configuration, output) = (ctx.configuration(), done.entry.output());
    match evaluate(activity.tolerance.as_ref(), &output, &configuration, &ctx.secrets, &activity.place) {
        ToleranceVerdict::Met => Ok(true),
        ToleranceVerdict::NotMet => Ok(false),
        ToleranceVerdict::NotEvaluable(reason) => Err(unjudged(activity, &reason)),
        ToleranceVerdict::NeedsProbe(probe) => {
            match call(ctx, Cleared::to_judge(&probe), true, stop_signal, &|_| {}).await {
                Outcome::Done(output) => {
                    // The only trace of the tolerance's probe on the console.
                    if let Some(warning) = output_warning(&Value::from(probe.raw.clone()), &output) {
                        ctx.emitter.log(Level::Warning, warning).await;
                    }
                    Ok(output.truthy())
                }
                Outcome::Failed { .. } => Ok(false),
                Outcome::UnexpectedError { message } => Err(unjudged(activity, &message)),
                Outcome::Exit { code } => Err(unjudged(
                    activity,
                    &format!("its probe requested an exit with {}", python_text(&code)),
                )),
                Outcome::KeyboardInterrupt => Err(unjudged(activity, "its probe was interrupted")),
                Outcome::Cancelled => Err(unjudged(activity, "its probe was cut short")),
            }
        }
    }
}

/// The tolerance that is evaluated, as text, with variables replaced if it is one.
pub(super) fn evaluated_tolerance(
    ctx: &RunContext,
    activity: &Activity,
    done: &FinishedActivity,
) -> Option<String> {
    let tolerance =
        activity.tolerance.as_ref().filter(|_| !done.entry.has_failed() && !skipped(ctx, activity))?;
    Some(match tolerance {
        Value::Text(_) => python_text(&substitute(tolerance, &ctx.configuration(), &ctx.secrets)),
        tolerance => python_text(tolerance),
    })
}

/// Whether the tolerance counts as met without evaluation: a probe that is not executed has no output.
fn skipped(ctx: &RunContext, activity: &Activity) -> bool {
    is_marked(activity) || ctx.options.dry.is_some_and(|dry| dry.skips_tolerances())
}

fn unjudged(activity: &Activity, reason: &str) -> String {
    format!("the tolerance of probe '{}' cannot be evaluated: {reason}", activity.name)
}

//! One pass of the steady-state hypothesis (experiment-format 7.2, 7.3).

use super::{
    Consent,
    activity::{Placement, run_activity},
    consent::{Cleared, needs_consent},
    context::RunContext,
    control_rounds,
    controls::ControlSubject,
    cursor::Cursor,
    finished::{Cutoff, FinishedActivity},
    operator_input::{NextAction, OperatorInput},
    stop_request::{StopReason, StopRequest},
    stop_signal::StopSignal,
    verdict,
};
use crate::{
    experiment::{Activity, Hypothesis},
    provider::Effect,
    session::{
        EventKind,
        event::{HypothesisPhase, Level, RunStatus, Section, StepRef},
    },
};
use pyvalue::{Map, Value};
use std::sync::Arc;

/// The result of a pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pass {
    pub met: bool,
    /// Whether a probe failed, as opposed to returning a value out of tolerance.
    pub failed: bool,
}

/// Who controls a pass.
pub(super) enum PassDriver<'a> {
    /// The operator: the pass waits at each step and receives commands.
    Operator(&'a mut OperatorInput),
    /// No operator: a continuous pass, which only the end of the run stops.
    Unattended { stop_signal: &'a StopSignal, consent: Option<Consent> },
}

/// Runs the hypothesis before the method. Returns whether the method may run.
pub(super) async fn check_before(ctx: &RunContext, operator: &mut OperatorInput) -> Result<bool, StopReason> {
    let Some(pass) = pass(ctx, HypothesisPhase::Before, PassDriver::Operator(operator)).await? else {
        return Ok(false);
    };
    if !pass.met {
        ctx.progress.set_status(if pass.failed { RunStatus::Failed } else { RunStatus::Completed });
    }
    Ok(pass.met)
}

/// Runs the hypothesis after the method: a pass that is not met is a deviation.
pub(super) async fn check_after(ctx: &RunContext, operator: &mut OperatorInput) -> Result<(), StopReason> {
    let pass = pass(ctx, HypothesisPhase::After, PassDriver::Operator(operator)).await?;
    if let Some(pass) = pass.filter(|pass| !pass.met) {
        ctx.progress.set_deviated();
        ctx.progress.set_status(if pass.failed { RunStatus::Failed } else { RunStatus::Completed });
    }
    Ok(())
}

/// Runs one pass, up to the first probe that is not met. Returns `None` if a control removed the hypothesis.
pub(super) async fn pass(
    ctx: &RunContext,
    phase: HypothesisPhase,
    mut lead: PassDriver<'_>,
) -> Result<Option<Pass>, StopReason> {
    let experiment = ctx.experiment();
    let Some(hypothesis) = experiment.hypothesis() else {
        ctx.tell_pass_start(phase).await;
        ctx.tell_pass_end(phase).await;
        return Ok(None);
    };
    let mut course = PassRun {
        ctx,
        hypothesis,
        phase,
        begun: false,
        let_in: false,
        probe: String::new(),
        shown: Vec::new(),
        skipped: Vec::new(),
    };
    let played = course.run_probes(&mut lead).await;
    let now = ctx.experiment();
    let hypothesis = now.hypothesis().unwrap_or(hypothesis);
    let (changed, ended) = lead.after(ctx, hypothesis, || course.state(&played)).await;
    let interrupted = match ended {
        Ok(()) => lead.stopped().err().map(StopReason::Halt),
        Err(_) if played.is_err() => None,
        Err(cutoff) => Some(ctx.to_stop_reason(cutoff).await),
    };
    let pass = course.conclude(played, interrupted, changed).await?;
    ctx.tell_pass_end(phase).await;
    Ok(Some(pass))
}

/// The state of a running pass.
struct PassRun<'a> {
    ctx: &'a RunContext,
    /// The hypothesis as it is when the pass begins.
    hypothesis: &'a Hypothesis,
    phase: HypothesisPhase,
    begun: bool,
    /// Whether its before-controls let it begin.
    let_in: bool,
    probe: String,
    /// The journal entries of the probes run so far.
    shown: Vec<Value>,
    /// Indices of the probes that the operator skipped.
    skipped: Vec<usize>,
}

impl PassRun<'_> {
    /// Emits the end of a begun pass, unless the run was halted in it. A result that its after-controls changed counts.
    async fn conclude(
        &mut self,
        played: Result<Pass, StopReason>,
        interrupted: Option<StopReason>,
        changed: Option<Value>,
    ) -> Result<Pass, StopReason> {
        let mut pass = match (played, interrupted) {
            (Ok(pass), None) => pass,
            (Ok(_), Some(turn)) | (Err(turn @ StopReason::Halt(_)), _) => return Err(turn),
            (Err(turn @ StopReason::Abort(_)), _) => {
                if self.begun {
                    self.end(false, None).await;
                }
                return Err(turn);
            }
        };
        if let Some(met) = changed.as_ref().and_then(|state| state.get("steady_state_met")) {
            pass.met = met.truthy();
        }
        self.end(pass.met, (!pass.met).then(|| self.probe.clone())).await;
        if let Some(pass) = changed {
            self.ctx.emitter.emit(EventKind::PassAmended { phase: self.phase, pass }).await;
        }
        Ok(pass)
    }

    async fn run_probes(&mut self, lead: &mut PassDriver<'_>) -> Result<Pass, StopReason> {
        let mut cursor = Cursor::default();
        loop {
            let experiment = self.ctx.experiment();
            let probes = experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice());
            let Some(entry) = probes.unwrap_or_default().get(cursor.index()) else { break };
            let step = StepRef { section: section(self.phase), index: cursor.index() };
            let activity = entry.activity.as_ref().map_err(ToString::to_string);
            let effect = activity.as_ref().map_or(Effect::Reads, |activity| self.ctx.effect(activity));
            let next_action = match lead {
                PassDriver::Operator(operator) => {
                    cursor.wait_for_step(operator, step, needs_consent(effect, step.section)).await?
                }
                PassDriver::Unattended { consent, .. } => NextAction::Run(consent.clone()),
            };
            self.begin(lead).await?;
            let consent = match next_action {
                // The before-controls have changed the experiment: read the probe again.
                NextAction::Run(_) if !Arc::ptr_eq(&experiment, &self.ctx.experiment()) => {
                    cursor.again();
                    continue;
                }
                NextAction::Run(consent) => consent,
                NextAction::Skip => {
                    let name =
                        activity.as_ref().map_or_else(|_| entry.name(), |activity| activity.name.clone());
                    self.skipped.push(cursor.index());
                    self.ctx.emitter.emit(EventKind::StepSkipped { step, name }).await;
                    cursor.skip();
                    continue;
                }
                NextAction::Back => {
                    cursor.back(&self.ctx.emitter).await;
                    self.skipped.retain(|index| *index < cursor.index());
                    self.shown.truncate(cursor.index() - self.skipped.len());
                    continue;
                }
            };
            self.probe = activity.as_ref().map_or_else(|_| entry.name(), |activity| activity.name.clone());
            let activity = activity.map_err(StopReason::Abort)?;
            let cleared = Cleared::new(activity, step, effect, consent.as_ref());
            let cleared = cleared.ok_or_else(|| StopReason::Abort(without_fire(activity)))?;
            match self.probe(cleared, step, lead).await {
                Ok(Probed::Met) => cursor.mark_ran(),
                Ok(Probed::NotMet { failed }) => {
                    if self.phase == HypothesisPhase::Before && lead.repeats(step).await? {
                        self.shown.pop();
                        cursor.again();
                        continue;
                    }
                    return Ok(Pass { met: false, failed });
                }
                Err(turn) => return Err(turn),
            }
        }
        self.begin(lead).await?;
        // The result of the probes; the after-controls run later and may still change it.
        self.ctx.emitter.say(Level::Info, self.summary_line()).await;
        Ok(Pass { met: true, failed: false })
    }

    /// The log line of a pass without a failed probe. With skipped probes the hypothesis is not known to be met.
    fn summary_line(&self) -> String {
        match (self.shown.len(), self.skipped.len()) {
            (_, 0) => "Steady state hypothesis is met!".to_owned(),
            (asked, skipped) => format!(
                "Steady state hypothesis: {asked} of {} probes run, the others skipped: result unknown",
                asked + skipped
            ),
        }
    }

    /// Starts the pass once its first step may run; the operator may delay that step.
    async fn begin(&mut self, lead: &mut PassDriver<'_>) -> Result<(), StopReason> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        let (phase, title) = (self.phase, self.hypothesis.title.clone());
        self.ctx.tell_pass_start(phase).await;
        self.ctx.emitter.emit(EventKind::HypothesisStarted { phase, title }).await;
        lead.before(self.ctx, self.hypothesis).await?;
        self.let_in = true;
        Ok(())
    }

    async fn probe(
        &mut self,
        cleared: Cleared<'_>,
        step: StepRef,
        lead: &mut PassDriver<'_>,
    ) -> Result<Probed, StopReason> {
        let probed = match lead {
            PassDriver::Operator(operator) => {
                let stop_signal = operator.stop_signal();
                let probed = operator
                    .run_while_receiving(&stop_signal, judged(self.ctx, cleared, step, &stop_signal))
                    .await;
                operator.check_stop()?;
                probed
            }
            PassDriver::Unattended { stop_signal, .. } => judged(self.ctx, cleared, step, stop_signal).await,
        };
        let (done, verdict) = match probed {
            Ok(probed) => probed,
            Err(cutoff) => return Err(self.ctx.to_stop_reason(cutoff).await),
        };
        if done.entry.has_failed() {
            let unjudged = "Probe terminated unexpectedly, so its tolerance could not be validated";
            self.ctx.emitter.say(Level::Warning, unjudged).await;
        }
        self.shown.push(done.entry.value());
        if verdict.map_err(StopReason::Abort)? {
            Ok(Probed::Met)
        } else {
            Ok(Probed::NotMet { failed: done.entry.has_failed() })
        }
    }

    async fn end(&self, met: bool, deviating: Option<String>) {
        let (phase, skipped) = (self.phase, self.skipped.len());
        self.ctx.emitter.emit(EventKind::HypothesisEnded { phase, met, deviating, skipped }).await;
    }

    /// The pass as controls see it.
    fn state(&self, played: &Result<Pass, StopReason>) -> Value {
        if !self.let_in {
            return Value::Null;
        }
        let met = played.as_ref().map_or(Value::Null, |pass| pass.met.into());
        let fields = [("steady_state_met", met), ("probes", self.shown.clone().into())];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map>().into()
    }
}

/// The result of one probe.
enum Probed {
    Met,
    NotMet { failed: bool },
}

/// Runs a probe and evaluates its tolerance.
async fn judged(
    ctx: &RunContext,
    cleared: Cleared<'_>,
    step: StepRef,
    stop_signal: &StopSignal,
) -> Result<(FinishedActivity, Result<bool, String>), Cutoff> {
    let mut done = run_activity(ctx, cleared, step, Placement::Foreground, stop_signal).await?;
    let edited = done.edited.take();
    let activity = edited.as_ref().unwrap_or(cleared.activity());
    if let Some(tolerance) = verdict::evaluated_tolerance(ctx, activity, &done) {
        ctx.emitter.log(Level::Debug, format!("allowed tolerance is {tolerance}")).await;
    }
    let verdict = verdict::final_verdict(ctx, activity, &mut done, stop_signal).await;
    Ok((done, verdict))
}

impl PassDriver<'_> {
    async fn before(&mut self, ctx: &RunContext, hypothesis: &Hypothesis) -> Result<(), StopReason> {
        let subject = ControlSubject::hypothesis(hypothesis);
        match self {
            PassDriver::Operator(operator) => match control_rounds::before(ctx, operator, subject).await {
                Ok(()) => Ok(()),
                Err(stopped) => Err(stopped.stop_reason(ctx).await),
            },
            PassDriver::Unattended { stop_signal, .. } => match ctx.before(subject, stop_signal).await {
                Ok(()) => Ok(()),
                Err(cutoff) => Err(ctx.to_stop_reason(cutoff).await),
            },
        }
    }

    async fn after(
        &mut self,
        ctx: &RunContext,
        hypothesis: &Hypothesis,
        state: impl FnOnce() -> Value,
    ) -> (Option<Value>, Result<(), Cutoff>) {
        let subject = ControlSubject::hypothesis(hypothesis);
        match self {
            PassDriver::Operator(operator) => control_rounds::after(ctx, operator, subject, state).await,
            PassDriver::Unattended { stop_signal, .. } => ctx.after(subject, state, stop_signal).await,
        }
    }

    /// Fails with the stop request if the run was asked to stop.
    fn stopped(&self) -> Result<(), StopRequest> {
        match self {
            PassDriver::Operator(operator) => operator.check_stop(),
            PassDriver::Unattended { stop_signal, .. } if stop_signal.is_stopped() => {
                Err(StopRequest::already_logged())
            }
            PassDriver::Unattended { .. } => Ok(()),
        }
    }

    /// Whether a probe of the pass before the method that is not met runs again. No method step has run yet, so an
    /// operator who steps manually may repair the system first; skipping the step accepts the result.
    async fn repeats(&mut self, step: StepRef) -> Result<bool, StopRequest> {
        match self {
            PassDriver::Operator(operator) if operator.steps() => {
                Ok(!matches!(operator.step(step, false).await?, NextAction::Skip))
            }
            _ => Ok(false),
        }
    }
}

fn section(phase: HypothesisPhase) -> Section {
    match phase {
        HypothesisPhase::Before => Section::Before,
        HypothesisPhase::During => Section::During,
        HypothesisPhase::After => Section::After,
    }
}

fn without_fire(activity: &Activity) -> String {
    format!("'{}' changes the system and cannot run without a fire", activity.name)
}

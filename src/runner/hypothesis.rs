//! One pass of the steady-state hypothesis (experiment-format 7.2, 7.3).

use super::{
    Consent,
    activity::{Placement, perform},
    consent::{Cleared, needs_consent},
    context::RunContext,
    controls::ControlSubject,
    cursor::Cursor,
    finished::{Cutoff, FinishedActivity},
    operator_input::{NextAction, OperatorInput},
    rounds,
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

/// What a pass came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pass {
    pub met: bool,
    /// Whether a probe failed, rather than being out of tolerance.
    pub failed: bool,
}

/// Who leads through a pass.
pub(super) enum PassDriver<'a> {
    /// The operator's side: steps are awaited, orders are heard.
    Helm(&'a mut OperatorInput),
    /// Nobody: a continuous pass, which only the end of the run stops.
    Nobody { reins: &'a StopSignal, consent: Option<Consent> },
}

/// Plays the hypothesis that guards the method; tells whether the method may be played.
pub(super) async fn check_before(ctx: &RunContext, helm: &mut OperatorInput) -> Result<bool, StopReason> {
    let Some(pass) = pass(ctx, HypothesisPhase::Before, PassDriver::Helm(helm)).await? else {
        return Ok(false);
    };
    if !pass.met {
        ctx.progress.set_status(if pass.failed { RunStatus::Failed } else { RunStatus::Completed });
    }
    Ok(pass.met)
}

/// Plays the hypothesis that follows the method: not met is a deviation.
pub(super) async fn check_after(ctx: &RunContext, helm: &mut OperatorInput) -> Result<(), StopReason> {
    let pass = pass(ctx, HypothesisPhase::After, PassDriver::Helm(helm)).await?;
    if let Some(pass) = pass.filter(|pass| !pass.met) {
        ctx.progress.set_deviated();
        ctx.progress.set_status(if pass.failed { RunStatus::Failed } else { RunStatus::Completed });
    }
    Ok(())
}

/// Plays one pass: probe by probe, to the first that is not met. `None` if a control has taken the hypothesis away.
pub(super) async fn pass(
    ctx: &RunContext,
    phase: HypothesisPhase,
    mut lead: PassDriver<'_>,
) -> Result<Option<Pass>, StopReason> {
    let experiment = ctx.experiment();
    let Some(hypothesis) = experiment.hypothesis() else { return Ok(None) };
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
        Err(cutoff) => Some(ctx.turn(cutoff).await),
    };
    course.conclude(played, interrupted, changed).await.map(Some)
}

/// The way through one pass.
struct PassRun<'a> {
    ctx: &'a RunContext,
    /// As it is when the pass begins.
    hypothesis: &'a Hypothesis,
    phase: HypothesisPhase,
    begun: bool,
    /// Whether its controls let it begin.
    let_in: bool,
    probe: String,
    /// The entries of the probes so far.
    shown: Vec<Value>,
    /// Probes that the operator left out.
    skipped: Vec<usize>,
}

impl PassRun<'_> {
    /// A pass that was begun has an end, unless the run was halted in it. The last word is that of its controls.
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
            self.ctx.voice.emit(EventKind::PassAmended { phase: self.phase, pass }).await;
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
            let go = match lead {
                PassDriver::Helm(helm) => cursor.go(helm, step, needs_consent(effect, step.section)).await?,
                PassDriver::Nobody { consent, .. } => NextAction::Run(consent.clone()),
            };
            self.begin(lead).await?;
            let consent = match go {
                // Its controls have changed what there is to be run.
                NextAction::Run(_) if !Arc::ptr_eq(&experiment, &self.ctx.experiment()) => {
                    cursor.again();
                    continue;
                }
                NextAction::Run(consent) => consent,
                NextAction::Skip => {
                    let name =
                        activity.as_ref().map_or_else(|_| entry.name(), |activity| activity.name.clone());
                    self.skipped.push(cursor.index());
                    self.ctx.voice.emit(EventKind::StepSkipped { step, name }).await;
                    cursor.skip();
                    continue;
                }
                NextAction::Back => {
                    cursor.back(&self.ctx.voice).await;
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
        // What its probes say; its controls have the last word, and come after this one.
        self.ctx.voice.log(Level::Info, self.is_met()).await;
        Ok(Pass { met: true, failed: false })
    }

    /// What is said of a pass without a probe that is not met: what was not asked is not known.
    fn is_met(&self) -> String {
        match (self.shown.len(), self.skipped.len()) {
            (_, 0) => "Steady state hypothesis is met!".to_owned(),
            (asked, skipped) => format!(
                "Steady state hypothesis: {asked} of {} probes asked, the others were skipped: not known to be met",
                asked + skipped
            ),
        }
    }

    /// The pass begins with its first step, which the operator may keep waiting.
    async fn begin(&mut self, lead: &mut PassDriver<'_>) -> Result<(), StopReason> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        let (phase, title) = (self.phase, self.hypothesis.title.clone());
        self.ctx.voice.emit(EventKind::HypothesisStarted { phase, title }).await;
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
            PassDriver::Helm(helm) => {
                let reins = helm.stop_signal();
                let probed = helm.receive_message(&reins, judged(self.ctx, cleared, step, &reins)).await;
                helm.wait_for_stop()?;
                probed
            }
            PassDriver::Nobody { reins, .. } => judged(self.ctx, cleared, step, reins).await,
        };
        let (done, verdict) = match probed {
            Ok(probed) => probed,
            Err(cutoff) => return Err(self.ctx.turn(cutoff).await),
        };
        if done.entry.has_failed() {
            let unjudged = "Probe terminated unexpectedly, so its tolerance could not be validated";
            self.ctx.voice.log(Level::Warning, unjudged).await;
        }
        self.shown.push(done.entry.value());
        match verdict.map_err(StopReason::Abort)? {
            true => Ok(Probed::Met),
            false => Ok(Probed::NotMet { failed: done.entry.has_failed() }),
        }
    }

    async fn end(&self, met: bool, deviating: Option<String>) {
        let (phase, skipped) = (self.phase, self.skipped.len());
        self.ctx.voice.emit(EventKind::HypothesisEnded { phase, met, deviating, skipped }).await;
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

/// How one probe came out.
enum Probed {
    Met,
    NotMet { failed: bool },
}

/// Plays a probe and judges its output.
async fn judged(
    ctx: &RunContext,
    cleared: Cleared<'_>,
    step: StepRef,
    reins: &StopSignal,
) -> Result<(FinishedActivity, Result<bool, String>), Cutoff> {
    let mut done = perform(ctx, cleared, step, Placement::Foreground, reins).await?;
    let edited = done.edited.take();
    let activity = edited.as_ref().unwrap_or(cleared.activity());
    let verdict = verdict::of(ctx, activity, &mut done, reins).await;
    Ok((done, verdict))
}

impl PassDriver<'_> {
    async fn before(&mut self, ctx: &RunContext, hypothesis: &Hypothesis) -> Result<(), StopReason> {
        let subject = ControlSubject::hypothesis(hypothesis);
        match self {
            PassDriver::Helm(helm) => match rounds::before(ctx, helm, subject).await {
                Ok(()) => Ok(()),
                Err(stopped) => Err(stopped.stop_reason(ctx).await),
            },
            PassDriver::Nobody { reins, .. } => match ctx.before(subject, reins).await {
                Ok(()) => Ok(()),
                Err(cutoff) => Err(ctx.turn(cutoff).await),
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
            PassDriver::Helm(helm) => rounds::after(ctx, helm, subject, state).await,
            PassDriver::Nobody { reins, .. } => ctx.after(subject, state, reins).await,
        }
    }

    /// The halt, once whoever leads was told of one.
    fn stopped(&self) -> Result<(), StopRequest> {
        match self {
            PassDriver::Helm(helm) => helm.wait_for_stop(),
            PassDriver::Nobody { reins, .. } if reins.is_stopped() => Err(StopRequest::reason()),
            PassDriver::Nobody { .. } => Ok(()),
        }
    }

    /// Whether a gate's probe that is not met is asked again. Nothing has happened yet, so whoever leads step by step
    /// may mend the system first; skipping the step accepts the verdict.
    async fn repeats(&mut self, step: StepRef) -> Result<bool, StopRequest> {
        match self {
            PassDriver::Helm(helm) if helm.steps() => {
                Ok(!matches!(helm.step(step, false).await?, NextAction::Skip))
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
    format!("'{}' changes the system and was not fired", activity.name)
}

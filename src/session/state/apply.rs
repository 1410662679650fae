//! The reducer: applies one event to the state.

use super::{
    Fault, Firing, Opening, RefusedFire, Session,
    users::{Endpoint, LearnedAnswer},
};
use crate::session::{
    Command,
    command::{Annotation, StepCommand},
    event::{
        CheckLevel, Event, EventKind, Gap, GapCause, GuardTrip, Level, OtherOperator, PlanChange,
        PreflightCheck, Source, SourceKind, SourceReport, StepRef, Timestamp, UndoResult,
    },
    wording,
};

/// The maximum number of opening tasks kept; the tasks start over once if the operator declines the sandbox.
const OPENING_TASKS: usize = 16;
/// The maximum number of preflight lines kept.
const CHECKS: usize = 64;
/// The maximum number of refused fires kept.
const REFUSALS: usize = 64;
/// Seconds after a refused fire in which damage to its targets is attributed to it.
const BELATED_S: f64 = 5.0;

impl Session {
    /// Applies one event. The only place where the state changes; uses no I/O, no clock and no randomness.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of event")]
    pub fn apply(&mut self, event: &Event) {
        let at = event.at;
        self.events += 1;
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        self.axis.begin(at);
        match &event.what {
            EventKind::Preparing { title, doing } => self.preparing(at, title, doing),
            EventKind::SandboxOffered => self.opening.offered = true,
            EventKind::SessionOpened { source, context, namespace, allowed } => {
                self.meta.source.clone_from(source);
                self.meta.context.clone_from(context);
                self.meta.namespace.clone_from(namespace);
                self.meta.allowed = *allowed;
                self.meta.opened = Some(at);
                self.opening = Opening::default();
            }
            EventKind::ClusterFound { context, namespace, allowed } => {
                self.meta.context = Some(context.clone());
                self.meta.namespace.clone_from(namespace);
                self.meta.allowed = *allowed;
            }
            EventKind::BudgetSet { seconds } => self.users.budget_s = *seconds,
            EventKind::Planned(plan) => {
                self.meta.title.clone_from(&plan.title);
                self.steps.plan(plan);
            }
            EventKind::Checked(check) => self.checked(check),
            EventKind::Fixed(fix) => self.fixed(at, fix),
            EventKind::Logged { level, target, message } => self.log.push(at, *level, target, message),
            EventKind::GuardsSet(limits) => self.guards.limits = *limits,
            EventKind::GuardTripped(trip) => self.guard_tripped(at, trip),
            EventKind::RecordSet(record) => self.meta.record = Some(record.clone()),
            EventKind::EarlierSessionsFound(earlier) => self.meta.earlier.clone_from(earlier),
            EventKind::Guardian(news) => self.guardian.apply(at, news, &mut self.log),
            EventKind::Captioned { text } => self.annotations.caption(at, text),
            EventKind::OperatorsSeen { others } => self.operators_seen(at, others),
            EventKind::Commanded(command) => self.commanded(at, command),
            EventKind::AutoSwitched { on } => self.steps.auto = *on,

            EventKind::RunStarted { title, hypothesis_strategy, rollback_strategy, dry, .. } => {
                self.meta.title.clone_from(title);
                self.run.start(at, hypothesis_strategy, rollback_strategy, dry.as_deref());
            }
            EventKind::HypothesisStarted { phase, .. } => self.run.checking = Some(*phase),
            EventKind::HypothesisEnded { phase, met, deviating, skipped } => {
                self.run.pass_ended(at, *phase, *met, deviating.clone(), *skipped);
            }
            EventKind::ContinuousStarted { frequency } => self.run.during.frequency = Some(*frequency),
            EventKind::ContinuousEnded { .. } => self.run.during.frequency = None,
            EventKind::MethodStarted { .. } | EventKind::MethodEnded => {}
            EventKind::RollbacksStarted { .. } => self.run.rolling_back = true,
            EventKind::RollbacksEnded => self.run.rolling_back = false,
            EventKind::Interrupted { reason, .. } => self.run.end_early(at, reason),
            EventKind::Aborted { message } => self.run.aborted = Some(message.clone()),
            EventKind::RunEnded { status, deviated } => {
                self.run.end(at, *status, *deviated);
                self.steps.run_ended();
                self.conclude(at);
            }
            EventKind::PassAmended { .. }
            | EventKind::EntriesAmended { .. }
            | EventKind::ExperimentAmended { .. }
            | EventKind::JournalAmended { .. } => {}
            EventKind::JournalWritten { path } => self.run.journal = Some(path.clone()),
            EventKind::RecordingStopped { reason } => {
                self.log.push(at, Level::Error, "recording", reason);
                self.meta.recording_stopped = Some(reason.clone());
            }

            EventKind::StepAwaited { step, .. } => self.steps.awaited(at, *step),
            EventKind::PauseStarted { step, side, seconds, .. } => {
                self.steps.pause_started(at, *step, *side, *seconds);
            }
            EventKind::PauseEnded { step, .. } => self.steps.pause_ended(at, *step),
            EventKind::ActivityStarted { run, step, .. } => self.steps.started(at, *run, *step),
            EventKind::ActivityProgressed { run, text } => self.steps.progressed(*run, text),
            EventKind::ActivityEnded { run, step, outcome, entry } => {
                let remark = self.users.remark_on(entry).map(str::to_owned);
                self.steps.ended(at, *run, *step, outcome, remark);
            }
            EventKind::EntryAmended { run, entry } => self.steps.amended(*run, entry),
            EventKind::StepSkipped { step, .. } => self.steps.skipped(*step),

            EventKind::Targeted(card) => self.target = Some(card.clone()),
            EventKind::KitSaved(kit) => self.undo.saved(kit),
            EventKind::KitChecked { refused } => self.undo.checked = Some((at, refused.clone())),
            EventKind::UndoBegan => self.undo.began(at),
            EventKind::UndoDone(undone) => self.undone(at, undone),
            EventKind::FaultFired { step, what, targets } => self.fired(at, *step, what, targets),
            EventKind::FaultRefused { step, reason } => self.refused(at, *step, reason),
            EventKind::FaultUnconfirmed { step, reason } => self.fire_unconfirmed(at, *step, reason),
            EventKind::FaultHealed { what } => self.healed(at, what),
            EventKind::SafetyBegan => self.safety_began(at),
            EventKind::SafetyChecked { met, wrong, last } => self.safety_checked(at, *met, wrong, *last),

            EventKind::EndpointWatched { endpoint, url, rate, deadline_ms, limit_ms, via } => {
                let mut watched = Endpoint::new(at, *endpoint, url, *rate, *deadline_ms, *limit_ms);
                watched.via.clone_from(via);
                self.users.watch(watched);
            }
            EventKind::EndpointLeft { endpoint } => self.users.leave(at, *endpoint),
            EventKind::RequestSent { endpoint, request } => {
                self.users.sent(at, *endpoint, *request, false, &self.axis, self.fault.as_ref());
            }
            EventKind::RequestWithheld { endpoint, request } => {
                self.users.sent(at, *endpoint, *request, true, &self.axis, self.fault.as_ref());
            }
            EventKind::RequestsLost { endpoint, requests } => {
                if let Some(from) = self.users.lost(*endpoint, requests) {
                    self.gaps.extend(Gap { from, to: at.max(from), cause: GapCause::PortForward });
                }
            }
            EventKind::Answered(answer) => {
                self.cluster.source_reported(Source::Users, at);
                self.users.answered(at, answer, self.fault.as_ref());
            }
            EventKind::ShapeLearned { endpoint, description, answers, unseen } => {
                let (description, unseen) = (description.clone(), unseen.clone());
                let t0 = self.t0().map(|t0| (t0, self.axis.slot_of_second(0)));
                self.users.learned(*endpoint, LearnedAnswer { description, answers: *answers, unseen }, t0);
            }
            EventKind::AnswersEnd { endpoint, end } => self.users.answers_end(*endpoint, *end),
            EventKind::PassiveSet { on } => self.users.passive = *on,
            EventKind::CallsCounted(calls) => self.users.calls.count(at, calls),
            EventKind::NotObserved(gap) => self.not_observed(at, gap),

            EventKind::PodSeen(pod) => self.cluster.pod_seen(at, pod, self.fault.as_ref().map(Fault::t0)),
            EventKind::PodGone(key) => {
                self.cluster.pod_gone(at, key);
                self.restore_refused_fire(at);
            }
            EventKind::PodsCounted { namespace, states } => self.cluster.pods_counted(at, namespace, states),
            EventKind::PodsFound(found) => self.cluster.found = Some(found.clone()),
            EventKind::ServiceSeen(endpoints) => self.cluster.service_seen(at, endpoints),
            EventKind::WorkloadSeen(workload) => {
                self.cluster.workload_seen(at, workload);
                self.restore_refused_fire(at);
            }
            EventKind::WorkloadGone { namespace, name } => {
                self.cluster.workload_gone(at, namespace, name);
                self.restore_refused_fire(at);
            }
            EventKind::ClusterNoted(note) => self.cluster.noted(at, note),
            EventKind::PodLogOpened { source } => self.cluster.log_opened(at, source),
            EventKind::PodLogged { source, lines } => self.cluster.logged(source, lines),
            EventKind::PodLogClosed { source, failed } => {
                self.cluster.log_closed(at, source, failed.as_deref());
            }
            EventKind::SourceChanged { source, state } => self.cluster.source_changed(at, *source, state),

            EventKind::Testified(testimony) => self.source_reported(at, testimony),
            EventKind::Believed(belief) => {
                if belief.state != self.breaker.state() {
                    let text = format!("{}: {}", wording::breaker(belief.state), belief.because);
                    self.log.push(at, Level::Info, "breaker", &text);
                } else if belief.restarted {
                    self.log.push(
                        at,
                        Level::Info,
                        "breaker",
                        "the breaker was reset by a restart of its process",
                    );
                }
                self.breaker.believed(at, belief);
            }
        }
    }

    fn preparing(&mut self, at: Timestamp, title: &str, doing: &str) {
        if !title.is_empty() {
            title.clone_into(&mut self.meta.title);
        }
        self.opening.offered = false;
        if self.opening.tasks.len() < OPENING_TASKS {
            self.opening.tasks.push((at, doing.to_owned()));
        }
    }

    fn checked(&mut self, check: &PreflightCheck) {
        if self.checks.len() < CHECKS {
            self.checks.push(check.clone());
        }
    }

    fn fixed(&mut self, at: Timestamp, fix: &PlanChange) {
        for check in self.checks.iter_mut().filter(|check| check.offer.as_ref() == Some(fix)) {
            check.level = CheckLevel::Ok;
            check.remedy = Some(format!("fixed for this session: {}", fix.applied_text()));
            check.offer = None;
        }
        // What was said of the old address does not hold for the new one.
        if let PlanChange::Readdress { from, .. } = fix {
            self.checks.retain(|check| check.level != CheckLevel::Know || !check.text.contains(from));
        }
        self.steps.fixed(fix);
        self.log.push(at, Level::Info, "fix", &fix.applied_text());
    }

    fn commanded(&mut self, at: Timestamp, command: &Command) {
        // The only commands that no operator gives.
        if !matches!(command, Command::Step(StepCommand::GuardAbort(_) | StepCommand::Yield(_))) {
            self.guards.held = Some(at);
        }
        match command {
            Command::Annotate(Annotation::Note(text)) => self.annotations.note(at, text),
            Command::Annotate(Annotation::Mark) => self.annotations.mark(at),
            // A prediction made after the fire does not count.
            Command::Annotate(Annotation::Predict(prediction)) if self.fault.is_none() => {
                self.prediction = Some(*prediction).filter(|prediction| !prediction.is_empty());
            }
            Command::Annotate(Annotation::Guards(limits)) => self.guards.limits = *limits,
            Command::Step(StepCommand::Pause(on)) => self.steps.paused = *on,
            // Ending the run also ends the hold.
            Command::Step(StepCommand::Abort | StepCommand::Quit) => self.steps.paused = false,
            Command::Step(StepCommand::Breakpoint(step)) => self.steps.toggle_breakpoint(*step),
            _ => {}
        }
    }

    fn operators_seen(&mut self, at: Timestamp, others: &[OtherOperator]) {
        for other in others.iter().filter(|other| !self.others.contains(other)) {
            self.log.push(at, Level::Warning, "operators", &wording::other_operator(other));
        }
        self.others = others.to_vec();
    }

    fn undone(&mut self, at: Timestamp, undone: &UndoResult) {
        for line in undone.restored.iter().chain(&undone.untouched) {
            self.log.push(at, Level::Info, "undo", line);
        }
        for line in &undone.failed {
            self.log.push(at, Level::Error, "undo", line);
        }
        self.undo.done(at, undone);
    }

    fn guard_tripped(&mut self, at: Timestamp, trip: &GuardTrip) {
        self.log.push(at, Level::Warning, "guard", &trip.because);
        self.guards.tripped.get_or_insert((at, trip.clone()));
    }

    fn fired(&mut self, at: Timestamp, step: StepRef, what: &str, targets: &[String]) {
        if self.fault.is_none() {
            self.axis.anchor(at);
            self.users.fired(at, &self.axis);
        }
        self.cluster.fired();
        // The step's arguments often name only a label; the card that was shown before named the objects.
        let shown = self.target.as_ref().filter(|card| card.step == step);
        let exact = shown.into_iter().flat_map(|card| &card.objects);
        let targets = exact.chain(targets).cloned().collect();
        let firing = Firing { at, step, what: what.to_owned(), targets, unconfirmed: None };
        self.fault.get_or_insert_with(|| Fault::new(at)).fire(firing);
        self.log.push(at, Level::Warning, "fault", what);
    }

    /// Removes a fire that changed nothing. If no fire is left, there is no fault, and what was counted under it counts
    /// as steady state.
    fn refused(&mut self, at: Timestamp, step: StepRef, reason: &str) {
        let Some(firing) = self.fault.as_mut().and_then(|fault| fault.remove_fire(step)) else { return };
        if self.fault.as_ref().is_some_and(|fault| fault.fires.is_empty()) {
            self.fault = None;
            self.axis.release();
            self.users.fire_taken_back();
        }
        // The reason from a Python activity is the API server's message, which does not name the context.
        let reason = match &self.meta.context {
            Some(context) if reason.contains("User \"") && !reason.contains("context ") => {
                format!("context {context}: {reason}")
            }
            _ => reason.to_owned(),
        };
        self.log.push(
            at,
            Level::Error,
            "fault",
            &format!("the fire was refused and changed nothing: {reason}"),
        );
        if self.refusals.len() < REFUSALS {
            self.refusals.push(RefusedFire { firing, reason, at });
        }
    }

    /// Restores a refused fire if the watch shows damage to its targets right after it: a fire that was refused
    /// halfway, such as a function's, may have taken effect all the same.
    fn restore_refused_fire(&mut self, at: Timestamp) {
        let Some(refusal) = self.refusals.last().filter(|_| self.fault.is_none()) else { return };
        let targets: Vec<&str> = refusal.firing.targets.iter().map(String::as_str).collect();
        let late = at.duration_since(refusal.at).as_secs_f64() > BELATED_S;
        if late || targets.is_empty() || self.cluster.was_hit(&targets, refusal.firing.at) != Some(true) {
            return;
        }
        let Some(RefusedFire { firing, reason, .. }) = self.refusals.pop() else { return };
        self.log.push(
            at,
            Level::Warning,
            "fault",
            &format!("the refused fire had an effect nevertheless: {reason}"),
        );
        self.axis.anchor(firing.at);
        let mut fault = Fault::new(firing.at);
        fault.fire(Firing { unconfirmed: Some(reason), ..firing });
        self.fault = Some(fault);
    }

    fn fire_unconfirmed(&mut self, at: Timestamp, step: StepRef, reason: &str) {
        if let Some(fault) = &mut self.fault {
            fault.mark_unconfirmed(step, reason);
            self.log.push(at, Level::Error, "fault", &format!("effect of the fire not confirmed: {reason}"));
        }
    }

    fn healed(&mut self, at: Timestamp, what: &str) {
        if let Some(fault) = &mut self.fault {
            fault.heal(at, what);
            self.users.healed(at);
            self.log.push(at, Level::Info, "fault", what);
        }
    }

    /// Records a gap. Requests in flight during the gap are discarded, because their outcome is unknown.
    fn not_observed(&mut self, at: Timestamp, gap: &Gap) {
        self.gaps.note(*gap);
        self.users.not_observed(gap);
        self.log.push(at, Level::Warning, "gap", &wording::gap(gap));
    }

    fn source_reported(&mut self, at: Timestamp, testimony: &SourceReport) {
        match testimony.witness {
            SourceKind::Health => self.cluster.source_reported(Source::Health, at),
            SourceKind::Metrics => self.cluster.source_reported(Source::Metrics, at),
            SourceKind::Actuator | SourceKind::Hystrix | SourceKind::Mesh | SourceKind::Answers => {}
        }
        self.breaker.report(at, testimony);
    }
}

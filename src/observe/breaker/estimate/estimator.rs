//! The estimator: combines events and readings into a belief about the breaker's state.

use super::{
    answers::{self, AnswerEvidence, AnswerPattern, AnswerStage},
    health::HealthPage,
    named_sources::{ChosenBreaker, NamedSources, STALE_S},
    outgoing::Counters,
    seconds,
    weighing::{self, Opinion, OtherEvidence, weigh},
};
use crate::{
    observe::breaker::reading::{Reading, SourceId, SourceMessage},
    session::{
        event::{
            Belief, BreakerState, Confidence, EndpointId, Event, EventKind, NamedState, Pod, PodKey,
            ServiceEndpoints, SourceClaim, SourceKind, SourceReport, Timestamp, Transition,
        },
        wording,
    },
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The maximum number of pods whose restarts are tracked.
const PODS: usize = 256;
/// The maximum number of services without endpoints that are tracked.
const SERVICES: usize = 256;
/// The maximum number of sources whose latest reading is kept.
const SOURCES: usize = 128;
/// The share of the failed calls that must have left the consumer to conclude that no breaker holds them back.
const LEFT: f64 = 0.8;

/// The latest reading of a source.
#[derive(Clone, Debug)]
struct LatestReading {
    at: Timestamp,
    since: Timestamp,
    reading: Reading,
}

/// Estimates the state of one breaker.
pub(in crate::observe::breaker) struct BreakerEstimator {
    endpoint: EndpointId,
    answers: AnswerEvidence,
    named_sources: NamedSources,
    health: HealthPage,
    latest: BTreeMap<SourceId, LatestReading>,
    /// The calls counted behind the breaker.
    outgoing: Counters,
    /// The seconds that the breaker stays open, from configuration.
    reset: Option<f64>,
    /// The time of the first fire.
    fault: Option<Timestamp>,
    none_seen: bool,
    /// Whether a breaker has been observed.
    shown: bool,
    /// Services that have no ready endpoint now.
    empty_services: HashSet<(String, String)>,
    /// Whether a service lost its endpoints since users last got real answers: the network may refuse calls to it.
    lost_endpoints: bool,
    /// Whether users got real answers at the latest judgement.
    well: bool,
    /// The objects hit; pods of other owners are bystanders, and the consumer is among them.
    targets: Vec<String>,
    restarts: HashMap<PodKey, u32>,
    /// Bystanders that are being restarted; the consumer may be among them.
    starting: HashSet<PodKey>,
    /// Whether the breaker's process has restarted since the latest belief.
    restarted: bool,
    /// Whether the transitions of the cycle that proved the breaker have been emitted.
    proved: bool,
    /// The time up to which transitions dated by a source have been emitted.
    emitted_until: Option<Timestamp>,
    belief: Option<Belief>,
}

impl BreakerEstimator {
    pub(in crate::observe::breaker) fn new(endpoint: EndpointId, reset: Option<f64>) -> Self {
        Self {
            endpoint,
            answers: AnswerEvidence::new(),
            named_sources: NamedSources::default(),
            health: HealthPage::default(),
            latest: BTreeMap::new(),
            outgoing: Counters::default(),
            reset,
            fault: None,
            none_seen: false,
            shown: false,
            empty_services: HashSet::new(),
            lost_endpoints: false,
            well: false,
            targets: Vec::new(),
            restarts: HashMap::new(),
            starting: HashSet::new(),
            restarted: false,
            proved: false,
            emitted_until: None,
            belief: None,
        }
    }

    /// Handles a message from a source: a reading, or its silence.
    pub(in crate::observe::breaker) fn handle(&mut self, at: Timestamp, heard: &SourceMessage) {
        let reading = match heard {
            SourceMessage::Silent { source, .. } => {
                self.latest.remove(source);
                return self.named_sources.silent(source);
            }
            SourceMessage::Reading(reading) => reading,
        };
        if self.named_sources.handle(at, reading, self.fault.is_some()) {
            self.reset_after_restart();
        }
        if reading.source.kind == SourceKind::Health {
            self.health.handle(at, reading.claim);
        }
        self.outgoing.handle(at, reading);
        if self.latest.len() < SOURCES || self.latest.contains_key(&reading.source) {
            let before = self.latest.get(&reading.source);
            let same = before.filter(|before| before.reading.claim == reading.claim);
            let since = same.map_or(at, |before| before.since);
            self.latest.insert(reading.source.clone(), LatestReading { at, since, reading: reading.clone() });
        }
    }

    /// Handles an event of the session.
    pub(in crate::observe::breaker) fn follow(&mut self, event: &Event) {
        match &event.what {
            EventKind::EndpointWatched { endpoint, limit_ms, .. } if *endpoint == self.endpoint => {
                self.answers.limit(*limit_ms as f64);
            }
            EventKind::RequestSent { endpoint, request } if *endpoint == self.endpoint => {
                self.answers.sent(event.at, *request);
            }
            EventKind::Answered(answer) if answer.endpoint == self.endpoint => {
                self.answers.answered(event.at, answer);
            }
            EventKind::RequestWithheld { endpoint, request } if *endpoint == self.endpoint => {
                self.answers.drop_request(*request);
            }
            EventKind::EndpointLeft { endpoint } if *endpoint == self.endpoint => {
                self.answers.drop_in_flight();
            }
            EventKind::RequestsLost { endpoint, requests } if *endpoint == self.endpoint => {
                for request in requests {
                    self.answers.drop_request(*request);
                }
            }
            EventKind::NotObserved(_) => self.answers.drop_in_flight(),
            EventKind::AnswersEnd { endpoint, end } if *endpoint == self.endpoint => self.answers.end(*end),
            EventKind::FaultFired { targets, .. } => {
                self.fault.get_or_insert(event.at);
                self.answers.fault();
                self.targets.extend(targets.iter().cloned());
                self.targets.truncate(PODS);
            }
            EventKind::ServiceSeen(service) => self.follow_service(service),
            EventKind::PodSeen(pod) if pod.in_play => self.follow_pod(pod),
            EventKind::PodGone(pod) => {
                self.starting.remove(pod);
                self.restarts.remove(pod);
            }
            _ => {}
        }
    }

    /// Tracks restarts: a bystander whose container restarted may be the consumer, whose new process has a closed
    /// breaker.
    fn follow_pod(&mut self, pod: &Pod) {
        if self.restarts.len() >= PODS && !self.restarts.contains_key(&pod.key) {
            return;
        }
        let restarts = pod.containers.iter().map(|container| container.restarts).fold(0, u32::saturating_add);
        let victim = self.targets.iter().any(|target| {
            target.contains(&pod.key.name) || pod.owner.as_ref().is_some_and(|owner| target.contains(owner))
        });
        let before = self.restarts.insert(pod.key.clone(), restarts);
        if before.is_some_and(|before| restarts > before) && !victim {
            self.named_sources.restarted();
            self.latest.clear();
            self.outgoing.restarted();
            self.reset_after_restart();
            self.starting.insert(pod.key.clone());
        }
        if pod.containers.iter().all(|container| container.ready) && self.starting.remove(&pod.key) {
            // Calls that failed while the process was down are no evidence about the breaker that begins now.
            self.answers.restarted();
        }
    }

    fn reset_after_restart(&mut self) {
        self.answers.restarted();
        self.health.restarted();
        self.restarted = true;
    }

    fn follow_service(&mut self, service: &ServiceEndpoints) {
        let name = (service.namespace.clone(), service.name.clone());
        if service.ready > 0 {
            self.empty_services.remove(&name);
        } else if self.empty_services.len() < SERVICES {
            self.empty_services.insert(name);
            self.lost_endpoints = true;
        }
    }

    /// Whether users got real answers at the latest judgement.
    pub(in crate::observe::breaker) fn users_are_well(&self) -> bool {
        self.well
    }

    /// Returns the report of the answers and the present belief.
    pub(in crate::observe::breaker) fn judge(&mut self, now: Timestamp) -> (SourceReport, Belief) {
        self.answers.may_refuse(self.lost_endpoints);
        let look = self.answers.pattern(now, self.reset.or(self.named_sources.reset()));
        let answers = &self.answers;
        self.health.examine(now, &look, |from| answers.real_since(from));
        let (says, ground) = answers::report(&look);
        let testimony = SourceReport::new(SourceKind::Answers, says, ground);
        let meant = self.named_sources.choose(
            now,
            &look,
            |from| answers.real_since(from),
            |from, to| answers.slow_between(from, to, now),
            |from| answers.turned_away_since(from, now),
        );
        self.shown |=
            look.proven || meant.as_ref().is_some_and(|meant| meant.opinion.state.is_breaker_state());
        let opinion = match &meant {
            Some(meant) => meant.opinion.clone(),
            None if !self.starting.is_empty() => starting(),
            None if self.health.differs(now) => several(look.proven),
            None => weigh(&look, &self.known(now, &look)),
        };
        let cut = matches!(look.stage, AnswerStage::Cut(_) | AnswerStage::Trial(_));
        self.none_seen = (self.none_seen || opinion.state == BreakerState::NoBreakerSeen)
            && !look.proven
            && !(cut && opinion.state != BreakerState::NoBreakerSeen);
        self.well = matches!(look.stage, AnswerStage::Fine { .. }) && self.empty_services.is_empty();
        self.lost_endpoints &= !self.well;
        let belief = self.believe(&opinion, meant, &look, &testimony, now);
        (testimony, belief)
    }

    /// The report of a reading. A health page makes a claim about the breaker only after it was learned to be the
    /// breaker's.
    pub(in crate::observe::breaker) fn answers_report(&self, reading: &Reading) -> SourceReport {
        let mut testimony = reading.report();
        if reading.source.kind == SourceKind::Health && reading.breakers.is_empty() && !self.health.learned()
        {
            testimony.says = SourceClaim::Nothing;
        }
        if let [one] = reading.breakers.as_slice() {
            (testimony.says, testimony.ground) = (one.says, one.ground.clone());
        } else if let Some(name) = self.belief.as_ref().and_then(|belief| belief.breaker.as_ref())
            && let Some(one) = reading.breakers.iter().find(|one| one.name == *name)
        {
            (testimony.says, testimony.ground) = (one.says, one.ground.clone());
        }
        testimony
    }

    fn known(&self, now: Timestamp, look: &AnswerPattern) -> OtherEvidence {
        let (not_open, not_closed) = self.named_sources.one_sided(now);
        let limits = self.latest.values().flat_map(|latest| &latest.reading.limits);
        OtherEvidence {
            health_open: self.health.open(look.proven),
            not_closed,
            not_open,
            shown: look.proven || (self.shown && self.named_sources.names_one()),
            none_seen: self.none_seen,
            calls_leave: self.calls_leave(look),
            may_refuse: self.lost_endpoints,
            limit: limits.into_iter().next().cloned(),
        }
    }

    /// Whether the failing calls are counted behind the breaker, so that nothing holds them back; returns the evidence.
    fn calls_leave(&self, look: &AnswerPattern) -> Option<String> {
        let (since, failed) = look.stage.failed_for_long()?;
        let (left, series) = self.outgoing.left(since)?;
        (left as f64 >= f64::from(failed) * LEFT).then(|| format!("{left} calls left since: {series}"))
    }

    fn believe(
        &mut self,
        opinion: &Opinion,
        meant: Option<ChosenBreaker>,
        look: &AnswerPattern,
        answers: &SourceReport,
        now: Timestamp,
    ) -> Belief {
        let state = opinion.state;
        let mut weighed = self.weighed(state, meant.as_ref(), look, answers, now);
        weighed.grounds.extend(opinion.because.clone());
        let last = self.belief.as_ref();
        if weighed.grounds.is_empty() {
            weighed.grounds.push(match last.filter(|belief| belief.state.is_breaker_state()) {
                Some(belief) => {
                    format!("all sources are silent; last known: {}", wording::breaker(belief.state))
                }
                None => "no source has reported yet".to_owned(),
            });
        }
        let restarted = std::mem::take(&mut self.restarted);
        if restarted {
            weighed.grounds.push("the breaker was reset by a restart of its process".to_owned());
        }
        let told = meant.as_ref().map(|meant| &meant.report);
        let missed = match told {
            Some(told) if told.transitions.is_empty() => self.named_sources.missed(&told.name),
            Some(told) => self.missed(&told.transitions),
            None => self.proof(state, look),
        };
        let last = self.belief.as_ref();
        let since = match last {
            // It opened again after an unobserved trial: the countdown to the next trial begins there.
            Some(last) if last.state == state && !restarted && !missed.is_empty() => {
                let anew = meant.as_ref().map_or(last.since, |meant| meant.since);
                anew.clamp(last.since, now.max(last.since))
            }
            Some(last) if last.state == state && !restarted => last.since,
            // A state cannot begin before the previous one.
            Some(last) => {
                let since = weighed.since.into_iter().min().unwrap_or(now);
                since.clamp(last.since, now.max(last.since))
            }
            None => weighed.since.into_iter().min().unwrap_or(now).min(now),
        };
        let reset = told.and_then(|told| told.sleep_window_s);
        let reset = reset.or(self.reset).or(self.named_sources.reset()).or(look.reset);
        let exact = told.and_then(|told| told.next_trial);
        let due = || since.checked_add(jiff::SignedDuration::from_secs_f64(reset?)).ok();
        let next_trial = exact.or_else(due).filter(|_| state == BreakerState::Open);
        let named = self.named_sources.named(now);
        let name = meant.as_ref().map(|meant| meant.name.clone()).filter(|name| !name.is_empty());
        let several = named.len() > 1 || meant.is_none();
        let others: Vec<NamedState> = named
            .into_iter()
            .filter(|one| several && meant.as_ref().is_none_or(|meant| meant.name != one.name))
            .collect();
        let belief = Belief {
            agreeing: weighed.agreeing,
            spoke: weighed.spoke,
            next_trial,
            breaker: name,
            others,
            replicas: meant.as_ref().map(|meant| meant.replicas.clone()).unwrap_or_default(),
            counts: meant.as_ref().and_then(|meant| meant.report.counts),
            rejected: meant.as_ref().and_then(|meant| meant.report.rejected),
            fallback_ratio: meant.as_ref().and_then(|meant| meant.report.fallback_ratio),
            restarted,
            missed,
            ..Belief::new(state, opinion.confidence, since, weighed.grounds.join("; "))
        };
        self.belief = Some(belief.clone());
        belief
    }

    /// Collects which sources make a claim, how many agree with `state`, and the grounds.
    fn weighed(
        &self,
        state: BreakerState,
        meant: Option<&ChosenBreaker>,
        look: &AnswerPattern,
        answers: &SourceReport,
        now: Timestamp,
    ) -> WeighedBelief {
        let mut weighed = WeighedBelief::default();
        if let Some(meant) = meant {
            weighed.since.push(meant.since);
            if !meant.replicas.is_empty() {
                weighed.grounds.push(wording::replicas(&meant.replicas));
            }
        }
        for latest in self.latest.values().filter(|latest| seconds(latest.at, now) <= STALE_S) {
            let reading = &latest.reading;
            let told = meant.and_then(|meant| reading.breakers.iter().find(|one| one.name == meant.name));
            let (says, ground) = match (told, reading.breakers.as_slice()) {
                (Some(told), _) => (told.says, told.ground.clone()),
                (None, [one]) => (one.says, one.ground.clone()),
                (None, _) => (reading.claim, reading.ground.clone()),
            };
            if says == SourceClaim::Nothing && reading.breakers.is_empty() {
                continue;
            }
            let health = reading.source.kind == SourceKind::Health && reading.breakers.is_empty();
            let doubt = self.health.doubt(look.proven).filter(|_| health);
            let kind = kind(reading.source.kind);
            // A health page that was not learned to be the breaker's does not count.
            if health && !self.health.learned() {
                let why = doubt.map(|why| format!(", which {why}")).unwrap_or_default();
                weighed.grounds.push(format!("{kind} {ground}{why}"));
                continue;
            }
            weighed.spoke = weighed.spoke.saturating_add(1);
            if let Some(why) = doubt {
                weighed.grounds.push(format!("{kind} {ground}, which {why}"));
            } else {
                weighed.grounds.push(format!("{kind} {ground}"));
                weighed.agreeing = weighed.agreeing.saturating_add(u8::from(agrees(says, state)));
            }
        }
        if look.stage != AnswerStage::Unknown {
            // Calls that are cut short fit an open breaker, though they do not prove one.
            let fits = match look.stage {
                AnswerStage::Cut(_) => true,
                AnswerStage::Failing(failing) => failing.slow == 0,
                _ => false,
            };
            let fits = fits && state == BreakerState::Open || agrees(answers.says, state);
            weighed.agreeing = weighed.agreeing.saturating_add(u8::from(fits));
            // Answers that fit every state do not count as disagreement.
            let speaks = fits || answers.says != SourceClaim::Nothing;
            weighed.spoke = weighed.spoke.saturating_add(u8::from(speaks));
            weighed.grounds.push(answers.ground.clone());
            weighed.since.extend(look.stage.since().filter(|_| meant.is_none()));
        }
        weighed
    }

    /// The opening and the trial that proved a breaker; they could not be recognized as such while they lasted.
    fn proof(&mut self, state: BreakerState, look: &AnswerPattern) -> Vec<Transition> {
        use BreakerState::{Closed, HalfOpen, Open};
        let Some((cut, trial)) = look.proof.filter(|_| !self.proved && state.is_breaker_state()) else {
            return Vec::new();
        };
        self.proved = true;
        vec![
            Transition { at: cut, from: Closed, to: Open },
            Transition { at: trial, from: Open, to: HalfOpen },
        ]
    }

    /// Transitions that a source dates and that were not emitted, except the latest, which led to the present state.
    fn missed(&mut self, transitions: &[Transition]) -> Vec<Transition> {
        let [earlier @ .., last] = transitions else { return Vec::new() };
        let first = self.emitted_until.is_none();
        let told = self.emitted_until.replace(last.at).unwrap_or(last.at);
        earlier.iter().filter(|one| !first && one.at > told).copied().collect()
    }
}

#[derive(Default)]
struct WeighedBelief {
    spoke: u8,
    agreeing: u8,
    grounds: Vec<String>,
    since: Vec<Timestamp>,
}

fn kind(witness: SourceKind) -> &'static str {
    match witness {
        SourceKind::Actuator => "actuator",
        SourceKind::Hystrix => "hystrix",
        SourceKind::Metrics => "metrics",
        SourceKind::Mesh => "mesh",
        SourceKind::Health => "health",
        SourceKind::Answers => "answers",
    }
}

fn starting() -> Opinion {
    weighing::opinion(BreakerState::Unknown, Confidence::CannotTell)
        .because("its pod is restarting: a new process begins with a closed breaker")
}

/// The health page alternates, so several processes answer; if a breaker was proven, their breakers differ, too.
fn several(proven: bool) -> Opinion {
    let opinion = if proven {
        weighing::opinion(BreakerState::Mixed, Confidence::Likely)
    } else {
        weighing::opinion(BreakerState::Unknown, Confidence::CannotTell)
    };
    opinion.because("its health page alternates within seconds: several processes answer")
}

/// Whether a claim supports a state. "Not open" supports closed and none, but not half-open.
fn agrees(says: SourceClaim, state: BreakerState) -> bool {
    use BreakerState::{Closed, ClosedOrNone, FallbackAtOnce, NoBreakerSeen, Open};
    match says {
        SourceClaim::State(ClosedOrNone) => matches!(state, Closed | ClosedOrNone | NoBreakerSeen),
        SourceClaim::State(FallbackAtOnce) => matches!(state, FallbackAtOnce | Open),
        SourceClaim::State(said) => said == state,
        SourceClaim::Not(said) => said != state && matches!(state, Closed | ClosedOrNone | NoBreakerSeen),
        SourceClaim::Nothing => false,
    }
}

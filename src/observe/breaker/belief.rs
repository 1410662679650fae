//! The court: weighs what the witnesses say and believes something. Pure: no clock, no network.
//!
//! *Sure* takes a direct source that nobody contradicts, or two independent witnesses. One witness alone makes *likely*.
//! Else it *cannot tell*, and says which explanations fit.

use super::{
    answers::{self, Answers, Stage},
    turns::Turns,
    weigh::{Known, Opinion, opinion, weigh},
};
use crate::session::{
    event::{
        Belief, BreakerState, EndpointId, Event, Pod, PodKey, Says, ServiceEndpoints, Testimony, Timestamp,
        What, Witness,
    },
    wording,
};
use std::collections::{HashMap, HashSet};

/// Seconds after which a statement is stale.
const STALE_S: f64 = 3.0;
/// Seconds after which a health page that contradicts the answers is no longer listened to.
const PATIENCE_S: f64 = 3.0;
/// Answers that must contradict it.
const CONTRADICTIONS: u32 = 3;
/// Pods whose restarts are followed.
const PODS: usize = 256;
/// Services without endpoints that are followed.
const SERVICES: usize = 256;

/// What a witness last said.
#[derive(Clone, Debug)]
struct Heard {
    at: Timestamp,
    since: Timestamp,
    says: Says,
    ground: String,
}

/// The court.
pub(super) struct Court {
    endpoint: EndpointId,
    answers: Answers,
    health: Option<Heard>,
    metrics: Option<Heard>,
    /// What the metrics page counted last.
    turns: Option<Turns>,
    /// Whether the health page ever failed: only then its 200 means something.
    health_failed: bool,
    /// Why the health page is not listened to.
    health_misleads: Option<&'static str>,
    /// Seconds the breaker stays open, from configuration or from the latest full cycle.
    reset: Option<f64>,
    /// Whether it was found that there is no breaker.
    none_seen: bool,
    /// Services that nobody is behind now.
    empty_services: HashSet<(String, String)>,
    /// Whether there were some since users were last well: the network may refuse calls to them.
    lost_endpoints: bool,
    /// The objects hit; pods of other owners are bystanders, the consumer among them.
    targets: Vec<String>,
    restarts: HashMap<PodKey, u32>,
    /// Bystanders that are being started again, the consumer perhaps among them.
    starting: HashSet<PodKey>,
    belief: Option<Belief>,
}

impl Court {
    pub(super) fn new(endpoint: EndpointId, reset: Option<f64>) -> Self {
        Self {
            endpoint,
            answers: Answers::new(),
            health: None,
            metrics: None,
            turns: None,
            health_failed: false,
            health_misleads: None,
            reset,
            none_seen: false,
            empty_services: HashSet::new(),
            lost_endpoints: false,
            targets: Vec::new(),
            restarts: HashMap::new(),
            starting: HashSet::new(),
            belief: None,
        }
    }

    /// Takes note of what a metrics page counts, before it is heard. What is to be believed first, if the breaker was
    /// half-open between two looks and is so no more: a trial that failed, or worked, before anybody could see it.
    pub(super) fn count(
        &mut self,
        at: Timestamp,
        testimony: &Testimony,
        turns: Option<Turns>,
    ) -> Option<Belief> {
        if testimony.witness != Witness::Metrics {
            return None;
        }
        let earlier = std::mem::replace(&mut self.turns, turns);
        let trials = self.turns.as_ref()?.since(&earlier?);
        let looked = self.metrics.as_ref().filter(|heard| heard.says == Says::State(BreakerState::Open))?.at;
        let last = self.belief.as_ref().filter(|belief| belief.state == BreakerState::Open)?;
        let became = match testimony.says {
            Says::State(BreakerState::Open) => "the trial call failed",
            Says::State(BreakerState::Closed) => "the trial calls worked",
            _ => return None,
        };
        if trials == 0 {
            return None;
        }
        // It was somewhere between the two looks.
        let since = looked.checked_add(at.duration_since(looked) / 2).unwrap_or(at).clamp(last.since, at);
        self.reset = Some(seconds(last.since, since)).filter(|reset| *reset > 0.0).or(self.reset);
        let belief = Belief {
            state: BreakerState::HalfOpen,
            confidence: crate::session::event::Confidence::Sure,
            since,
            agreeing: 1,
            spoke: 1,
            because: format!("metrics counted a turn to half-open since the last look; {became}"),
            next_trial: None,
        };
        // It opened anew, if it did.
        self.metrics.iter_mut().for_each(|heard| heard.since = since);
        self.belief = Some(belief.clone());
        Some(belief)
    }

    /// Takes note of what a page witness says.
    pub(super) fn hear(&mut self, at: Timestamp, testimony: &Testimony) {
        let heard = match testimony.witness {
            Witness::Health => {
                self.health_failed |= testimony.says == Says::State(BreakerState::Open);
                &mut self.health
            }
            Witness::Metrics => &mut self.metrics,
            Witness::Answers => return,
        };
        let since =
            heard.as_ref().filter(|heard| heard.says == testimony.says).map_or(at, |heard| heard.since);
        *heard = Some(Heard { at, since, says: testimony.says, ground: testimony.ground.clone() });
    }

    /// Takes note of a fact of the session.
    pub(super) fn follow(&mut self, event: &Event) {
        match &event.what {
            What::RequestSent { endpoint, request } if *endpoint == self.endpoint => {
                self.answers.sent(event.at, *request);
            }
            What::Answered(answer) if answer.endpoint == self.endpoint => {
                self.answers.answered(event.at, answer)
            }
            What::EndpointLeft { endpoint } if *endpoint == self.endpoint => self.answers.left(),
            What::AnswersEnd { endpoint, end } if *endpoint == self.endpoint => self.answers.end(*end),
            What::NotObserved(_) => self.answers.left(),
            What::FaultFired { targets, .. } => {
                self.answers.fault();
                self.targets.extend(targets.iter().cloned());
                self.targets.truncate(PODS);
            }
            What::ServiceSeen(service) => self.follow_service(service),
            What::PodSeen(pod) if pod.in_play => self.follow_pod(pod),
            What::PodGone(pod) => {
                self.starting.remove(pod);
            }
            _ => {}
        }
    }

    /// A bystander whose container was started again may be the consumer: a new process has a closed breaker.
    fn follow_pod(&mut self, pod: &Pod) {
        if self.restarts.len() >= PODS && !self.restarts.contains_key(&pod.key) {
            return;
        }
        let restarts = pod.containers.iter().map(|container| container.restarts).sum();
        let victim = self.targets.iter().any(|target| {
            target.contains(&pod.key.name) || pod.owner.as_ref().is_some_and(|owner| target.contains(owner))
        });
        let before = self.restarts.insert(pod.key.clone(), restarts);
        if before.is_some_and(|before| restarts > before) && !victim {
            self.answers.restarted();
            // What the old process said and counted is not about the new one.
            (self.health, self.metrics, self.turns) = (None, None, None);
            self.starting.insert(pod.key.clone());
        }
        if pod.containers.iter().all(|container| container.ready) && self.starting.remove(&pod.key) {
            // What failed while nobody was there to answer says nothing about the breaker that begins now.
            self.answers.restarted();
        }
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

    /// What the answers say now, and what is believed.
    pub(super) fn judge(&mut self, now: Timestamp) -> (Testimony, Belief) {
        let stage = self.answers.stage(now, self.reset);
        self.examine_health(now, &stage);
        let (says, ground) = answers::testimony(&stage);
        let testimony = Testimony { witness: Witness::Answers, says, ground };
        let opinion = self.form_opinion(&stage, now);
        self.none_seen |= opinion.state == BreakerState::NoneSeen;
        let well = matches!(stage, Stage::Fine { .. }) && self.empty_services.is_empty();
        self.lost_endpoints &= !well;
        let belief = self.believe(opinion, &stage, &testimony, now);
        (testimony, belief)
    }

    /// A page that fails while users get real answers, or while calls are not cut short, is not about the breaker.
    fn examine_health(&mut self, now: Timestamp, stage: &Stage) {
        let Some(health) =
            self.health.as_ref().filter(|health| health.says == Says::State(BreakerState::Open))
        else {
            return;
        };
        if self.health_misleads.is_some() || seconds(health.since, now) < PATIENCE_S {
            return;
        }
        // The breaker may have opened up to one poll before the page was seen to fail, not after.
        let (real, slow, fast) = self.answers.since(health.since);
        self.health_misleads = match stage {
            Stage::Fine { .. } if real >= CONTRADICTIONS => Some("fails though users get real answers"),
            Stage::Failing { .. } if slow >= CONTRADICTIONS && fast == 0 => {
                Some("fails though nobody cuts calls short")
            }
            _ => None,
        };
    }

    fn fresh(heard: &Option<Heard>, now: Timestamp) -> Option<&Heard> {
        heard.as_ref().filter(|heard| seconds(heard.at, now) <= STALE_S && heard.says != Says::Nothing)
    }

    fn form_opinion(&self, stage: &Stage, now: Timestamp) -> Opinion {
        use crate::session::event::Confidence::{Likely, Sure};
        use BreakerState::{Closed, HalfOpen, Open};
        let metrics = Self::fresh(&self.metrics, now).map(|heard| heard.says);
        let health =
            Self::fresh(&self.health, now).filter(|_| self.health_misleads.is_none()).map(|heard| heard.says);
        if let Some(Says::State(state)) = metrics {
            let against = matches!((state, stage), (Open, Stage::Fine { .. }) | (Closed, Stage::Open { .. }));
            return match against {
                true => opinion(state, Likely)
                    .because("the answers look otherwise: is this series about this breaker?"),
                false => opinion(state, Sure),
            };
        }
        if !self.starting.is_empty() {
            return opinion(BreakerState::Unknown, crate::session::event::Confidence::CannotTell)
                .because("its pod is being started again: a new process begins with a closed breaker");
        }
        let known = Known {
            open: health == Some(Says::State(Open)),
            not_open: health == Some(Says::Not(Open)) || metrics == Some(Says::Not(Open)),
            health_failed: self.health_failed,
            was_open: matches!(self.belief.as_ref().map(|belief| belief.state), Some(Open | HalfOpen)),
            none_seen: self.none_seen,
            may_refuse: self.reset.is_none() && self.lost_endpoints,
        };
        weigh(stage, known)
    }

    fn believe(&mut self, opinion: Opinion, stage: &Stage, answers: &Testimony, now: Timestamp) -> Belief {
        let state = opinion.state;
        let pages = [(Witness::Metrics, &self.metrics), (Witness::Health, &self.health)];
        let mut spoke = 0;
        let mut agreeing = 0;
        let mut grounds = Vec::new();
        let mut since = Vec::new();
        for (witness, heard) in pages {
            let Some(heard) = Self::fresh(heard, now) else { continue };
            spoke += 1;
            let misleads = self.health_misleads.filter(|_| witness == Witness::Health);
            let name = if witness == Witness::Health { "health" } else { "metrics" };
            match misleads {
                Some(why) => grounds.push(format!("{name} {}, which {why}", heard.ground)),
                None => {
                    grounds.push(format!("{name} {}", heard.ground));
                    agreeing += u8::from(agrees(heard.says, state));
                    since.extend((heard.says == Says::State(state)).then_some(heard.since));
                }
            }
        }
        if answers.says != Says::Nothing || *stage != Stage::Unknown {
            spoke += 1;
            // Calls that fail at once fit an open breaker, though they do not prove one.
            let cut = matches!(stage, Stage::Failing { slow: 0, .. } | Stage::Open { .. });
            let fits = cut && state == BreakerState::Open;
            agreeing += u8::from(agrees(answers.says, state) || fits);
            grounds.push(answers.ground.clone());
            since.extend(stage.since().filter(|_| answers.says == Says::State(state)));
        }
        grounds.extend(opinion.because.map(str::to_owned));
        let last = self.belief.as_ref();
        if grounds.is_empty() {
            grounds.push(match last.filter(|belief| belief.state != BreakerState::Unknown) {
                Some(belief) => {
                    format!("all witnesses are silent; last known: {}", wording::breaker(belief.state))
                }
                None => "no witness has spoken yet".to_owned(),
            });
        }
        let since = match last {
            Some(last) if last.state == state => last.since,
            // No state reaches back behind the one before it.
            Some(last) => since.into_iter().min().unwrap_or(now).clamp(last.since, now.max(last.since)),
            None => since.into_iter().min().unwrap_or(now).min(now),
        };
        if let Some(last) =
            last.filter(|last| last.state == BreakerState::Open && state == BreakerState::HalfOpen)
        {
            self.reset = Some(seconds(last.since, since)).filter(|reset| *reset > 0.0).or(self.reset);
        }
        let reset = self.reset.filter(|_| state == BreakerState::Open);
        let next_trial =
            reset.and_then(|reset| since.checked_add(jiff::SignedDuration::from_secs_f64(reset)).ok());
        let because = grounds.join("; ");
        let belief =
            Belief { state, confidence: opinion.confidence, since, agreeing, spoke, because, next_trial };
        self.belief = Some(belief.clone());
        belief
    }
}

/// Whether a statement speaks for a state. "Not open" fits closed and none; for half-open it cannot tell.
fn agrees(says: Says, state: BreakerState) -> bool {
    match says {
        Says::State(said) => said == state,
        Says::Not(said) => said != state && matches!(state, BreakerState::Closed | BreakerState::NoneSeen),
        Says::Nothing => false,
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

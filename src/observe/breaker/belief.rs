//! The court: weighs what the witnesses say and believes something. Pure: no clock, no network.
//!
//! *Sure* takes a direct source that nobody contradicts, or two independent witnesses. One witness alone makes *likely*.
//! Else it *cannot tell*, and says which explanations fit.

use super::answers::{self, Answers, Stage};
use crate::session::{
    event::{
        Belief, BreakerState, Confidence, EndpointId, Event, PodKey, Says, Testimony, Timestamp, What,
        Witness,
    },
    wording,
};
use std::collections::HashMap;

/// Seconds after which a statement is stale.
const STALE_S: f64 = 3.0;
/// Seconds after which a health page that contradicts the answers is no longer listened to.
const PATIENCE_S: f64 = 3.0;
/// Answers that must contradict it.
const CONTRADICTIONS: u32 = 3;
/// Pods whose restarts are followed.
const PODS: usize = 256;

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
    /// Whether the health page ever failed: only then its 200 means something.
    health_failed: bool,
    /// Why the health page is not listened to.
    health_misleads: Option<&'static str>,
    /// Seconds the breaker stays open, from configuration or from the latest full cycle.
    reset: Option<f64>,
    /// How many calls went through when it was found that there is no breaker.
    none_seen: Option<u32>,
    /// The objects hit; pods of other owners are bystanders, the consumer among them.
    targets: Vec<String>,
    restarts: HashMap<PodKey, u32>,
    belief: Option<Belief>,
}

/// A state with what speaks for it.
struct Opinion {
    state: BreakerState,
    confidence: Confidence,
    because: Option<&'static str>,
}

impl Court {
    pub(super) fn new(endpoint: EndpointId, reset: Option<f64>) -> Self {
        Self {
            endpoint,
            answers: Answers::new(),
            health: None,
            metrics: None,
            health_failed: false,
            health_misleads: None,
            reset,
            none_seen: None,
            targets: Vec::new(),
            restarts: HashMap::new(),
            belief: None,
        }
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
            What::FaultFired { targets, .. } => {
                self.answers.fault();
                self.targets.extend(targets.iter().cloned());
                self.targets.truncate(PODS);
            }
            What::PodSeen(pod) if pod.in_play => {
                let restarts = pod.containers.iter().map(|container| container.restarts).sum();
                let victim = self.targets.iter().any(|target| {
                    target.contains(&pod.key.name)
                        || pod.owner.as_ref().is_some_and(|owner| target.contains(owner))
                });
                if self.restarts.len() < PODS || self.restarts.contains_key(&pod.key) {
                    let before = self.restarts.insert(pod.key.clone(), restarts);
                    if before.is_some_and(|before| restarts > before) && !victim {
                        self.answers.restarted();
                        self.health = None;
                    }
                }
            }
            _ => {}
        }
    }

    /// What the answers say now, and what is believed.
    pub(super) fn judge(&mut self, now: Timestamp) -> (Testimony, Belief) {
        let stage = self.answers.stage(now, self.reset);
        self.examine_health(now, &stage);
        let (says, ground) = answers::testimony(&stage);
        let testimony = Testimony { witness: Witness::Answers, says, ground };
        if let (Says::State(BreakerState::NoneSeen), Stage::Failing { slow, .. }) = (says, stage) {
            self.none_seen = Some(slow);
        }
        let opinion = self.weigh(&stage, now);
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

    fn weigh(&self, stage: &Stage, now: Timestamp) -> Opinion {
        use BreakerState::{Closed, HalfOpen, NoneSeen, Open, Unknown};
        use Confidence::{CannotTell, Likely, Sure};
        let metrics = Self::fresh(&self.metrics, now).map(|heard| heard.says);
        let health =
            Self::fresh(&self.health, now).filter(|_| self.health_misleads.is_none()).map(|heard| heard.says);
        if let Some(Says::State(state)) = metrics {
            let against = matches!((state, stage), (Open, Stage::Fine { .. }) | (Closed, Stage::Open { .. }));
            let because = against.then_some("the answers look otherwise: is this series about this breaker?");
            return opinion(state, if against { Likely } else { Sure }, because);
        }
        let open = health == Some(Says::State(Open));
        let not_open = health == Some(Says::Not(Open)) || metrics == Some(Says::Not(Open));
        let was_open = matches!(self.belief.as_ref().map(|belief| belief.state), Some(Open | HalfOpen));
        match stage {
            Stage::Fine { .. } if open => opinion(Open, Likely, Some("the answers do not show it yet")),
            Stage::Fine { .. } if self.none_seen.is_some() => {
                opinion(NoneSeen, if not_open { Sure } else { Likely }, Some("calls go through again"))
            }
            Stage::Fine { .. } => opinion(Closed, if not_open { Sure } else { Likely }, None),
            Stage::Open { .. } if open => opinion(Open, Sure, None),
            Stage::Open { .. } if not_open && self.health_failed => opinion(
                HalfOpen,
                Likely,
                Some("its health page is well again, but some calls are still cut short"),
            ),
            Stage::Open { .. } => opinion(Open, Likely, None),
            Stage::HalfOpen { .. } if open => {
                opinion(Open, Likely, Some("a slow call among fast ones may be a trial"))
            }
            Stage::HalfOpen { .. } => opinion(HalfOpen, Likely, None),
            Stage::Failing { slow: 0, .. } if open => opinion(Open, Sure, None),
            Stage::Failing { .. } if open => opinion(Open, Likely, Some("the answers do not show it yet")),
            Stage::Failing { .. } if not_open && self.health_failed && was_open => {
                opinion(HalfOpen, Likely, Some("its health page is well again, but no real answer came yet"))
            }
            stage if stage.passes_through() => opinion(NoneSeen, if not_open { Sure } else { Likely }, None),
            stage if stage.fails_fast_for_long() && not_open => opinion(NoneSeen, Likely, None),
            Stage::Failing { slow: 0, .. } => {
                opinion(Unknown, CannotTell, Some("a hang instead of a refusal would show which"))
            }
            Stage::Failing { .. } => {
                opinion(Closed, Likely, Some("calls fail and nobody cuts them short yet"))
            }
            Stage::Unknown if open => opinion(Open, Likely, None),
            Stage::Unknown => opinion(Unknown, CannotTell, None),
        }
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
            let fits = matches!(stage, Stage::Failing { slow: 0, .. }) && state == BreakerState::Open;
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

fn opinion(state: BreakerState, confidence: Confidence, because: Option<&'static str>) -> Opinion {
    Opinion { state, confidence, because }
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

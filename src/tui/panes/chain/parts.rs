//! The known state of each part of the chain. An unknown part is shown as unknown, not as healthy or down.

use crate::{
    insight::{self, Phase},
    session::{
        event::{BreakerState, Confidence},
        state::{Endpoint, ReadySince},
        wording,
    },
    tui::{
        panes::{
            Scene,
            banner::{standing_role, word_role},
            fault_words,
            recent_answers::{self, RecentAnswers},
        },
        picture::{breaker_role, shown_endpoint},
        theme::Role,
    },
};

/// Users, consumer, provider, and how far calls from consumer to provider get.
pub(super) struct ChainParts {
    pub(super) users: Users,
    pub(super) consumer: Option<ChainWorkload>,
    pub(super) provider: Option<ChainWorkload>,
    pub(super) between: ConsumerToProvider,
}

pub(super) struct Users {
    /// The colour of what users get.
    pub(super) role: Role,
    /// The request rate, `4/s`, or a note that users are not probed.
    pub(super) asked: String,
    pub(super) is_probed: bool,
    pub(super) waiting: usize,
    pub(super) longest_ms: f64,
    /// The median answer time of the last five seconds, in milliseconds.
    pub(super) median_ms: Option<f64>,
    /// The most frequent outcome of the last five seconds.
    pub(super) most: Option<String>,
}

/// The state of the consumer or of the provider.
pub(super) struct ChainWorkload {
    pub(super) sign: char,
    pub(super) role: Role,
    /// `1/1`; empty if the readiness is unknown.
    pub(super) ready: String,
    /// Why the workload is away, and for how long.
    pub(super) away: Option<(String, String)>,
    /// `back since T+8.0`
    pub(super) back: Option<String>,
}

/// How far the consumer's calls get.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ConsumerToProvider {
    /// Users are not probed, so there are no calls of ours.
    NotProbed,
    /// It is unknown whether calls arrive.
    Unknown,
    Through(Role),
    /// Calls are made and get no answer.
    Lost,
    /// A breaker rejects calls at once.
    Cut {
        word: String,
        role: Role,
    },
    /// A breaker lets some calls through.
    Trial {
        word: String,
        role: Role,
    },
}

impl ChainParts {
    pub(super) fn of(scene: &Scene) -> Self {
        let session = scene.session;
        let roles = session.roles();
        let users = users(scene);
        let stale = session.cluster.stale_since().is_some();
        let readiness = session.consumer_readiness();
        let consumer = roles.consumer.map(|_| end(readiness.last(), Role::Failing, stale));
        let readiness = session.provider_readiness();
        let last = readiness.last();
        let down = if session.t0().is_some() { Role::Fault } else { Role::Failing };
        let provider = roles.provider.map(|_| ChainWorkload {
            away: fault_words::away(scene).filter(|_| !stale),
            back: last.and_then(|last| back(scene, last)).filter(|_| !stale),
            ..end(last, down, stale)
        });
        let calls = consumer.as_ref().is_none_or(|consumer| consumer.sign != '✗');
        let between = call_reach(scene, &users, last.filter(|_| !stale), calls);
        Self { users, consumer, provider, between }
    }
}

/// `killed by us, 8.6 s ago`, `down again for 3.0 s`
pub(super) fn away(why: &str, lasted: &str) -> String {
    if why.ends_with("by us") { format!("{why}, {lasted} ago") } else { format!("{why} for {lasted}") }
}

fn users(scene: &Scene) -> Users {
    let role = match scene.phase {
        Phase::Finished => standing_role(insight::conclusion(scene.session, scene.now).verdict),
        _ => word_role(scene.verdict.word),
    };
    let endpoint = shown_endpoint(scene);
    let (waiting, longest_ms) = endpoint
        .filter(|_| scene.is_running())
        .map_or((0, 0.0), |endpoint| recent_answers::waiting(scene, endpoint));
    let lately = endpoint.map(|endpoint| RecentAnswers::of(scene, endpoint));
    let asked = endpoint.filter(|endpoint| endpoint.watched || !scene.is_running());
    Users {
        role,
        asked: answers_of(scene, endpoint),
        is_probed: asked.is_some(),
        waiting,
        longest_ms,
        median_ms: lately.as_ref().and_then(|lately| lately.answered.median_ms),
        most: lately.and_then(|lately| lately.most_frequent()).map(|(_, words)| words),
    }
}

fn answers_of(scene: &Scene, endpoint: Option<&Endpoint>) -> String {
    match endpoint {
        None if scene.session.users.passive => "not asked: passive".to_owned(),
        None => "not asked yet".to_owned(),
        Some(endpoint) if !endpoint.watched && scene.is_running() => "no longer asked".to_owned(),
        Some(endpoint) => super::per_second(endpoint.rate),
    }
}

/// A workload with its ready replicas; `stale` if they are no longer observed.
fn end(last: Option<&ReadySince>, down: Role, stale: bool) -> ChainWorkload {
    let (sign, role) = match last {
        None => ('?', Role::Unknown),
        Some(_) if stale => ('?', Role::Unknown),
        Some(last) if last.ready == 0 => ('✗', down),
        Some(last) if last.ready < last.wanted => ('●', Role::Waiting),
        Some(_) => ('●', Role::Ok),
    };
    let ready = last.map(|last| format!("{}/{}", last.ready, last.wanted)).unwrap_or_default();
    ChainWorkload { sign, role, ready, away: None, back: None }
}

/// The time since which all its replicas are ready again.
fn back(scene: &Scene, last: &ReadySince) -> Option<String> {
    let since = scene.since_t0(last.from).filter(|since| *since > 0.0)?;
    (last.ready >= last.wanted).then(|| format!("back since {}", wording::moment(since)))
}

/// How far calls get; the belief about a breaker counts unless the consumer is down.
fn call_reach(
    scene: &Scene,
    users: &Users,
    provider: Option<&ReadySince>,
    calls: bool,
) -> ConsumerToProvider {
    if !users.is_probed {
        return ConsumerToProvider::NotProbed;
    }
    let belief = scene.session.breaker.belief.as_ref();
    let belief = belief.filter(|belief| calls && belief.confidence != Confidence::CannotTell);
    if let Some(belief) = belief {
        let guessed = if belief.confidence == Confidence::Sure { "" } else { "?" };
        let role = breaker_role(belief.state, scene.verdict.word);
        let word = format!("{}{guessed}", wording::breaker(belief.state));
        match belief.state {
            BreakerState::Open | BreakerState::ForcedOpen => return ConsumerToProvider::Cut { word, role },
            BreakerState::HalfOpen => return ConsumerToProvider::Trial { word, role },
            BreakerState::Mixed => {
                let open = belief.replicas.iter().filter(|one| one.state == BreakerState::Open).count();
                let word = format!("OPEN in {open} of {}", belief.replicas.len());
                return ConsumerToProvider::Trial { word, role };
            }
            BreakerState::FallbackAtOnce => {
                return ConsumerToProvider::Cut { word: "OPEN?".to_owned(), role: Role::Unknown };
            }
            _ => {}
        }
    }
    match provider {
        Some(last) if last.ready == 0 => ConsumerToProvider::Lost,
        Some(last) if last.ready < last.wanted => ConsumerToProvider::Through(Role::Waiting),
        // Whether the provider answers well shows only in what users get.
        Some(_) => match users.role {
            Role::Ok | Role::Protected => ConsumerToProvider::Through(Role::Ok),
            _ => ConsumerToProvider::Through(Role::Unknown),
        },
        None => ConsumerToProvider::Unknown,
    }
}

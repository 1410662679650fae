//! The cost to users, and the state of the breaker meanwhile: the second line of a verdict.

use super::statement::joined;
use crate::{
    insight::names,
    session::{
        event::{Belief, BreakerState, Confidence, ErrorKind, Timestamp},
        state::{AnswerGroup, Endpoint, Outcome, PodRow, Session, Tally},
        wording,
    },
};

/// Seconds for which a restart of the consumer explains what its users get, if the breaker's state is known.
const FRESH_S: f64 = 15.0;
/// Maximum columns of the replicas' states in a sentence.
const REPLICAS: usize = 60;
/// Maximum number of error kinds that are named.
const KINDS: usize = 2;

/// The cost to users since T0.
pub(super) struct Cost {
    /// Requests that were due.
    asked: u64,
    errors: u64,
    /// Answers other than errors that came after the limit, and the longest of their waits.
    late: u64,
    longest_ms: f64,
    /// Users without an answer who have waited longer than the limit.
    stuck: u64,
    /// Requests that could not be sent.
    withheld: u64,
    /// Whether all answers were fallbacks.
    fallbacks_only: bool,
    /// Whether part of the time since T0 was not observed.
    unseen: bool,
    /// Whether users waited longer than the limit before T0 already.
    slow: bool,
    limit_ms: u64,
}

impl Cost {
    /// Computes the cost from what users got since T0.
    pub(super) fn of(session: &Session, endpoint: &Endpoint, since: &Tally, now: Timestamp) -> Self {
        let slow = endpoint.baseline_at_t0.as_ref().is_some_and(|usual| usual.is_slow(endpoint.limit_ms));
        Self {
            asked: since.sent,
            errors: since.error,
            // Late answers are no cost of the fault if they were as late before.
            late: if slow { 0 } else { since.late_successes() },
            longest_ms: since.longest_success().unwrap_or(0.0),
            stuck: endpoint.waiting_over(now, endpoint.accepted_ms()).count() as u64,
            withheld: since.withheld,
            fallbacks_only: since.answered() == since.fallback,
            slow,
            unseen: session.t0().is_some_and(|t0| session.gaps.overlaps(t0, now)),
            limit_ms: endpoint.limit_ms,
        }
    }

    /// Whether there is any cost.
    pub(super) fn is_some(&self) -> bool {
        self.errors + self.late + self.stuck + self.withheld > 0
    }

    /// `10 of 74 users had to wait up to 2.0 s for it`: the cost of a fallback; `None` if there is none.
    pub(super) fn fallback_text(&self) -> Option<String> {
        let of = format!("of {} users", self.asked);
        let longest = wording::wait(self.longest_ms);
        let mut parts = Vec::new();
        if self.errors > 0 {
            parts.push(format!("{} {of} got an error", self.errors));
        }
        match (self.late, self.errors) {
            (0, _) => {}
            (late, 0) if self.fallbacks_only => {
                parts.push(format!("{late} {of} had to wait up to {longest} for it"));
            }
            (late, 0) => parts.push(format!("{late} {of} had to wait up to {longest}")),
            (late, _) => parts.push(format!("{late} had to wait up to {longest}")),
        }
        self.rest(&mut parts);
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// `7 users waited up to 2.0 s, nobody got an error`: the total cost; omits errors if they are mentioned elsewhere.
    pub(super) fn total_text(&self, errors_told: bool) -> Option<String> {
        let mut parts = Vec::new();
        let errors = if errors_told { 0 } else { self.errors };
        if errors > 0 {
            parts.push(format!("{} got an error", wording::count(errors, "user")));
        }
        if self.late > 0 {
            let who = if errors > 0 { self.late.to_string() } else { wording::count(self.late, "user") };
            parts.push(format!("{who} waited up to {}", wording::wait(self.longest_ms)));
        }
        if self.errors == 0 && self.late > 0 {
            parts.push(format!("{} an error", self.nobody("got", "get")));
        }
        self.rest(&mut parts);
        if parts.is_empty() && !errors_told {
            parts.push(format!("{} an error", self.nobody("got", "get")));
        }
        if self.late + self.stuck == 0 && !self.slow && errors == 0 {
            let waited = self.nobody("waited", "wait");
            parts.push(format!("{waited} longer than {}", wording::limit(self.limit_ms)));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The total cost without users who still wait, who are mentioned elsewhere; `None` if there is none.
    pub(super) fn so_far(&self) -> Option<String> {
        let so_far = Self { stuck: 0, withheld: 0, ..*self };
        so_far.total_text(false).filter(|_| so_far.is_some())
    }

    fn rest(&self, parts: &mut Vec<String>) {
        if self.stuck > 0 {
            parts.push(if self.stuck == 1 {
                "1 still waits".to_owned()
            } else {
                format!("{} still wait", self.stuck)
            });
        }
        if self.withheld > 0 {
            parts.push(format!("{} could not be sent", wording::count(self.withheld, "request")));
        }
    }

    /// `nobody got`; `nobody was seen to get` if part of the time was not observed.
    fn nobody(&self, did: &str, to_do: &str) -> String {
        if self.unseen { format!("nobody was seen to {to_do}") } else { format!("nobody {did}") }
    }
}

/// When Kubernetes last restarted the consumer's only pod: its breaker lost its state then.
pub(super) fn consumer_restarted_at(session: &Session) -> Option<Timestamp> {
    // Returns early: most sessions have no restart.
    session.bystanders().find(|pod| pod.restarted.is_some())?;
    let mut pods = session.bystanders().filter(|pod| names::is_consumer(session, pod));
    let only = pods.next()?;
    only.restarted.filter(|_| pods.next().is_none())
}

/// The belief about the breaker, unless it is older than the restart of its process.
pub(super) fn believed(session: &Session) -> Option<&Belief> {
    let belief = session.breaker.belief.as_ref()?;
    consumer_restarted_at(session).is_none_or(|anew| belief.since >= anew).then_some(belief)
}

/// Since when calls are cut short, unless that is older than the restart of the breaker's process.
pub(super) fn cut_short_since(session: &Session) -> Option<Timestamp> {
    let since = session.breaker.cut_short_since()?;
    believed(session).map(|_| since)
}

/// What happens to calls that are not well, by the state of the breaker; `None` if that is unknown.
pub(super) fn breaker_words(session: &Session) -> Option<String> {
    let belief = believed(session)?;
    let words = match belief.state {
        BreakerState::NoBreakerSeen => "nothing cuts their calls short: no breaker was seen",
        BreakerState::NotSeenYet | BreakerState::ClosedOrNone => "no breaker cuts their calls short",
        BreakerState::Disabled => "the breaker is switched off: every call goes through",
        BreakerState::MetricsOnly => "the breaker only counts: every call goes through",
        BreakerState::ForcedOpen => "the breaker is held open by hand: no call goes through",
        BreakerState::Mixed => return Some(mixed(session)),
        BreakerState::FallbackAtOnce | BreakerState::Unknown => return None,
        _ if belief.confidence == Confidence::CannotTell => return None,
        BreakerState::HalfOpen => "the breaker lets calls through to see whether the provider is back",
        BreakerState::Closed => {
            return Some(format!("{}: it lets their calls through", breaker_state_text(session)?));
        }
        BreakerState::Open => return breaker_state_text(session),
    };
    Some(words.to_owned())
}

/// `the breaker is likely OPEN`; `None` if no state of a breaker is known.
pub(super) fn breaker_state_text(session: &Session) -> Option<String> {
    let belief = believed(session)?;
    let likely = match belief.confidence {
        Confidence::Sure => "",
        Confidence::Likely => "likely ",
        Confidence::CannotTell => return None,
    };
    match belief.state {
        BreakerState::Mixed => Some(mixed(session)),
        state if state.is_breaker_state() => {
            Some(format!("the breaker is {likely}{}", wording::breaker(state)))
        }
        _ => None,
    }
}

fn mixed(session: &Session) -> String {
    let rows = session.breaker.belief.iter().flat_map(|belief| &belief.replicas);
    let rows: Vec<String> =
        rows.map(|replica| format!("{} {}", replica.name, wording::breaker(replica.state))).collect();
    let named = rows.join(", ");
    let fits = !rows.is_empty() && named.chars().count() <= REPLICAS;
    if fits { format!("breakers differ: {named}") } else { "breakers are in different states".to_owned() }
}

/// States that Kubernetes restarted the consumer, as long as that explains what its users get: until its breaker is
/// known to have opened since, or for some seconds if its state is known.
pub(super) fn restarted(session: &Session, now: Timestamp) -> Option<String> {
    use BreakerState::{ForcedOpen, HalfOpen, Open, Unknown};
    let state = believed(session).map_or(Unknown, |belief| belief.state);
    if matches!(state, Open | HalfOpen | ForcedOpen) {
        return None;
    }
    let fresh = |at: Timestamp| now.duration_since(at).as_secs_f64() < FRESH_S;
    let explains = |pod: &&PodRow| {
        pod.restarts_since_t0() > 0
            && (state == Unknown || pod.restarted.is_some_and(fresh))
            && names::is_consumer(session, pod)
    };
    let pod = session.bystanders().filter(explains).max_by_key(|pod| pod.restarted)?;
    let who = names::bystander(session, pod);
    let opened = session.breaker.measured(session.t0()).trip_s.is_some();
    Some(if opened {
        format!("Kubernetes restarted {who}; its breaker starts again from CLOSED")
    } else {
        let times = wording::count(pod.restarts_since_t0().into(), "time");
        format!("Kubernetes restarted {who}, {times} since T0")
    })
}

/// Before a fire, nothing is caused by this session.
pub(super) fn nothing_fired(session: &Session) -> Option<String> {
    session.fault.is_none().then(|| {
        if session.refusals.is_empty() {
            "nothing was fired yet".to_owned()
        } else {
            "the fire was refused and changed nothing".to_owned()
        }
    })
}

/// Why users wait or fail: the first known reason, with `more` before the state of the breaker.
pub(super) fn harm_words(session: &Session, more: Option<String>, now: Timestamp) -> Option<String> {
    let why = nothing_fired(session).or_else(|| restarted(session, now)).or(more);
    joined([why.or_else(|| breaker_words(session))])
}

/// The kinds of errors with their counts, most frequent first: `62 HTTP 500, 24 timeouts after 10 s`.
pub(super) fn kinds(endpoint: &Endpoint, tally: &Tally) -> String {
    let mut errors = tally.errors.clone();
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut words: Vec<String> = errors
        .iter()
        .take(KINDS)
        .map(|(kind, count)| format!("{count} {}", kind_words(endpoint, *kind, *count)))
        .collect();
    let others: u64 = errors.iter().skip(KINDS).map(|(_, count)| count).sum();
    if others > 0 {
        words.push(format!("{others} other"));
    }
    words.join(", ")
}

/// The most frequent kinds of errors without their counts.
pub(super) fn kind_names(endpoint: &Endpoint, tally: &Tally) -> String {
    let mut errors = tally.errors.clone();
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words: Vec<String> =
        errors.iter().take(KINDS).map(|(kind, _)| kind_words(endpoint, *kind, 1)).collect();
    words.join(", ")
}

fn kind_words(endpoint: &Endpoint, kind: ErrorKind, count: u64) -> String {
    match kind {
        ErrorKind::Timeout => {
            let plural = if count == 1 { "" } else { "s" };
            format!("timeout{plural} after {}", wording::limit(endpoint.deadline_ms))
        }
        ErrorKind::Server => status(endpoint, 500..600).unwrap_or_else(|| wording::error(kind).to_owned()),
        ErrorKind::Client => status(endpoint, 400..500).unwrap_or_else(|| wording::error(kind).to_owned()),
        kind => wording::error(kind).to_owned(),
    }
}

/// The only HTTP status of its kind that was seen; `None` if there were several, or if some were not kept.
fn status(endpoint: &Endpoint, range: std::ops::Range<u16>) -> Option<String> {
    let is = |look: &&AnswerGroup| {
        look.outcome == Outcome::Error && look.status.is_some_and(|status| range.contains(&status))
    };
    let mut seen = endpoint.answer_groups.iter().filter(is).filter_map(|look| look.status);
    let first = seen.next().filter(|_| !endpoint.groups_are_full())?;
    seen.all(|status| status == first).then(|| format!("HTTP {first}"))
}

#[cfg(test)]
#[path = "price_tests.rs"]
mod tests;

//! What the session should be told unasked: second-order traps as they build up, each with its arithmetic.

use super::{
    guards::guard_near,
    verdict::{Word, verdict},
};
use crate::session::{
    event::{BreakerState, SourceState, Timestamp},
    state::{PodRow, Session},
    wording,
};

/// Seconds after the fire after which a fault without effect is reported.
const NO_EFFECT_S: f64 = 15.0;
/// Seconds for which a gap of our own is told once it is over.
const GAP_TOLD_S: f64 = 15.0;
/// Seconds without a sign of life after which a polled source is stale.
const STALE_S: f64 = 3.0;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// What to do next.
    Tip,
    /// Something that misleads.
    Notice,
    /// A discrepancy to keep an eye on.
    Watch,
    /// Something will break.
    Warn,
}

impl Urgency {
    /// The word before the line.
    pub fn text(self) -> &'static str {
        match self {
            Urgency::Tip => "READY",
            Urgency::Notice => "NOTICE",
            Urgency::Watch => "WATCH",
            Urgency::Warn => "WARN",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// How much it matters.
    pub urgency: Urgency,
    /// What, and why we think so.
    pub text: String,
    /// The same in at most 71 columns, for small screens.
    pub short: String,
}

/// Columns that the short form of a warning takes at most.
const SHORT: usize = 71;
/// Columns of a name in a warning, and in its short form: the end of a pod's name is what tells it from others.
const NAME: usize = 30;
const SHORT_NAME: usize = 18;

impl Warning {
    /// The text if it fits, else its short form.
    pub fn fitting(&self, columns: usize) -> &str {
        if self.text.chars().count() <= columns { &self.text } else { &self.short }
    }
}

/// What should be said now, the most urgent first.
pub fn warnings(session: &Session, now: Timestamp) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = [
        guard_ahead(session, now),
        budget(session, now),
        probe_overrun(session, now),
        not_learned(session),
        gap_behind(session, now),
        healthy_but_failing(session, now),
        health_recovered_alone(session),
        without_effect(session, now),
        ready_again(session, now),
    ]
    .into_iter()
    .flatten()
    .chain(session.bystanders().filter_map(|pod| restart_ahead(session, pod, now)))
    .chain(session.bystanders().filter_map(restarted))
    .chain(silent_sources(session, now))
    .collect();
    warnings.sort_by_key(|warning| std::cmp::Reverse(warning.urgency));
    warnings
}

fn guard_ahead(session: &Session, now: Timestamp) -> Option<Warning> {
    let near = guard_near(session, now)?;
    let text = format!("a guard is about to abort: {}", near.text);
    Some(warn(Urgency::Warn, text, format!("a guard is about to abort: {}", near.short)))
}

fn budget(session: &Session, now: Timestamp) -> Option<Warning> {
    let (bad, budget) = verdict(session, now).bad?;
    (bad * 5 >= budget * 4).then(|| {
        let text = format!("users were let down in {bad} of the {budget} seconds they may be: time to abort");
        warn(Urgency::Warn, text, format!("users let down {bad} of {budget} s: time to abort"))
    })
}

fn probe_overrun(session: &Session, now: Timestamp) -> Option<Warning> {
    let withheld: u64 = session
        .users
        .endpoints
        .iter()
        .map(|endpoint| endpoint.since_t0(now).withheld + endpoint.baseline(now).withheld)
        .sum();
    (withheld > 0).then(|| {
        let requests = wording::count(withheld, "request");
        warn(
            Urgency::Watch,
            format!("{requests} could not be sent: too many users wait already. Counted as bad."),
            format!("{requests} not sent: too many users wait already"),
        )
    })
}

/// We have just come back: what is missing on the screen is our own gap.
fn gap_behind(session: &Session, now: Timestamp) -> Option<Warning> {
    let gap = session.gaps.last().filter(|gap| now.duration_since(gap.to).as_secs_f64() < GAP_TOLD_S)?;
    let short =
        format!("{} not observed: this program did not run; nothing counts", wording::seconds(gap.seconds()));
    Some(warn(Urgency::Notice, wording::gap(gap), short))
}

/// A fire before it is known what a real answer looks like leaves the run without a verdict.
fn not_learned(session: &Session) -> Option<Warning> {
    let fires_next = session.steps.current().is_some_and(|row| {
        row.step.destructive && matches!(row.state, crate::session::state::StepState::Awaited { .. })
    });
    if session.fault.is_some() || !fires_next {
        return None;
    }
    not_ready_to_fire(session).map(|why| {
        let text = format!("{why}: fired now, the run's verdict would be NOT OBSERVABLE.");
        warn(Urgency::Watch, text, format!("{why}: no verdict if fired now"))
    })
}

/// Why a fire now would leave the run without a verdict, in a few words; `None` once it would not, or where nobody is
/// to be asked.
pub fn not_ready_to_fire(session: &Session) -> Option<String> {
    if session.users.passive {
        return None;
    }
    if session.users.unlearned() {
        return Some("what a real answer looks like is not learned yet".to_owned());
    }
    let watched = session.users.endpoints.iter().any(|endpoint| endpoint.watched);
    (!watched).then(|| "users are not watched yet".to_owned())
}

/// Users fail while Kubernetes sees nothing wrong with the service they ask.
fn healthy_but_failing(session: &Session, now: Timestamp) -> Option<Warning> {
    let fault = session.fault.as_ref().filter(|fault| fault.is_on())?;
    let verdict = verdict(session, now);
    let well = |pod: &PodRow| pod.ready_since.is_some() && pod.misses_now(now).is_none();
    if verdict.word != Word::Failing
        || session.bystanders().next().is_none()
        || !session.bystanders().all(well)
    {
        return None;
    }
    let lasted = fault.lasted(now);
    Some(warn(
        Urgency::Watch,
        format!(
            "fault on for {lasted:.0} s. The consumer is healthy for Kubernetes: the hypothesis cannot see your users."
        ),
        "Kubernetes calls the consumer healthy. Its users disagree.".to_owned(),
    ))
}

fn health_recovered_alone(session: &Session) -> Option<Warning> {
    let fault = session.fault.as_ref().filter(|fault| fault.is_on())?;
    let (since, false) = session.breaker.health_failing.last()? else { return None };
    let failed_before =
        session.breaker.health_failing.changes().any(|(at, failing)| failing && at >= fault.t0());
    let real = session
        .users
        .main()?
        .dots()
        .rev()
        .take_while(|dot| dot.ended() >= since)
        .any(|dot| dot.outcome == crate::session::state::Outcome::Real);
    (failed_before && !real).then(|| {
        let text = "/health failed and is well again while NO user got a real answer. A health check alone would say: recovered.";
        let short = "/health is well, but no user got a real answer yet";
        warn(Urgency::Notice, text.to_owned(), short.to_owned())
    })
}

/// A container that Kubernetes is about to start again, though the fault was not about it.
fn restart_ahead(session: &Session, pod: &PodRow, now: Timestamp) -> Option<Warning> {
    // After the end nobody can do anything about it, and what was foretold for a moment that is past is no news.
    let countdown = pod.misses_now(now).filter(|it| it.restart_s > 0.0 && !session.finished())?;
    // One miss of a page that answers well again is no reason to worry.
    if countdown.misses < 2 && session.breaker.health_failing.last().is_some_and(|(_, failing)| !failing) {
        return None;
    }
    let open = session.breaker.state() == BreakerState::Open;
    let when = match session.since_t0(now) {
        Some(since) => format!("at T+{:.0}", since + countdown.restart_s),
        None => format!("in {:.0} s", countdown.restart_s),
    };
    let (misses, threshold) = (countdown.misses, countdown.threshold);
    let (name, brief) = (end_of(&pod.pod.key.name, NAME), end_of(&pod.pod.key.name, SHORT_NAME));
    let path = pod.pod.liveness.as_ref().and_then(|liveness| liveness.path.as_deref()).unwrap_or("liveness");
    Some(if open {
        warn(
            Urgency::Warn,
            format!(
                "Breaker open, {path} fails ({misses} of {threshold} misses): Kubernetes restarts {name} {when}."
            ),
            format!("breaker open, {} fails: restart {when} if that stays", end_of(path, SHORT_NAME)),
        )
    } else {
        warn(
            Urgency::Warn,
            format!(
                "{name} missed {misses} of {threshold} liveness probes; Kubernetes restarts it {when} if that goes on."
            ),
            format!("{brief} missed {misses} of {threshold} probes: restart {when}"),
        )
    })
}

fn without_effect(session: &Session, now: Timestamp) -> Option<Warning> {
    let fault = session.fault.as_ref()?;
    let waited = now.duration_since(fault.t0()).as_secs_f64() > NO_EFFECT_S;
    (waited && session.fault_had_effect() == Some(false)).then(|| {
        let text = "it was fired, but nothing of what it hit went away: the fault may never have happened.";
        let short = "fired, but nothing that it hit went away: was there a fault?";
        warn(Urgency::Watch, text.to_owned(), short.to_owned())
    })
}

fn ready_again(session: &Session, now: Timestamp) -> Option<Warning> {
    let healed = session.fault.as_ref().and_then(|fault| fault.healed)?;
    let well = session.run.ended.is_none() && verdict(session, now).word == Word::Ok;
    well.then(|| {
        let after = now.duration_since(healed).as_secs_f64();
        let before = session
            .users
            .main()
            .zip(session.t0())
            .map_or(0.0, |(e, t0)| t0.duration_since(e.since).as_secs_f64());
        let more = before - after;
        let text = "Steady state can be checked again";
        if more >= 1.0 {
            let tip = format!("{text}. Tip: watch {more:.0} s more, so that after is as long as before.");
            warn(Urgency::Tip, tip, format!("{text}; better after {more:.0} s more"))
        } else {
            warn(Urgency::Tip, format!("{text}."), text.to_owned())
        }
    })
}

fn silent_sources(session: &Session, now: Timestamp) -> impl Iterator<Item = Warning> {
    session.cluster.sources.iter().filter_map(move |row| match &row.state {
        SourceState::Live => None,
        SourceState::Reconnecting { reason } => {
            let silent = now.duration_since(row.since).as_secs_f64();
            let text =
                format!("{} silent for {}: {reason}", wording::source(row.source), wording::seconds(silent));
            (silent > STALE_S).then(|| warn(Urgency::Watch, text.clone(), text))
        }
        SourceState::Absent { .. } => None,
    })
}

fn restarted(pod: &PodRow) -> Option<Warning> {
    let before = pod.restarts_at_t0?;
    let again = pod.restarts().checked_sub(before).filter(|again| *again > 0)?;
    let times = wording::count(u64::from(again), "time");
    let (name, brief) = (end_of(&pod.pod.key.name, NAME), end_of(&pod.pod.key.name, SHORT_NAME));
    Some(warn(
        Urgency::Warn,
        format!("Kubernetes restarted {name} {times} since T0, though the fault was not about it."),
        format!("Kubernetes restarted {brief} {times}, not the fault"),
    ))
}

/// The end of a long name, which tells it from others of its kind.
fn end_of(name: &str, most: usize) -> String {
    let length = name.chars().count();
    if length <= most {
        return name.to_owned();
    }
    std::iter::once('…').chain(name.chars().skip(length - most + 1)).collect()
}

fn warn(urgency: Urgency, text: String, short: String) -> Warning {
    let short = if short.chars().count() <= SHORT {
        short
    } else {
        short.chars().take(SHORT - 1).chain(['…']).collect()
    };
    Warning { urgency, text, short }
}

//! What the session should be told unasked: second-order traps as they build up, each with its arithmetic.

use super::{
    event::{BreakerState, SourceState, Timestamp},
    state::{Fault, PodRow, Session},
    verdict::Word,
    wording,
};

/// Seconds after the fire after which a fault without effect is reported.
const NO_EFFECT_S: f64 = 15.0;
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
}

impl Session {
    /// What should be said now, the most urgent first.
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = [
            self.guard_ahead(now),
            self.budget(now),
            self.probe_overrun(),
            self.healthy_but_failing(now),
            self.health_recovered_alone(),
            self.without_effect(now),
            self.ready_again(now),
        ]
        .into_iter()
        .flatten()
        .chain(self.bystanders().filter_map(|pod| self.restart_ahead(pod, now)))
        .chain(self.bystanders().filter_map(restarted))
        .chain(self.silent_sources(now))
        .collect();
        warnings.sort_by_key(|warning| std::cmp::Reverse(warning.urgency));
        warnings
    }

    fn guard_ahead(&self, now: Timestamp) -> Option<Warning> {
        let near = self.guard_near(now)?;
        Some(warn(Urgency::Warn, format!("a guard is about to abort: {}", near.text)))
    }

    fn budget(&self, now: Timestamp) -> Option<Warning> {
        let (bad, budget) = self.verdict(now).bad?;
        let spent = format!("users were let down in {bad} of the {budget} seconds they may be");
        (bad * 5 >= budget * 4).then(|| warn(Urgency::Warn, format!("{spent}: time to abort")))
    }

    fn probe_overrun(&self) -> Option<Warning> {
        let withheld: u64 = self
            .users
            .endpoints
            .iter()
            .map(|endpoint| endpoint.since_t0().withheld + endpoint.baseline().withheld)
            .sum();
        (withheld > 0).then(|| {
            let requests = wording::count(withheld, "request");
            warn(
                Urgency::Watch,
                format!("{requests} could not be sent: too many users wait already. Counted as bad."),
            )
        })
    }

    /// Users fail while Kubernetes sees nothing wrong with the service they ask.
    fn healthy_but_failing(&self, now: Timestamp) -> Option<Warning> {
        let fault = self.fault.as_ref().filter(|fault| fault.is_on())?;
        let verdict = self.verdict(now);
        let well = |pod: &PodRow| pod.ready_since.is_some() && pod.misses_now(now).is_none();
        if verdict.word != Word::Failing || self.bystanders().next().is_none() || !self.bystanders().all(well)
        {
            return None;
        }
        let lasted = fault.lasted(now);
        Some(warn(
            Urgency::Watch,
            format!(
                "fault on for {lasted:.0} s. The consumer is healthy for Kubernetes: the hypothesis cannot see your users."
            ),
        ))
    }

    fn health_recovered_alone(&self) -> Option<Warning> {
        let fault = self.fault.as_ref().filter(|fault| fault.is_on())?;
        let (since, false) = self.breaker.health_failing.last()? else { return None };
        let failed_before =
            self.breaker.health_failing.changes().any(|(at, failing)| failing && at >= fault.t0());
        let real = self
            .users
            .main()?
            .dots()
            .rev()
            .take_while(|dot| dot.ended() >= since)
            .any(|dot| dot.outcome == crate::session::state::Outcome::Real);
        (failed_before && !real).then(|| {
            let text = "/health went 503 -> 200 while NO user got a real answer. A health check alone would say: recovered.";
            warn(Urgency::Notice, text.to_owned())
        })
    }

    /// A container that Kubernetes is about to start again, though the fault was not about it.
    fn restart_ahead(&self, pod: &PodRow, now: Timestamp) -> Option<Warning> {
        let countdown = pod.misses_now(now)?;
        // One miss of a page that answers well again is no reason to worry.
        if countdown.misses < 2 && self.breaker.health_failing.last().is_some_and(|(_, failing)| !failing) {
            return None;
        }
        let open = self.breaker.state() == BreakerState::Open;
        let why = if open { "An open breaker makes its health page fail: " } else { "" };
        let when = match self.since_t0(now) {
            Some(since) => format!("at T+{:.0}", since + countdown.restart_s),
            None => format!("in {:.0} s", countdown.restart_s),
        };
        Some(warn(
            Urgency::Warn,
            format!(
                "{why}{} missed {} of {} liveness probes; Kubernetes restarts it {when} if that goes on.",
                pod.pod.key.name, countdown.misses, countdown.threshold
            ),
        ))
    }

    fn without_effect(&self, now: Timestamp) -> Option<Warning> {
        let fault = self.fault.as_ref()?;
        let waited = now.duration_since(fault.t0()).as_secs_f64() > NO_EFFECT_S;
        (waited && self.fault_had_effect() == Some(false)).then(|| {
            let text =
                "it was fired, but nothing of what it hit went away: the fault may never have happened.";
            warn(Urgency::Watch, text.to_owned())
        })
    }

    fn ready_again(&self, now: Timestamp) -> Option<Warning> {
        let healed = self.fault.as_ref().and_then(|fault| fault.healed)?;
        let well = self.run.ended.is_none() && self.verdict(now).word == Word::Ok;
        well.then(|| {
            let after = now.duration_since(healed).as_secs_f64();
            let before = self
                .users
                .main()
                .zip(self.t0())
                .map_or(0.0, |(e, t0)| t0.duration_since(e.since).as_secs_f64());
            let more = before - after;
            let tip = if more >= 1.0 {
                format!(" Tip: watch {more:.0} s more, so that after is as long as before.")
            } else {
                String::new()
            };
            warn(Urgency::Tip, format!("Steady state can be checked again.{tip}"))
        })
    }

    fn silent_sources(&self, now: Timestamp) -> impl Iterator<Item = Warning> {
        self.cluster.sources.iter().filter_map(move |row| match &row.state {
            SourceState::Live => None,
            SourceState::Reconnecting { reason } => {
                let silent = now.duration_since(row.since).as_secs_f64();
                let text = format!(
                    "{} silent for {}: {reason}",
                    wording::source(row.source),
                    wording::seconds(silent)
                );
                (silent > STALE_S).then(|| warn(Urgency::Watch, text))
            }
            SourceState::Absent { .. } => None,
        })
    }

    /// Pods in play that the fault is not about, the consumer's among them.
    pub fn bystanders(&self) -> impl Iterator<Item = &PodRow> {
        let victims: Vec<&str> = self.fault.iter().flat_map(Fault::targets).collect();
        self.cluster
            .in_play
            .iter()
            .filter(move |row| row.gone.is_none() && !self.cluster.is_victim(row, &victims))
    }
}

fn restarted(pod: &PodRow) -> Option<Warning> {
    let before = pod.restarts_at_t0?;
    let again = pod.restarts().checked_sub(before).filter(|again| *again > 0)?;
    let times = wording::count(u64::from(again), "time");
    Some(warn(
        Urgency::Warn,
        format!(
            "Kubernetes restarted {} {times} since T0, though the fault was not about it.",
            pod.pod.key.name
        ),
    ))
}

fn warn(urgency: Urgency, text: String) -> Warning {
    Warning { urgency, text }
}

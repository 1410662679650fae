//! What all documents say of a session, computed once.

use super::evidence::{Evidence, Phase};
use crate::{
    insight::{self, Aftermath, Conclusion, Finding, PredictionScore, RunVerdict, StoryLine, Timing},
    printing::{clean, without_url_passwords},
    session::{
        event::{Section, Timestamp},
        state::{Endpoint, Firing, Session, StepRow, StepState, Tally},
        wording,
    },
};

/// What all documents say of a session.
pub(crate) struct Facts<'a> {
    pub evidence: &'a Evidence,
    pub session: &'a Session,
    pub now: Timestamp,
    pub conclusion: Conclusion,
    pub findings: Vec<Finding>,
    /// What a session of this kind cannot show, and what could not be read of it.
    pub not_seen: Vec<String>,
    /// How long things took.
    pub timings: Vec<Timing>,
    pub aftermath: Aftermath,
    pub scores: Vec<PredictionScore>,
    pub story: Vec<StoryLine>,
}

/// How a step stands: a sign, and the same as a word.
pub(crate) type StepWord = (&'static str, &'static str);

impl<'a> Facts<'a> {
    pub(crate) fn of(evidence: &'a Evidence) -> Self {
        let (session, now) = (&evidence.session, evidence.now);
        let mut not_seen = insight::not_seen(session, now);
        let unwatched = insight::not_watched(session);
        if evidence.is_journal() {
            let only =
                "everything but the activities: this report is made of a journal, which holds nothing else";
            not_seen = std::iter::once(only.to_owned()).chain(unwatched).collect();
        } else {
            // The first line of what was not seen tells of users already.
            not_seen.extend(unwatched.into_iter().filter(|line| !line.starts_with("users")));
        }
        not_seen.extend(evidence.problems.iter().cloned());
        Self {
            evidence,
            session,
            now,
            conclusion: insight::conclusion(session, now),
            findings: insight::findings(session, now),
            not_seen,
            timings: insight::timings(session, now),
            aftermath: insight::aftermath(session),
            scores: insight::scores(session, now),
            story: insight::story(session, now),
        }
    }

    pub(crate) fn verdict(&self) -> RunVerdict {
        self.conclusion.verdict
    }

    /// The counts of an endpoint's requests by phase; phases without requests are left out, but for a session without
    /// a fault, which has one phase.
    pub(crate) fn phases(&self, endpoint: &Endpoint) -> Vec<(Phase, Tally)> {
        Phase::ALL
            .into_iter()
            .map(|phase| (phase, tally(endpoint, phase, self.now)))
            .filter(|(_, tally)| tally.sent > 0)
            .collect()
    }

    /// The bad seconds since T0 with the number allowed, if users were watched and something was fired.
    pub(crate) fn bad_seconds(&self) -> Option<(u32, u32)> {
        let endpoint = self.session.users.main().filter(|_| self.session.fault.is_some())?;
        Some((insight::bad_seconds(self.session, endpoint, self.now), self.session.users.budget_s))
    }

    /// A moment relative to T0, or to the first event if nothing was fired: `T+2.0`, `+2.0 s`.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        match self.session.since_t0(at) {
            Some(seconds) => wording::moment(seconds),
            None => format!("{:+.1} s", at.duration_since(self.evidence.began).as_secs_f64()),
        }
    }

    /// The zero of the time axis: T0, or the first event.
    pub(crate) fn zero(&self) -> Timestamp {
        self.session.t0().unwrap_or(self.evidence.began)
    }

    /// Seconds from the start of the run to its end.
    pub(crate) fn run_lasted(&self) -> Option<f64> {
        let run = &self.session.run;
        Some(run.ended.unwrap_or(self.now).duration_since(run.started?).as_secs_f64().max(0.0))
    }

    /// The context and namespace of the cluster, if one was in play.
    pub(crate) fn cluster(&self) -> Option<String> {
        let recorded = self.evidence.record.as_ref().and_then(|record| record.cluster.as_ref());
        let meta = &self.session.meta;
        let (context, namespace) = match (&meta.context, recorded) {
            (Some(context), _) => (context.as_str(), meta.namespace.as_str()),
            (None, Some(cluster)) if cluster.is_named() => {
                (cluster.context.as_str(), cluster.namespace.as_str())
            }
            _ => return None,
        };
        Some(if namespace.is_empty() { shown(context) } else { shown(&format!("{context}/{namespace}")) })
    }

    /// Who ran it, where that is on record.
    pub(crate) fn operator(&self) -> Option<String> {
        self.evidence.record.as_ref().map(|record| shown(&record.operator.name()))
    }

    /// The path or URL of the experiment.
    pub(crate) fn source(&self) -> Option<String> {
        let recorded = self.evidence.record.as_ref().map(|record| record.source.as_str());
        Some(self.session.meta.source.as_str()).filter(|source| !source.is_empty()).or(recorded).map(shown)
    }

    /// When the run started, or the session if nothing was run.
    pub(crate) fn started(&self) -> Timestamp {
        self.session.run.started.unwrap_or(self.evidence.began)
    }

    /// Whether the duration of the fault is known: its targets were watched, or came back.
    pub(crate) fn fault_is_watched(&self) -> bool {
        self.session.fault.as_ref().is_some_and(|fault| !fault.is_on())
            || self.session.fault_had_effect() == Some(true)
    }

    /// The steps that were reached, in the order of the plan.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &'a StepRow> {
        self.session.steps.rows.iter()
    }
}

/// The counts of an endpoint's requests in one phase.
pub(crate) fn tally(endpoint: &Endpoint, phase: Phase, now: Timestamp) -> Tally {
    match phase {
        Phase::SteadyState => endpoint.baseline(now),
        Phase::DuringFault => endpoint.during_fault(now),
        Phase::AfterFault => endpoint.after_recovery(now),
    }
}

/// Text from outside on one line: without control characters, direction overrides and passwords.
pub(crate) fn shown(text: &str) -> String {
    without_url_passwords(&clean(text)).into_owned()
}

/// A moment in UTC, the same wherever the report is made and read: `2026-11-30 06:21:55 UTC`.
pub(crate) fn clock_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How a step stands.
pub(crate) fn step_word(row: &StepRow) -> StepWord {
    match &row.state {
        StepState::Skipped => ("‖", "skipped"),
        StepState::Cut => ("-", "cut short"),
        _ if row.trouble.is_some() => ("✗", "did not do its work"),
        StepState::Failed => ("✗", "failed"),
        StepState::NotMet => ("✗", "out of tolerance"),
        StepState::Succeeded if row.step.pretended => ("·", "pretended"),
        StepState::Succeeded => ("✓", "succeeded"),
        StepState::Running { .. } | StepState::Paused { .. } => ("▸", "was running"),
        StepState::Waiting | StepState::Awaited { .. } => ("·", "not played"),
    }
}

/// The result of a step's latest call in a few words.
pub(crate) fn step_result(row: &StepRow) -> String {
    let result =
        row.trouble.as_deref().or(row.summary.as_deref()).map(wording::short_error).unwrap_or_default();
    let remark = row.remark.as_ref().map(|remark| format!(" {remark}")).unwrap_or_default();
    shown(&format!("{result}{remark}"))
}

/// The objects that a fire hit, each once; none if they are not known.
pub(crate) fn targets(firing: &Firing) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for target in firing.targets.iter().map(|target| shown(target)) {
        if !names.contains(&target) {
            names.push(target);
        }
    }
    names
}

/// The section of a step in words.
pub(crate) fn section_name(section: Section) -> &'static str {
    match section {
        Section::Before => "hypothesis before",
        Section::Method => "method",
        Section::During => "hypothesis during",
        Section::After => "hypothesis after",
        Section::Rollbacks => "rollbacks",
    }
}

/// A waiting time of a table: `-` for none, `at least` for one that may still grow.
pub(crate) fn wait(ms: Option<f64>, open: bool) -> String {
    ms.map_or_else(
        || "-".to_owned(),
        |ms| if open { format!("≥ {}", wording::wait(ms)) } else { wording::wait(ms) },
    )
}

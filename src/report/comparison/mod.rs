//! Two sessions side by side, ideally with the same fault and the same load, aligned at T0.
//!
//! Every figure is measured; [`Comparison::caveats`] lists what the figures cannot show.

mod caveats;
mod changes;
mod figures;
mod rows;
#[cfg(test)]
mod tests;
mod text;

use crate::{
    insight::{self, Conclusion, Finding, FindingTopic, PredictionScore, RunVerdict, Severity},
    session::{Session, event::Timestamp, state::Lane, wording},
};
pub(crate) use changes::Judgement;
pub(crate) use figures::Figures;
pub(crate) use rows::Row;

/// Maximum number of findings.
const FINDINGS: usize = 5;

/// Two sessions side by side.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    /// The first session, such as the consumer without a breaker.
    pub before: Side,
    pub after: Side,
    /// What is the same in both sessions, in capitals: the heading of the table.
    pub heading: &'static str,
    pub rows: Vec<Row>,
    /// Findings about both sessions: a missing fault first, then those of the second session.
    pub findings: Vec<Finding>,
    /// What the sessions do not show.
    pub not_seen: Vec<String>,
    /// What a comparison of these runs cannot show; the first caveat states how many runs and requests there are.
    pub caveats: Vec<String>,
}

/// One of the two sessions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Side {
    /// The session's name: `before`.
    pub name: String,
    /// The verdict about its run.
    pub conclusion: Conclusion,
    /// What users got, in a sentence with its cost to them.
    pub sentence: String,
    /// The measurements.
    pub figures: Figures,
    /// Whether something that the fault hit was seen to go away; `None` if it was not watched.
    pub fault_had_effect: Option<bool>,
    /// The operator's predictions with the outcomes.
    pub scores: Vec<PredictionScore>,
    /// The lanes users, breaker, health and fault from five seconds before T0 on, one letter a second.
    pub lanes: Vec<(Lane, String)>,
    findings: Vec<Finding>,
    not_seen: Vec<String>,
}

/// Seconds drawn of a lane: before T0, and from T0 on.
const LANE: (i64, i64) = (-5, 60);

impl Comparison {
    /// Compares two sessions as far as they went.
    pub(crate) fn of(before: (&str, &Session), after: (&str, &Session)) -> Self {
        let heading = heading(before.1, after.1);
        let before = Side::of(before.0, before.1);
        let after = Side::of(after.0, after.1);
        let (findings, abouts) = findings(&before, &after);
        let rows = rows::of(&before, &after, &abouts);
        let caveats = caveats::of(&before, &after);
        let not_seen = not_seen(&before, &after);
        Self { before, after, heading, rows, findings, not_seen, caveats }
    }
}

fn heading(before: &Session, after: &Session) -> &'static str {
    let fired = |session: &Session| {
        let fires = session.fault.iter().flat_map(|fault| &fault.fires);
        fires.map(|firing| firing.what.clone()).next()
    };
    let asked = |session: &Session| session.users.main().map(|endpoint| endpoint.rate);
    let load = match (asked(before), asked(after)) {
        (Some(before), Some(after)) => !caveats::differ(before, after),
        _ => false,
    };
    match (fired(before).is_some() && fired(before) == fired(after), load) {
        (true, true) => "SAME FAULT, SAME LOAD, LINED UP AT T0",
        (true, false) => "SAME FAULT, ANOTHER LOAD, LINED UP AT T0",
        (false, _) => "NOT THE SAME FAULT, LINED UP AT T0",
    }
}

/// Selects the findings of the second session, and those of the first that make its figures less meaningful; each with
/// the topic that it explains in the second session's figures.
fn findings(before: &Side, after: &Side) -> (Vec<Finding>, Vec<Option<FindingTopic>>) {
    let named = |side: &Side, finding: &Finding| {
        let text = format!("{}: {}", side.name, lower(&finding.text));
        Finding { text, ..finding.clone() }
    };
    let no_fault = |finding: &&Finding| finding.topic == FindingTopic::Fault;
    let of_before = |finding: &&Finding| {
        finding.topic == FindingTopic::File
            && !after.findings.iter().any(|other| other.topic == FindingTopic::File)
    };
    let teaches = |finding: &&Finding| {
        finding.topic != FindingTopic::Fault
            && matches!(finding.severity, Severity::Serious | Severity::Caution)
    };
    let mut found: Vec<(Finding, Option<FindingTopic>)> = Vec::new();
    for side in [before, after] {
        found.extend(side.findings.iter().filter(no_fault).map(|finding| (named(side, finding), None)));
    }
    found.extend(after.findings.iter().filter(teaches).map(|finding| (finding.clone(), Some(finding.topic))));
    found.extend(before.findings.iter().filter(of_before).map(|finding| (named(before, finding), None)));
    found.truncate(FINDINGS);
    found.into_iter().unzip()
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_lowercase).into_iter().flatten();
    first.chain(letters).collect()
}

/// What neither session shows, listed once; what only one does not show, with its name.
fn not_seen(before: &Side, after: &Side) -> Vec<String> {
    let (in_both, in_before): (Vec<&String>, Vec<&String>) =
        before.not_seen.iter().partition(|line| after.not_seen.contains(line));
    let in_after = after.not_seen.iter().filter(|line| !before.not_seen.contains(line));
    let named = |name: &str, line: &String| format!("{name}: {line}");
    let of_before = in_before.into_iter().map(|line| named(&before.name, line));
    let both = in_both.into_iter().cloned();
    both.chain(of_before).chain(in_after.map(|line| named(&after.name, line))).collect()
}

impl Side {
    fn of(name: &str, session: &Session) -> Self {
        let now = session.last.unwrap_or(Timestamp::UNIX_EPOCH);
        let lanes = [Lane::Users, Lane::Breaker, Lane::Health, Lane::Fault];
        let conclusion = insight::conclusion(session, now);
        let figures = Figures::of(session, now);
        Self {
            name: name.to_owned(),
            sentence: sentence(&conclusion, &figures),
            conclusion,
            figures,
            scores: insight::scores(session, now),
            fault_had_effect: session.fault_had_effect(),
            lanes: lanes.map(|lane| (lane, session.lane(lane, LANE.0..LANE.1, now))).to_vec(),
            findings: insight::findings(session, now),
            not_seen: insight::not_seen(session, now),
        }
    }
}

/// The verdict's sentence; if users were protected, the cost to them instead.
fn sentence(conclusion: &Conclusion, figures: &Figures) -> String {
    let since = &figures.since;
    let late = since.late_successes();
    if conclusion.verdict == RunVerdict::Protected && since.error == 0 && figures.unseen_s == 0.0 && late > 0
    {
        let longest = wording::wait(since.longest_success().unwrap_or(0.0));
        return format!("nobody got an error; {} waited up to {longest}", wording::count(late, "user"));
    }
    conclusion.sentence.clone()
}

//! Changes of the run: what was executed, fired, cut short and noted.

use super::{StoryLine, StoryMark, Tone};
use crate::session::{
    event::{Guard, Section, StepRef, Timestamp},
    state::{FinishedPass, Session, StepRow, StepState},
    wording,
};

/// Maximum characters of a step's result.
const SUMMARY: usize = 40;

/// Whether the steady state was met, before the method and after it.
pub(super) fn passes(session: &Session) -> Vec<StoryLine> {
    let line = |pass: &FinishedPass| match (pass.met, pass.skipped) {
        (true, _) => StoryLine::quiet(pass.at, StoryMark::Done, Tone::Ok, "steady state met"),
        (false, 0) => {
            let which = pass.deviating.as_ref().map(|name| format!(": {name}")).unwrap_or_default();
            StoryLine::loud(pass.at, StoryMark::Failed, Tone::Failing, format!("steady state NOT met{which}"))
        }
        (false, _) => StoryLine::quiet(
            pass.at,
            StoryMark::Cut,
            Tone::Unknown,
            "steady state not known: checks were skipped",
        ),
    };
    session.run.before.iter().chain(&session.run.after).map(line).collect()
}

fn name(session: &Session, step: StepRef, otherwise: &str) -> String {
    session.steps.row(step).map_or_else(|| otherwise.to_owned(), |row| row.step.name.clone())
}

/// Fires, and fires that were refused.
pub(super) fn fires(session: &Session) -> Vec<StoryLine> {
    let mut lines = Vec::new();
    for firing in session.fault.iter().flat_map(|fault| &fault.fires) {
        let text = format!("FIRED {}", name(session, firing.step, &firing.what));
        lines.push(StoryLine::loud(firing.at, StoryMark::Fired, Tone::Fault, text));
    }
    for refusal in &session.refusals {
        let text =
            format!("REFUSED {}: nothing changed", name(session, refusal.firing.step, &refusal.firing.what));
        lines.push(StoryLine::loud(refusal.at, StoryMark::Failed, Tone::Failing, text));
    }
    lines
}

/// Results of the steps in the method and the rollbacks; [`fires`] already reports a fire that succeeded.
pub(super) fn steps(session: &Session) -> Vec<StoryLine> {
    let line = |row: &StepRow| {
        let at = row.ended?;
        let name = &row.step.name;
        let summary =
            row.trouble.as_deref().or(row.summary.as_deref()).map(wording::short_error).unwrap_or_default();
        let summary: String = summary.chars().take(SUMMARY).collect();
        let gave = if summary.is_empty() { String::new() } else { format!(": {summary}") };
        Some(match row.state {
            StepState::Cut => StoryLine::quiet(at, StoryMark::Cut, Tone::Plain, format!("{name} cut short")),
            _ if row.failed() => {
                StoryLine::loud(at, StoryMark::Failed, Tone::Failing, format!("{name} FAILED{gave}"))
            }
            _ if row.step.destructive && row.step.at.section == Section::Method => return None,
            _ => StoryLine::quiet(at, StoryMark::Done, Tone::Plain, format!("{name}{gave}")),
        })
    };
    let reported = |row: &&StepRow| matches!(row.step.at.section, Section::Method | Section::Rollbacks);
    let mut lines: Vec<StoryLine> = session.steps.rows.iter().filter(reported).filter_map(line).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

/// How the run was interrupted, and the results of the undo kit and of the check for safety.
pub(super) fn ends(session: &Session) -> Vec<StoryLine> {
    let mut lines = Vec::new();
    if let (Some(at), Some(reason)) = (session.run.ended_early_at, &session.run.interrupted) {
        let text = match &session.guards.tripped {
            Some((_, trip)) => {
                format!("ABORTED by the guard: {}", words(trip.guard, trip.figure, trip.limit))
            }
            None => format!("ABORTED: {}", wording::short_error(reason)),
        };
        lines.push(StoryLine::loud(at, StoryMark::Cut, Tone::Fault, text));
    }
    if let Some((at, undone)) = &session.undo.done {
        let (sign, tone, text) = if undone.failed.is_empty() {
            (StoryMark::Done, Tone::Plain, "what the fire changed is put back")
        } else {
            (StoryMark::Failed, Tone::Failing, "NOT all was put back")
        };
        lines.push(StoryLine {
            at: *at,
            mark: sign,
            tone,
            text: text.to_owned(),
            emphasized: tone == Tone::Failing,
        });
    }
    if let Some(done) = session.safety.as_ref().and_then(|safety| safety.final_check.as_ref()) {
        lines.push(if done.met {
            StoryLine::quiet(done.at, StoryMark::Done, Tone::Ok, session.safety_text())
        } else {
            StoryLine::loud(done.at, StoryMark::Failed, Tone::Failing, session.safety_text())
        });
    }
    lines
}

/// The figure of the guard that ended the run, in words.
fn words(guard: Guard, figure: u32, limit: u32) -> String {
    match guard {
        Guard::Users => format!("{figure} bad seconds, {limit} are allowed"),
        Guard::Restarts => {
            format!("{} of pods outside the fault", wording::count(figure.into(), "restart"))
        }
        Guard::Silence => format!("the cluster was silent for {figure} s, {limit} are allowed"),
        Guard::Hold => format!("no key was pressed for {figure} s, {limit} are allowed"),
    }
}

/// The operator's notes and marks.
pub(super) fn diary(session: &Session) -> Vec<StoryLine> {
    let noted = |at: Timestamp, text: String| StoryLine::quiet(at, StoryMark::Noted, Tone::Plain, text);
    let notes =
        session.annotations.notes.iter().map(|entry| noted(entry.at, wording::short_error(&entry.text)));
    let marks = session.annotations.marks.iter().map(|at| noted(*at, "marked".to_owned()));
    let mut lines: Vec<StoryLine> = notes.chain(marks).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

/// Observation gaps, each reported at its end.
pub(super) fn gaps(session: &Session) -> Vec<StoryLine> {
    let line = |gap: &crate::session::event::Gap| {
        let text = format!("{} not observed: {}", wording::seconds(gap.seconds()), wording::gap_cause(gap));
        StoryLine::quiet(gap.to, StoryMark::Cut, Tone::Unknown, text)
    };
    session.gaps.iter().map(line).collect()
}

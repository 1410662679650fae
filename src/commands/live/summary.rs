//! The summary printed to the terminal after the screen is closed.

use crate::{
    engine::{LineWriter, SessionReport},
    insight::{self, rollback_failure_text},
    printing,
    session::{
        Session,
        event::{Level, Timestamp},
        journal::status_name,
        state::Quantile,
        wording,
    },
    tui,
};

/// The columns before what a line says: two of indentation and its name.
const NAME: usize = 12;

/// Prints the verdict, the figures and the paths of the saved files.
pub(super) fn print(session: &Session, report: &SessionReport, now: Timestamp) {
    let columns = crossterm::terminal::size().map_or(usize::MAX, |(columns, _)| columns.into());
    printing::last_out(lines(session, report, now).iter().flat_map(|line| within(columns, line)));
}

/// Breaks a line at spaces; what it says goes on below its beginning. One with a word that is longer than a row, as a
/// path, stays as it is, so that it can be copied.
fn within(columns: usize, line: &str) -> Vec<String> {
    let named = line.get(..NAME).is_some_and(|name| name.ends_with(' '));
    let indent = if named { NAME } else { line.len() - line.trim_start().len() };
    let (name, said) = line.split_at(indent);
    let room = columns.saturating_sub(indent);
    if said.split_whitespace().any(|word| word.chars().count() > room) {
        return vec![line.to_owned()];
    }
    let rows = tui::wrapped(said, room);
    if rows.len() < 2 {
        return vec![line.to_owned()];
    }
    let below = |(i, row)| format!("{:indent$}{row}", if i == 0 { name } else { "" });
    rows.iter().enumerate().map(below).collect()
}

fn lines(session: &Session, report: &SessionReport, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    let title = if session.meta.title.is_empty() { &session.meta.source } else { &session.meta.title };
    lines.push(title.clone());
    let judged = session.fault.is_some()
        || !session.refusals.is_empty()
        || insight::failed_hypothesis_text(session).is_some();
    if judged {
        let conclusion = insight::conclusion(session, now);
        lines.push(format!("  verdict   {}: {}", conclusion.verdict.text(), conclusion.because()));
        lines.extend(insight::late_verdict(session, now).map(|late| {
            format!("            observed later, not counted: {}, {}", late.verdict.text(), late.because())
        }));
    }
    if let Some(endpoint) = session.users.main() {
        let tally = if session.fault.is_some() { endpoint.since_t0(now) } else { endpoint.baseline(now) };
        let wait = |quantile| {
            let ms = tally.all.at(quantile);
            ms.map_or_else(|| "-".to_owned(), |ms| wording::wait_at_least(ms, tally.all.is_open(quantile)))
        };
        let real = match tally.unjudged {
            0 => format!("{} real", tally.real),
            some => format!("{some} successes not classified as real or fallback"),
        };
        let waiting =
            if tally.waiting > 0 { format!(", {} without an answer", tally.waiting) } else { String::new() };
        lines.push(format!(
            "  users     {} requests: {real}, {} fallback, {} failed{waiting}; median {}, longest {}",
            tally.sent,
            tally.fallback,
            tally.error,
            wait(Quantile::P50),
            wait(Quantile::Max)
        ));
        if session.fault.is_some() {
            let bad = insight::bad_seconds(session, endpoint, now);
            let seconds = wording::count(bad.into(), "bad second");
            lines.push(format!("  users     {seconds} of {} allowed", session.users.budget_s));
        }
    }
    lines.extend(session.gaps.iter().map(|gap| format!("  gap       {}", wording::gap(gap))));
    let measured = session.breaker.measured(session.t0());
    if let Some(trip) = measured.trip_s {
        lines.push(format!("  breaker   opened {} after T0", wording::seconds(trip)));
    } else if let Some(belief) = session.breaker.belief.as_ref().filter(|_| session.fault.is_some()) {
        let name = belief.breaker.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        lines.push(format!("  breaker   {}{name}: {}", wording::breaker(belief.state), belief.because));
        lines.extend(
            wording::missing_protection(belief.state).map(|finding| format!("            {finding}")),
        );
    }
    if judged {
        for finding in insight::findings(session, now) {
            lines.push(format!("  finding   {}", finding.text));
            lines.push(format!("            {}", finding.advice));
        }
    }
    for score in insight::scores(session, now) {
        lines.push(format!("  predicted {}: {}, {}", score.guess, score.fact, score.word()));
    }
    if let Some((at, trip)) = &session.guards.tripped {
        let when = session.since_t0(*at).map(wording::moment).unwrap_or_default();
        lines.push(format!("  guard     {} ended the run at {when}: {}", trip.guard.name(), trip.because));
    }
    if let Some((_, why)) = &session.guardian.took {
        lines.push(format!("  guardian  took over: {why}"));
        lines.extend(session.guardian.text().map(|text| format!("            {text}")));
    }
    if let Some((_, undone)) = &session.undo.done {
        if undone.restored.is_empty() && undone.failed.is_empty() {
            lines.push("  undo      nothing differed from what was saved".to_owned());
        }
        lines.extend(undone.restored.iter().map(|line| format!("  undo      {line}")));
        lines.extend(undone.failed.iter().map(|line| format!("  undo      NOT PUT BACK: {line}")));
    }
    lines.extend(safety(session));
    if let Some(ending) = report.ending {
        let deviated = if ending.deviated { ", deviated" } else { "" };
        lines.push(format!("  run       {}{deviated}", status_name(ending.status)));
    } else if !report.looked {
        lines.push("  run       did not come to its end: rollbacks may be unfinished".to_owned());
    }
    lines.extend(session.run.journal.as_ref().map(|path| format!("  journal   {path}")));
    let stopped = session.meta.recording_stopped.as_ref();
    lines.extend(stopped.map(|reason| format!("  recording INCOMPLETE: {reason}")));
    lines.extend(report.unwritten.as_ref().map(|error| format!("  journal   NOT WRITTEN: {error}")));
    lines.extend(report.words.iter().map(|words| format!("  bug       {words}")));
    // Last, so that it is not overlooked.
    if let Some(left) = insight::left_on(session) {
        lines.push(format!("  left on   {}", left.text()));
        lines.push(format!("            {}", insight::LeftOn::REMEDY));
    }
    lines.extend(session.steps.failed_rollbacks().map(|row| format!("  {}", rollback_failure_text(row))));
    lines
}

/// Returns the line about the recovery, if any; says so if its end was not awaited.
fn safety(session: &Session) -> Option<String> {
    match &session.safety {
        Some(safety) if safety.final_check.is_none() => {
            Some(format!("  safety    not awaited: {}", session.safety_text()))
        }
        Some(_) => Some(format!("  safety    {}", session.safety_text())),
        None => None,
    }
}

/// Prints the log lines from number `printed` on, without debug lines. Returns the number of the next line.
pub(super) fn follow(session: &Session, printed: u64, lines: &mut LineWriter) -> u64 {
    let log = &session.log;
    let skip = usize::try_from(printed.saturating_sub(log.forgotten)).unwrap_or(usize::MAX);
    for line in log.lines.iter().skip(skip).filter(|line| line.level > Level::Debug) {
        lines.line(format!("  {}", line.text));
    }
    log.forgotten + log.lines.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        runner::RunEnd,
        session::{
            event::RunStatus,
            fixtures::{self, Variant},
        },
    };

    #[test]
    fn a_line_goes_on_below_what_it_says_and_a_path_stays_whole() {
        let rows = within(40, "  verdict   PROTECTED: 7 of 9 answers were a fallback");
        assert_eq!(rows, ["  verdict   PROTECTED: 7 of 9 answers", "            were a fallback"]);
        assert_eq!(within(18, "The provider is gone"), ["The provider is", "gone"]);
        for whole in [
            "  journal   /a/path/that/is/longer/than/a/row.json",
            "  journal   ./two  spaces/journal.json",
            "  run       completed",
        ] {
            assert_eq!(within(40, whole), [whole]);
        }
    }

    #[test]
    fn it_is_short_and_says_where_things_are() {
        let (session, now) = fixtures::finished(Variant::After);
        let ending =
            Some(RunEnd { status: RunStatus::Completed, deviated: false, crashed: false, unrolled: false });
        let text = lines(&session, &SessionReport { ending, ..SessionReport::default() }, now).join("\n");
        for wanted in [
            "PROTECTED",
            "fallback",
            "journal.json",
            "run       completed",
            "6.2 s after T0",
            "finding   The breaker is not free",
        ] {
            assert!(text.contains(wanted), "{wanted} in\n{text}");
        }
        assert!(text.lines().count() <= 20);
    }

    /// A breaker that does not protect is a finding; one that was never seen is not named.
    #[test]
    fn a_breaker_is_named_as_far_as_it_was_seen() {
        use crate::session::event::{Belief, BreakerState as State, Confidence, Event, EventKind};
        for (state, wanted) in [
            (State::Disabled, "DISABLED: why\n            Disabled: every call goes through"),
            (State::MetricsOnly, "METRICS ONLY: why\n            Metrics only: the breaker never opens"),
            (State::ForcedOpen, "FORCED OPEN: why\n            Forced open by an operator"),
            (State::ClosedOrNone, "CLOSED or none: why\n"),
            (State::NotSeenYet, "NOT SEEN YET: why\n"),
            (State::FallbackAtOnce, "FALLBACK AT ONCE: why\n"),
        ] {
            let (mut session, now) = fixtures::before_failing();
            session.breaker = crate::session::state::Breaker::default();
            let belief = Belief::new(state, Confidence::Likely, now, "why");
            session.apply(&Event { seq: 0, at: now, what: EventKind::Believed(belief) });
            let text = lines(&session, &SessionReport::default(), now).join("\n");
            assert!(text.contains(&format!("  breaker   {wanted}")), "{wanted} in\n{text}");
            let verdict = text.lines().find(|line| line.starts_with("  verdict")).unwrap();
            assert!(!verdict.contains("breaker"), "{verdict}");
        }
    }

    #[test]
    fn a_run_that_was_left_behind_says_so() {
        let (session, now) = fixtures::before_failing();
        let text = lines(&session, &SessionReport::broken("index".to_owned()), now).join("\n");
        assert!(text.contains("rollbacks may be unfinished") && text.contains("bug       index"), "{text}");
    }
}

//! Statements about a session in which no requests are sent.

use super::statement::{Statement, joined, sentence};
use crate::session::{
    event::{CheckLevel, Source, SourceState},
    state::Session,
};

/// No requests are sent: not yet, not in this session, or because it is impossible.
pub(super) fn no_requests_statement(session: &Session) -> Statement {
    if session.users.passive {
        let statement = Statement::new(
            "No requests are sent: this session only reads pages",
            &["nobody is asked: passive"],
        );
        return statement.with_details(Some(
            "What users get is seen where a page counts it, and nowhere else.".to_owned(),
        ));
    }
    if let Some(reason) = why_requests_impossible(session) {
        let statement = Statement::new(
            "No requests can be sent: what users get is not known",
            &["users cannot be asked"],
        );
        return statement.with_details(Some(sentence(reason)));
    }
    if session.fault.is_some() || session.run.hypothesis_began() {
        return Statement::new("Nobody is asked: what users get is not known", &["nobody is asked"]);
    }
    let read = !session.cluster.sources.is_empty();
    let short = "your service was not asked yet";
    let statement = if read {
        Statement::new("Only Kubernetes was read; your service was not asked yet.", &[short])
    } else {
        Statement::new("Your service was not asked yet.", &[short])
    };
    statement.with_details(joined([preflight(session)]))
}

/// The result of the preflight in a sentence; `None` before its first check.
fn preflight(session: &Session) -> Option<String> {
    let count = |level| session.checks.iter().filter(|check| check.level == level).count();
    let (fix, know) = (count(CheckLevel::Fix), count(CheckLevel::Know));
    if session.checks.is_empty() {
        return None;
    }
    let things = |n: usize| if n == 1 { "1 thing".to_owned() } else { format!("{n} things") };
    let fires = session.steps.rows.iter().any(|row| row.step.destructive);
    let when = if fires { " before you fire" } else { "" };
    Some(match (fix, know) {
        (0, 0) => "nothing to fix, and nothing else to know: see PREFLIGHT".to_owned(),
        (0, know) => format!("nothing to fix, {} to know{when}: see PREFLIGHT", things(know)),
        (fix, 0) => format!("{} to fix{when}: see PREFLIGHT", things(fix)),
        (fix, know) => format!("{} to fix, {know} to know{when}: see PREFLIGHT", things(fix)),
    })
}

/// Why no requests can be sent, if that was tried.
pub(super) fn why_requests_impossible(session: &Session) -> Option<&str> {
    match &session.cluster.source(Source::Users)?.state {
        SourceState::Absent { reason } => Some(reason),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::no_requests_statement;
    use crate::session::{
        Event, EventKind, Session,
        event::{CheckLevel, HypothesisPhase, PreflightCheck, Section, Source, SourceState, StepRef},
        fixtures::{self, at, recorded, session},
    };

    #[test]
    fn before_anything_was_asked_it_says_what_was_touched_and_what_is_to_fix() {
        let (mut ready, now) = fixtures::ready();
        let said = no_requests_statement(&ready);
        assert_eq!(said.sentence, "Only Kubernetes was read; your service was not asked yet.");
        assert_eq!(
            said.details.as_deref(),
            Some("1 thing to fix, 2 to know before you fire: see PREFLIGHT.")
        );
        assert_eq!(said.short, "your service was not asked yet");
        let check = PreflightCheck { level: CheckLevel::Fix, text: String::new(), remedy: None, offer: None };
        ready.apply(&Event { seq: 0, at: now, what: EventKind::Checked(check) });
        assert_eq!(
            no_requests_statement(&ready).details.as_deref(),
            Some("2 things to fix, 2 to know before you fire: see PREFLIGHT.")
        );
        let unread = Session::new();
        assert_eq!(no_requests_statement(&unread).sentence, "Your service was not asked yet.");
        assert_eq!(no_requests_statement(&unread).details, None);
    }

    #[test]
    fn a_recorded_session_is_ready_as_the_design_says() {
        let events = recorded("after-kill");
        let until =
            events.iter().position(|event| matches!(event.what, EventKind::EndpointWatched { .. })).unwrap();
        let said = no_requests_statement(&session(&events[..until]));
        assert_eq!(
            said.details.as_deref(),
            Some("Nothing to fix, 3 things to know before you fire: see PREFLIGHT.")
        );
    }

    #[test]
    fn once_the_experiment_has_begun_nobody_is_asked() {
        let nobody = "Nobody is asked: what users get is not known";
        let begun = |what| {
            let mut session = Session::new();
            session.apply(&Event { seq: 0, at: at(0.0), what });
            no_requests_statement(&session).sentence
        };
        let step = StepRef { section: Section::Method, index: 0 };
        let fired = EventKind::FaultFired { step, what: "kill".to_owned(), targets: Vec::new() };
        assert_eq!(begun(fired), nobody);
        let (phase, title) = (HypothesisPhase::Before, "h".to_owned());
        assert_eq!(begun(EventKind::HypothesisStarted { phase, title }), nobody);
    }

    #[test]
    fn who_cannot_be_asked_is_not_waited_for() {
        let mut session = Session::new();
        let reason = "no URL to ask".to_owned();
        let what = EventKind::SourceChanged { source: Source::Users, state: SourceState::Absent { reason } };
        session.apply(&Event { seq: 0, at: at(-9.0), what });
        assert_eq!(
            no_requests_statement(&session).sentence,
            "No requests can be sent: what users get is not known"
        );
        assert_eq!(no_requests_statement(&session).details.as_deref(), Some("No URL to ask."));
        session.apply(&Event { seq: 0, at: at(-8.0), what: EventKind::PassiveSet { on: true } });
        assert_eq!(
            no_requests_statement(&session).medium,
            "No requests are sent: this session only reads pages"
        );
    }
}

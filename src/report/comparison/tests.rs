use super::*;
use crate::{
    insight::Standing,
    session::{
        Event,
        event::What,
        fixtures::{self, Variant, at},
    },
};

fn story() -> Comparison {
    let (before, _) = fixtures::finished(Variant::Before);
    let (after, _) = fixtures::finished(Variant::After);
    Comparison::of(("before", &before), ("after", &after))
}

fn row<'a>(comparison: &'a Comparison, what: &str) -> &'a Row {
    comparison.rows.iter().find(|row| row.what.trim() == what).unwrap()
}

#[test]
fn the_story_side_by_side() {
    insta::assert_snapshot!(story());
}

#[test]
fn better_is_good_and_the_other_way_round_it_is_worse() {
    let (before, _) = fixtures::finished(Variant::Before);
    let (after, _) = fixtures::finished(Variant::After);
    let swapped = Comparison::of(("new", &after), ("old", &before));
    let cases = [
        ("errors shown to users", Judgement::Good, Judgement::Worse),
        ("seconds in which a user was let down", Judgement::Good, Judgement::Worse),
        ("median wait", Judgement::Good, Judgement::Worse),
        ("95 of 100 waited less than", Judgement::Neutral, Judgement::Neutral),
        ("longest wait", Judgement::Worse, Judgement::Good),
    ];
    for (what, forth, back) in cases {
        assert_eq!((row(&story(), what).judgement, row(&swapped, what).judgement), (forth, back), "{what}");
    }
}

/// A breaker that does nothing is a finding; what nobody saw is no breaker, and no opening either.
#[test]
fn what_is_said_of_a_breaker_that_did_not_open() {
    use crate::session::event::{Belief, BreakerState as State, Confidence};
    for (state, opened, finding) in [
        (State::Disabled, "switched off", Some("the breaker is switched off: nothing protects these calls")),
        (State::MetricsOnly, "switched off", Some("the breaker only counts: nothing protects these calls")),
        (State::NoBreakerSeen, "none seen", None),
        (State::ClosedOrNone, "-", None),
        (State::FallbackAtOnce, "-", None),
        (State::NotSeenYet, "-", None),
        (State::Mixed, "-", None),
        (State::Closed, "-", None),
    ] {
        let (mut session, _) = fixtures::finished(Variant::Before);
        session.breaker = crate::session::state::Breaker::default();
        let belief = Belief::new(state, Confidence::Sure, at(5.0), "actuator provider");
        session.apply(&Event { seq: 0, at: at(5.0), what: What::Believed(belief) });
        let (after, _) = fixtures::finished(Variant::After);
        let comparison = Comparison::of(("before", &session), ("after", &after));
        assert_eq!(row(&comparison, "kill -> breaker open").before, opened, "{state:?}");
        let texts: Vec<&str> = comparison.findings.iter().map(|finding| finding.text.as_str()).collect();
        let said = finding.is_none_or(|finding| texts.iter().any(|text| text.contains(finding)));
        assert!(
            said && texts.iter().any(|text| text.contains("nothing protects")) == finding.is_some(),
            "{texts:?}"
        );
    }
}

#[test]
fn findings_rest_on_what_was_seen_and_rows_point_at_them() {
    let comparison = story();
    assert_eq!(comparison.findings.len(), 3);
    assert_eq!(row(&comparison, "longest wait").finding, Some(1));
    assert_eq!(row(&comparison, "consumer restarts by Kubernetes").finding, Some(2));
    // A run against itself has no longer waits and, resilient enough, no blind file.
    let (after, _) = fixtures::finished(Variant::After);
    let same = Comparison::of(("one", &after), ("other", &after));
    assert!(same.findings[0].text.starts_with("The breaker is not free: 13 users were let down"), "{same}");
    assert!(same.rows.iter().all(|row| row.judgement == Judgement::Neutral));
}

#[test]
fn a_fault_without_effect_is_the_first_thing_said() {
    let quiet = |event: &Event| {
        event.at < at(0.0)
            || !matches!(
                event.what,
                What::PodSeen(_) | What::PodGone(_) | What::ServiceSeen(_) | What::WorkloadSeen(_)
            )
    };
    let events: Vec<Event> = fixtures::events(Variant::After, 62.0).into_iter().filter(quiet).collect();
    let (before, _) = fixtures::finished(Variant::Before);
    let comparison = Comparison::of(("before", &before), ("after", &fixtures::session(&events)));
    assert_eq!(comparison.after.conclusion.standing, Standing::FaultNeverHappened);
    assert!(comparison.findings[0].text.contains("nothing of what it hit ever went away"));
    assert_eq!(comparison.happened(), "fault really happened: before yes, after no");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let (before, _) = fixtures::finished(Variant::Before);
    let (short, _) = fixtures::told(Variant::After, 7.0);
    let caveats = Comparison::of(("before", &before), ("after", &short)).caveats.join("\n");
    for wanted in [
        "70 and 15 requests",
        "Fewer than 20 requests on one side",
        "The fault lasted 35.0 s and 7.0 s: compare shares, not counts.",
        "after: 11 requests had no answer when the session ended.",
    ] {
        assert!(caveats.contains(wanted), "{wanted} is missing in\n{caveats}");
    }
}

#[test]
fn sessions_without_a_fault_are_compared_without_stumbling() {
    let (ready, _) = fixtures::ready();
    let comparison = Comparison::of(("one", &ready), ("other", &Session::new()));
    assert_eq!(comparison.before.conclusion.standing, Standing::FaultNeverHappened);
    assert!(comparison.to_string().contains("FAULT NEVER HAPPENED"));
}

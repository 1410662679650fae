use super::*;
use crate::{
    insight::{RunVerdict, Tone},
    session::{
        Event,
        event::EventKind,
        fixtures::{self, Variant, at, recorded_whole},
    },
};

fn story() -> Comparison {
    let (before, _) = fixtures::finished(Variant::Before);
    let (after, _) = fixtures::finished(Variant::After);
    Comparison::of(("before", &before), ("after", &after))
}

fn recorded(before: &str, after: &str) -> Comparison {
    let (before, after) = (recorded_whole(before).0, recorded_whole(after).0);
    Comparison::of(("before", &before), ("after", &after))
}

fn row<'a>(comparison: &'a Comparison, what: &str) -> &'a Row {
    comparison.rows.iter().find(|row| row.name == what).unwrap()
}

#[test]
fn the_story_side_by_side() {
    insta::assert_snapshot!(story());
}

#[test]
fn the_design_s_table_comes_from_the_recorded_sessions() {
    let compared = recorded("before-kill", "after-kill");
    assert_eq!(compared.heading, "SAME FAULT, SAME LOAD, LINED UP AT T0");
    let told: Vec<[String; 5]> = compared
        .rows
        .iter()
        .map(|row| {
            let finding = row.finding.map(|number| format!("[{number}]")).unwrap_or_default();
            let judged = row.judgement.text().to_owned();
            [row.before.text.clone(), row.after.text.clone(), judged, row.change.clone(), finding]
        })
        .collect();
    let wanted = [
        ["33", "0", "BETTER", "33 fewer", ""],
        ["0", "47", "", "less than real, but an answer", ""],
        ["9", "2", "BETTER", "7 fewer", ""],
        ["10.0 s", "2.0 s", "BETTER", "5 times shorter", ""],
        ["never", "2.0 s", "", "7 users waited first", "[1]"],
        ["0.3 s", "3.9 s", "WORSE", "breaker waits 10 s", "[2]"],
        ["0 of 3", "1 of 3", "WORSE", "a restart was near", "[3]"],
    ];
    let short = |told: &[String; 5]| told.join(" | ");
    // The belief that an earlier version recorded, of a breaker that did not exist, does not rule out an opening.
    assert_eq!(short(&told[4]), "not seen | 2.0 s |  | 7 users waited first | [1]");
    for place in [0, 1, 2, 3, 5, 6] {
        assert_eq!(short(&told[place]), wanted[place].join(" | "));
    }
    assert_eq!(compared.after.sentence, "nobody got an error; 7 users waited up to 2.0 s");
    assert_eq!(compared.before.sentence, "32 of 32 users got an error while the provider was away");
    let texts: Vec<&str> = compared.findings.iter().map(|finding| finding.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "The breaker is not free: 7 users waited up to 2.0 s before it opened.",
            "Users got the fallback for 3.9 s longer than the provider was away.",
            "The open breaker failed 1 of 3 liveness checks of a healthy consumer.",
            "before: the file cannot fail: its journal says completed, exit 0, while users were let down.",
        ]
    );
    assert_eq!(compared.not_seen[0], "the real crowd: users are our own probe, 4 requests a second");
}

#[test]
fn bars_and_tones_follow_the_figures() {
    let compared = recorded("before-kill", "after-kill");
    let value = |what: &str| {
        let row = row(&compared, what);
        [(row.before.number, row.before.tone), (row.after.number, row.after.tone)]
    };
    assert_eq!(value("failed users"), [(Some(33.0), Tone::Failing), (Some(0.0), Tone::Ok)]);
    assert_eq!(value("fallback answers"), [(Some(0.0), Tone::Plain), (Some(47.0), Tone::Protected)]);
    assert_eq!(value("bad seconds"), [(Some(9.0), Tone::Failing), (Some(2.0), Tone::Waiting)]);
    assert_eq!(value("consumer liveness misses"), [(Some(0.0), Tone::Plain), (Some(1.0), Tone::Waiting)]);
    assert_eq!(row(&compared, "consumer liveness misses").full_bar, Some(3.0));
    assert_eq!(value("T0 to breaker open").map(|(number, _)| number), [None, None]);
}

#[test]
fn better_is_worse_the_other_way_round() {
    let (before, _) = fixtures::finished(Variant::Before);
    let (after, _) = fixtures::finished(Variant::After);
    let swapped = Comparison::of(("new", &after), ("old", &before));
    for (what, forth, back) in [
        ("failed users", Judgement::Better, Judgement::Worse),
        ("bad seconds", Judgement::Better, Judgement::Worse),
        ("longest wait", Judgement::Worse, Judgement::Better),
        ("provider back to real answer", Judgement::Same, Judgement::Same),
        ("consumer liveness misses", Judgement::Worse, Judgement::Better),
        ("fallback answers", Judgement::None, Judgement::None),
    ] {
        assert_eq!((row(&story(), what).judgement, row(&swapped, what).judgement), (forth, back), "{what}");
    }
}

/// A breaker that lets every call through is a finding; without observation neither a breaker nor an opening is stated.
#[test]
fn what_is_said_of_a_breaker_that_did_not_open() {
    use crate::session::event::{Belief, BreakerState as State, Confidence};
    for (state, opened, finding) in [
        (State::Disabled, "switched off", Some("The breaker is switched off: nothing protects these calls.")),
        (State::MetricsOnly, "switched off", Some("The breaker only counts: nothing protects these calls.")),
        (State::NoBreakerSeen, "never", None),
        (State::ClosedOrNone, "not seen", None),
        (State::FallbackAtOnce, "not seen", None),
        (State::NotSeenYet, "not seen", None),
        (State::Mixed, "not seen", None),
        (State::Closed, "never", None),
    ] {
        let (mut session, _) = fixtures::finished(Variant::Before);
        session.breaker = crate::session::state::Breaker::default();
        session.concluded = None;
        let belief = Belief::new(state, Confidence::Sure, at(5.0), "actuator provider");
        session.apply(&Event { seq: 0, at: at(5.0), what: EventKind::Believed(belief) });
        let (before, _) = fixtures::finished(Variant::After);
        let comparison = Comparison::of(("before", &before), ("after", &session));
        assert_eq!(row(&comparison, "T0 to breaker open").after.text, opened, "{state:?}");
        let texts: Vec<&str> = comparison.findings.iter().map(|finding| finding.text.as_str()).collect();
        let said = finding.is_none_or(|finding| texts.contains(&finding));
        assert!(
            said && texts.iter().any(|text| text.contains("nothing protects")) == finding.is_some(),
            "{texts:?}"
        );
    }
}

#[test]
fn a_run_against_itself_is_the_same() {
    let (after, _) = fixtures::finished(Variant::After);
    let same = Comparison::of(("one", &after), ("other", &after));
    assert!(
        same.findings[0].text.starts_with("The breaker is not free: 13 users waited up to 11.6 s"),
        "{same}"
    );
    for row in &same.rows {
        assert!(matches!(row.judgement, Judgement::Same | Judgement::None), "{row:?}");
        assert_eq!(row.before.text, row.after.text);
    }
    assert_eq!(row(&same, "bad seconds").change, "as many");
    assert_eq!(row(&same, "longest wait").change, "no difference");
}

#[test]
fn a_fault_without_effect_is_the_first_thing_said() {
    let quiet = |event: &Event| {
        event.at < at(0.0)
            || !matches!(
                event.what,
                EventKind::PodSeen(_)
                    | EventKind::PodGone(_)
                    | EventKind::ServiceSeen(_)
                    | EventKind::WorkloadSeen(_)
            )
    };
    let events: Vec<Event> = fixtures::events(Variant::After, 62.0).into_iter().filter(quiet).collect();
    let (before, _) = fixtures::finished(Variant::Before);
    let comparison = Comparison::of(("before", &before), ("after", &fixtures::session(&events)));
    assert_eq!(comparison.after.conclusion.verdict, RunVerdict::FaultNeverHappened);
    let first = &comparison.findings[0];
    assert_eq!(first.text, "after: the fault was fired, but nothing of what it hit ever went away.");
    assert_eq!(comparison.happened(), "fault really happened: before yes, after no");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let (before, _) = fixtures::finished(Variant::Before);
    let (short, _) = fixtures::session_at(Variant::After, 7.0);
    let comparison = Comparison::of(("before", &before), ("after", &short));
    let caveats = comparison.caveats.join("\n");
    for wanted in [
        "1 run each, 120 and 15 requests: enough to show, not to promise.",
        "Fewer than 20 requests on one side",
        "The fault lasted 35.0 s and 7.0 s: compare shares, not counts.",
        "after: 11 requests had no answer when the session ended.",
    ] {
        assert!(caveats.contains(wanted), "{wanted} is missing in\n{caveats}");
    }
    let waits = row(&comparison, "longest wait");
    assert_eq!((waits.after.text.as_str(), waits.change.as_str()), (">= 7.0 s", "some still wait"));
    assert!(comparison.not_seen.iter().any(|line| line.starts_with("after: the way back")), "{comparison}");
}

#[test]
fn another_fault_or_load_is_in_the_heading() {
    let (before, _) = fixtures::finished(Variant::Before);
    let heading = |other: &Session| Comparison::of(("one", &before), ("other", other)).heading;
    let mut load = before.clone();
    load.users.endpoints[0].rate = 10.0;
    assert_eq!(heading(&load), "SAME FAULT, ANOTHER LOAD, LINED UP AT T0");
    let mut fault = before.clone();
    fault.fault.as_mut().unwrap().fires[0].what = "scaled it".to_owned();
    assert_eq!(heading(&fault), "NOT THE SAME FAULT, LINED UP AT T0");
}

#[test]
fn sessions_without_a_fault_are_compared_without_stumbling() {
    let (ready, _) = fixtures::ready();
    let comparison = Comparison::of(("one", &ready), ("other", &Session::new()));
    assert_eq!(comparison.before.conclusion.verdict, RunVerdict::FaultNeverHappened);
    assert!(comparison.to_string().contains("FAULT NEVER HAPPENED"));
}

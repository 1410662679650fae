use super::{ConsoleLine, Layout, lines};
use crate::session::{
    EventKind,
    event::{ActivityOutcome, HypothesisPhase, Level, PauseSide, RunId, RunStatus, Section, StepRef},
};
use jiff::tz::TimeZone;
use pyvalue::{Value, parse_json};

fn told(what: EventKind) -> Vec<String> {
    let name = |level: Level| format!("{level:?}").to_uppercase();
    lines(&what).into_iter().map(|(level, text)| format!("{} {text}", name(level))).collect()
}

const STEP: StepRef = StepRef { section: Section::Method, index: 0 };

fn ended(section: Section, succeeded: Option<bool>, entry: &str) -> Vec<String> {
    let outcome = ActivityOutcome {
        succeeded,
        tolerance_met: None,
        trouble: None,
        summary: String::new(),
        seconds: 0.0,
    };
    let step = StepRef { section, index: 0 };
    told(EventKind::ActivityEnded { run: RunId(0), step, outcome, entry: parse_json(entry).unwrap() })
}

#[test]
fn c106_the_catalogue_of_console_lines() {
    let started = |dry: Option<&str>| EventKind::RunStarted {
        title: "T".to_owned(),
        hypothesis_strategy: "continuous".to_owned(),
        rollback_strategy: "always".to_owned(),
        dry: dry.map(str::to_owned),
        experiment: Value::Null,
    };
    let not_met =
        |phase| EventKind::HypothesisEnded { phase, met: false, deviating: Some("p".to_owned()), skipped: 0 };
    let pause = |side, seconds, shown: &str| {
        let shown = shown.to_owned();
        EventKind::PauseStarted { step: STEP, side, seconds, shown }
    };
    let begun = |entry: &str| EventKind::ActivityStarted {
        run: RunId(0),
        step: STEP,
        name: "n".to_owned(),
        entry: parse_json(entry).unwrap(),
    };
    let cases: Vec<(EventKind, &[&str])> = vec![
        (
            started(Some("pause")),
            &["INFO Running experiment: T", "WARNING Running experiment with dry pause"],
        ),
        (
            EventKind::HypothesisStarted { phase: HypothesisPhase::Before, title: "H".to_owned() },
            &["INFO Steady state hypothesis: H"],
        ),
        (
            not_met(HypothesisPhase::After),
            &["CRITICAL Steady state probe 'p' is not in the given tolerance so failing this experiment"],
        ),
        (
            not_met(HypothesisPhase::During),
            &["WARNING Continuous steady state probe 'p' is not in the given tolerance"],
        ),
        // The pass broke, which is reported as an error instead.
        (
            EventKind::HypothesisEnded {
                phase: HypothesisPhase::Before,
                met: false,
                deviating: None,
                skipped: 0,
            },
            &[],
        ),
        (
            EventKind::ContinuousStarted { frequency: 1.0 },
            &["INFO Executing the steady-state hypothesis continuously every 1.0 seconds"],
        ),
        (
            EventKind::ContinuousEnded { failed_percent: Some(100.0 / 3.0) },
            &[
                "INFO Terminating immediately the experiment after 33.3% hypothesis deviated",
                "INFO Continuous steady state hypothesis terminated",
            ],
        ),
        (
            EventKind::MethodStarted { steps: 0 },
            &["INFO Playing your experiment's method now...", "INFO No declared activities, let's move on."],
        ),
        (EventKind::RollbacksStarted { steps: 2 }, &["INFO Let's rollback..."]),
        (pause(PauseSide::Before, 1.0, "1.0"), &["INFO Pausing before next activity for 1.0s..."]),
        (pause(PauseSide::After, 5.0, "5"), &["INFO Pausing after activity for 5s..."]),
        (begun(r#"{"activity": {"type": "probe"}}"#), &["INFO Probe: n"]),
        (
            begun(r#"{"activity": {"type": "action", "background": true}}"#),
            &["INFO Action: n [in background]"],
        ),
        (
            EventKind::Aborted { message: "why".to_owned() },
            &["CRITICAL Experiment ran into an un expected fatal error, aborting now.\nwhy"],
        ),
        (
            EventKind::RunEnded { status: RunStatus::Completed, deviated: true },
            &[
                "INFO Experiment ended with status: deviated",
                "INFO The steady-state has deviated, a weakness may have been discovered",
            ],
        ),
        (
            EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false },
            &["INFO Experiment ended with status: interrupted"],
        ),
    ];
    for (what, expected) in cases {
        assert_eq!(told(what.clone()), expected, "{what:?}");
    }
}

#[test]
fn c051_c057_outputs_that_deserve_a_warning_get_one() {
    let entry = |provider: &str, tolerance: &str, status: i64| {
        format!(
            r#"{{"activity": {{"provider": {{"type": "{provider}"}} {tolerance}}}, "output": {{"status": {status}}}}}"#
        )
    };
    let cases = [
        ("http", "", 399, false),
        ("http", "", 400, true),
        ("http", r#", "tolerance": 200"#, 500, false),
        ("process", "", 0, false),
        ("process", "", 1, true),
        ("process", "", -9, false),
        ("process", r#", "tolerance": null"#, 1, false),
        ("python", "", 500, false),
    ];
    for (provider, tolerance, status, warned) in cases {
        let lines = ended(Section::Method, Some(true), &entry(provider, tolerance, status));
        let warnings = lines.iter().filter(|line| line.starts_with("WARNING")).count();
        assert_eq!(warnings, usize::from(warned), "{provider} {status}: {lines:?}");
    }
}

#[test]
fn failures_are_told_by_their_last_line() {
    let entry = r#"{"exception": ["Traceback\n", "chaoslib.exceptions.ActivityFailed: boom: x\n"]}"#;
    assert_eq!(ended(Section::Method, Some(false), entry), ["ERROR   => failed: boom: x"]);
    assert_eq!(ended(Section::Before, Some(false), entry), ["ERROR   => failed: boom: x"]);
    assert!(ended(Section::Before, None, "{}").is_empty());
}

#[test]
fn c106_lines_have_the_layout_of_the_reference() {
    let line = ConsoleLine {
        at: "2026-11-22T13:02:22.1234567Z".parse().unwrap(),
        level: Level::Warning,
        target: "chaostoolkit",
        message: "one\ntwo \u{1b}[31mred\n",
    };
    let text =
        |places, colour| Layout::Text { with_target: places, colour }.show(line, &TimeZone::UTC).to_string();
    assert_eq!(text(false, false), "[2026-11-22 13:02:22 WARNING] one\n    two red");
    assert_eq!(
        text(true, true),
        "\u{1b}[33m[2026-11-22 13:02:22 WARNING]\u{1b}[39m [chaostoolkit] one\n    two red"
    );
    let json = Layout::Json { context_id: "id".to_owned() }
        .show(ConsoleLine { message: "m", ..line }, &TimeZone::UTC);
    let value = parse_json(json.as_str()).unwrap();
    let keys: Vec<&str> = value.as_map().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["process", "asctime", "levelname", "module", "lineno", "message", "context_id", "timestamp"]
    );
    assert_eq!(value.get("asctime").unwrap().as_str(), Some("2026-11-22 13:02:22,123"));
    assert_eq!(value.get("timestamp").unwrap().as_str(), Some("2026-11-22T13:02:22.123456+00:00"));
}

use super::*;
use crate::{
    report::{Evidence, facts::Facts},
    session::fixtures,
};

/// The summary of a recording of the tests.
fn summary(name: &str) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.ctui"));
    fixtures::unpack(name, &path);
    let evidence = Evidence::of_file(&path, name.to_owned()).unwrap();
    Summary::of(&Facts::of(&evidence))
}

fn runs(name: &str) -> Runs {
    Runs::one(name.split('-').next().unwrap(), summary(name))
}

/// A run as another would have been: other users failed, by chance, and others waited.
fn varied(name: &str, by: usize) -> Summary {
    let mut run = summary(name);
    for phase in &mut run.endpoints[0].phases {
        let turn = by.min(phase.waits_ms.len());
        phase.waits_ms.rotate_left(turn);
        let letters: Vec<char> = phase.outcomes.chars().collect();
        phase.outcomes = letters[turn..].iter().chain(&letters[..turn]).collect();
    }
    run.bad_seconds.as_mut().unwrap().count += u32::try_from(by % 3).unwrap();
    run
}

fn judgement(compared: &RunsCompared, key: &str) -> MetricJudgement {
    compared.rows.iter().find(|row| row.metric.key == key).unwrap().judgement
}

#[test]
fn what_a_breaker_changes_is_beyond_noise() {
    let compared = RunsCompared::of(runs("before-kill"), runs("after-kill"));
    insta::assert_snapshot!("before-and-after", compared.to_string());
    assert_eq!(judgement(&compared, "failed"), MetricJudgement::Better);
    assert_eq!(judgement(&compared, "fallback"), MetricJudgement::Different);
    assert_eq!(judgement(&compared, "wait_p50"), MetricJudgement::Unnoticeable, "a millisecond");
    assert_eq!(
        judgement(&compared, "steady_p50"),
        MetricJudgement::Indistinguishable,
        "before T0 nothing differs"
    );
    assert_eq!(judgement(&compared, "bad_seconds"), MetricJudgement::TooFew, "one value a run");
}

#[test]
fn a_run_is_indistinguishable_from_itself() {
    let compared = RunsCompared::of(runs("after-kill"), runs("after-kill"));
    for row in &compared.rows {
        let same = matches!(
            row.judgement,
            MetricJudgement::Indistinguishable | MetricJudgement::Equal | MetricJudgement::NotObserved
        );
        assert!(same, "{row:?}");
    }
    assert_eq!(compared.differences, Vec::<String>::new());
}

#[test]
fn with_several_runs_whole_runs_are_drawn() {
    let several =
        |name: &str| Runs { name: name.to_owned(), runs: (0..4).map(|by| varied(name, by)).collect() };
    let compared = RunsCompared::of(several("before-kill"), several("after-kill"));
    assert!(compared.by_runs && compared.method().contains("whole runs"));
    assert_eq!(judgement(&compared, "bad_seconds"), MetricJudgement::Better, "now its noise is known");
    assert_eq!(compared.rows[0].samples, (4, 4));
    assert_eq!(several("after-kill").verdicts(), "4 x PROTECTED");
    insta::assert_snapshot!("spread", Spread::of(&several("after-kill")).to_string());
}

#[test]
fn what_makes_runs_hard_to_compare_is_told() {
    let mut other = runs("after-kill");
    other.runs[0].endpoints[0].rate_per_second = 40.0;
    other.runs[0].endpoints[0].limit_ms = 500;
    other.runs[0].fault.as_mut().unwrap().fires[0].label = "k8s scale_deployment".to_owned();
    let told = RunsCompared::of(runs("after-kill"), other.clone()).differences.join("\n");
    for wanted in ["not the same fault", "not the same load: 4 and 40", "not the same limit: 1000 and 500 ms"]
    {
        assert!(told.contains(wanted), "{told}");
    }
    let errors = regressions(&runs("after-kill"), &other).unwrap_err();
    assert_eq!(errors.len(), 3);
    other.runs[0].fault = None;
    other.runs[0].endpoints.clear();
    let told = RunsCompared::of(runs("after-kill"), other).differences.join("\n");
    assert!(told.contains("nothing was fired in after") && told.contains("no users were watched"), "{told}");
}

#[test]
fn a_gate_tells_what_became_worse_and_by_how_much() {
    let told = |baseline: &Runs, now: &Runs| -> Vec<String> {
        regressions(baseline, now).unwrap().into_iter().map(|found| found.0).collect()
    };
    assert_eq!(told(&runs("after-kill"), &runs("after-kill")), Vec::<String>::new());
    assert_eq!(told(&runs("before-kill"), &runs("after-kill")), Vec::<String>::new(), "better is no failure");
    let worse = told(&runs("after-kill"), &runs("before-kill"));
    assert_eq!(worse[0], "the verdict is NOT RESILIENT instead of PROTECTED");
    assert!(worse[1].starts_with("failed users: ") && worse[1].contains(" instead of 0 % (+"), "{worse:?}");
    assert!(worse.iter().all(|line| !line.contains("bad seconds")), "one run each: {worse:?}");
    // With several runs in the baseline its own spread is known.
    let baseline = Runs { name: "b".to_owned(), runs: (0..3).map(|by| varied("after-kill", by)).collect() };
    let mut now = runs("after-kill");
    now.runs[0].bad_seconds.as_mut().unwrap().count = 40;
    let worse = told(&baseline, &now);
    assert_eq!(worse, ["bad seconds: 40 instead of 4 (the 3 runs of the baseline lie between 2 and 4)"]);
    now.runs[0].verdict.word = "not-observable".to_owned();
    assert!(told(&baseline, &now)[0].starts_with("there is no verdict, instead of PROTECTED"));
    assert_eq!(metric::METRICS.iter().filter(|metric| metric.less_is_better == Some(true)).count(), 8);
}

#[test]
fn runs_are_read_from_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.json");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write(&summary("after-kill").to_json());
    let read = Runs::read(&path).unwrap();
    assert_eq!(read, Runs::one("base", summary("after-kill")));
    write(&RunsFile::text(&[summary("after-kill"), summary("before-kill")]));
    assert_eq!(Runs::read(&path).unwrap().runs, [summary("after-kill"), summary("before-kill")]);
    for (text, why) in [
        ("{}", "no summary of a run"),
        ("not json", "no summary of a run"),
        (r#"{"format": 1, "runs": []}"#, "holds no run"),
        (r#"{"format": 99}"#, "format 99"),
    ] {
        write(text);
        let said = Runs::read(&path).unwrap_err().to_string();
        assert!(said.contains(why) && said.contains("base.json"), "{said}");
    }
}

//! Whatever runs, and whatever happens meanwhile: the run ends, and its journal is complete.

use super::*;
use crate::runner::{Compat, HypothesisStrategy, RollbackStrategy, request::Dry};
use proptest::{collection::vec, prelude::*};

/// An entry of any section: a call of some fake function, or a reference, rarely to no activity.
fn entry(kind: &'static str) -> impl Strategy<Value = String> {
    let funcs = prop::sample::select(vec![
        "give:1",
        "give:0",
        "give:\"x\"",
        "next:[1, 0]",
        "next:[\"boom\", 1]",
        "fail",
        "crash",
        "exit:7",
        "exit:30",
        "wait:2",
        "wait:0.1",
        "hang",
        "harm",
    ]);
    let more = prop::sample::select(vec![
        r#""tolerance": 1"#,
        r#""tolerance": 1, "background": true"#,
        r#""tolerance": [0, 1], "pauses": {"before": 0.5, "after": 3}"#,
        r#""tolerance": {"type": "regex", "pattern": "x"}, "pauses": {"before": "${nothing}"}"#,
        r#""tolerance": 1, "dry": false"#,
    ]);
    let named = prop::sample::select(vec!["a", "b", "c"]);
    let call = (named, funcs, more).prop_map(move |(name, func, more)| activity(kind, name, func, more));
    let reference = prop::sample::select(vec!["a", "b", "nobody"])
        .prop_map(|name| format!(r#"{{"ref": "{name}", "tolerance": 1}}"#));
    prop_oneof![6 => call, 1 => reference]
}

fn parts() -> impl Strategy<Value = String> {
    let probes = vec(entry("probe"), 0..3).prop_map(|probes| hypothesis(&probes));
    let steps = vec(prop_oneof![entry("action"), entry("probe")], 0..4).prop_map(|steps| method(&steps));
    let undoing = vec(entry("action"), 0..3).prop_map(|steps| rollbacks(&steps));
    (probes, steps, undoing).prop_map(|(probes, steps, undoing)| format!("{probes}, {steps}, {undoing}"))
}

fn options() -> impl Strategy<Value = RunOptions> {
    let hypothesis = prop::sample::select(vec![
        HypothesisStrategy::Default,
        HypothesisStrategy::BeforeMethodOnly,
        HypothesisStrategy::AfterMethodOnly,
        HypothesisStrategy::DuringMethodOnly,
        HypothesisStrategy::Continuously,
        HypothesisStrategy::Skip,
    ]);
    let rollbacks = prop::sample::select(vec!["default", "always", "never", "deviated", "unheard of"]);
    let dry = prop::option::weighted(
        0.2,
        prop::sample::select(vec![Dry::Probes, Dry::Actions, Dry::Activities, Dry::Pause]),
    );
    let compat = prop::sample::select(vec![Compat::Safe, Compat::Strict]);
    (hypothesis, rollbacks, dry, any::<bool>(), compat).prop_map(
        |(hypothesis, rollbacks, dry, fail_fast, compat)| RunOptions {
            only_rollbacks: false,
            hypothesis,
            rollbacks: RollbackStrategy::named(rollbacks),
            frequency: 1.0,
            fail_fast,
            dry,
            compat,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_run_always_ends_with_a_complete_journal(
        parts in parts(),
        options in options(),
        signal in prop::sample::select(vec![Signal::Interrupt, Signal::Terminate, Signal::HangUp, Signal::Quit, Signal::User1, Signal::User2, Signal::CpuLimit]),
        after in 0.0..8.0_f64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let setup = Setup::new(&parts).options(|it| *it = options.clone());
        let played = runtime.block_on(setup.play_with(async |what, operator| {
            if matches!(what, EventKind::RunStarted { .. }) {
                // Signals end what hangs: one at some moment, and more until everything has ended.
                let signals = operator.signals.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(std::time::Duration::from_secs_f64(after)).await;
                    while signals.send(signal).await.is_ok() {
                        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
                    }
                });
            }
        }));
        let journal = played.journal();
        let keys: Vec<&str> = journal.as_map().unwrap().keys().map(String::as_str).collect();
        prop_assert_eq!(keys, KEYS);
        let ending = played.ending.unwrap();
        let status = journal.get("status").and_then(Value::as_str).unwrap_or_default();
        prop_assert!(["completed", "failed", "aborted", "interrupted"].contains(&status));
        prop_assert_eq!(ending.crashed && options.compat == Compat::Safe, false);
        for part in ["run", "rollbacks"] {
            for entry in journal.get(part).and_then(Value::as_list).unwrap_or_default() {
                prop_assert!(entry.get("end").is_some() && entry.get("duration").is_some(), "{:?}", entry);
            }
        }
        let begun = played.events.iter().filter(|event| matches!(event.what, EventKind::ActivityStarted { .. })).count();
        let ended = played.events.iter().filter(|event| matches!(event.what, EventKind::ActivityEnded { .. })).count();
        prop_assert_eq!(begun, ended, "whatever begins ends");
        let last = &played.events.last().unwrap().what;
        let over = matches!(last, EventKind::RunEnded { .. } | EventKind::Logged { .. } | EventKind::Interrupted { .. });
        prop_assert!(over, "{:?}", last);
    }
}

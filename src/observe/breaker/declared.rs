//! Breaker sources and series rules, as the config file and the vendor extension of an experiment declare them.
//!
//! ```yaml
//! breaker-source: ["8081/actuator/circuitbreakers", "/internal/breakers"]
//! breaker-series:
//!   metric: shop_gate
//!   label: phase                                           # without it the value itself is looked up
//!   states: {ok: closed, tripped: open, testing: half-open}
//! ```

use super::{NamedSource, SeriesRule};
use crate::experiment::text_list;
use pyvalue::{Map, Value, python_text};

/// The sources and rules that the vendor extension declares, and an error text for each entry that cannot be read.
pub fn in_extension(vendor: Option<&Map>) -> (Vec<NamedSource>, Vec<SeriesRule>, Vec<String>) {
    let mut faults = Vec::new();
    let mut note =
        |key: &str, fault: String| faults.push(format!("the `{key}` of the extension `chaos-tui` {fault}"));
    let entry = |key: &str| vendor.and_then(|vendor| vendor.get(key));
    let named = match entry("breaker-source").map(sources) {
        Some(Err(fault)) => {
            note("breaker-source", fault);
            Vec::new()
        }
        found => found.and_then(Result::ok).unwrap_or_default(),
    };
    let rules = match entry("breaker-series").map(series) {
        Some(Err(fault)) => {
            note("breaker-series", fault);
            Vec::new()
        }
        found => found.and_then(Result::ok).unwrap_or_default(),
    };
    (named, rules, faults)
}

/// Parses one source or a list of them.
pub fn sources(value: &Value) -> Result<Vec<NamedSource>, String> {
    let texts = text_list(value)?;
    texts
        .iter()
        .map(|text| NamedSource::parse(text))
        .collect::<Result<_, _>>()
        .map_err(|why| format!("cannot be read: {why}"))
}

/// Parses one rule or a list of them.
pub fn series(value: &Value) -> Result<Vec<SeriesRule>, String> {
    match value {
        Value::List(items) => items.iter().map(rule).collect(),
        one => rule(one).map(|rule| vec![rule]),
    }
}

fn rule(value: &Value) -> Result<SeriesRule, String> {
    let wanted = "must hold `metric`, `states` such as {ok: closed, tripped: open}, and perhaps `label`";
    let map = value.as_map().ok_or(wanted)?;
    if let Some(other) = map.keys().find(|key| !matches!(key.as_str(), "metric" | "label" | "states")) {
        return Err(format!("{wanted}, and nothing such as `{other}`"));
    }
    let metric =
        map.get("metric").and_then(Value::as_str).filter(|metric| !metric.is_empty()).ok_or(wanted)?;
    let label = match map.get("label") {
        None | Some(Value::Null) => None,
        Some(label) => Some(label.as_str().ok_or("has a `label` that is no text")?.to_owned()),
    };
    let states =
        map.get("states").and_then(Value::as_map).filter(|states| !states.is_empty()).ok_or(wanted)?;
    let states = states.iter().map(|(word, state)| (word.clone(), python_text(state)));
    SeriesRule::declared(metric.to_owned(), label, states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::Document;

    fn read(text: &str) -> Result<Vec<SeriesRule>, String> {
        series(Document::yaml("config.yaml", text).unwrap().root())
    }

    #[test]
    fn a_rule_has_three_lines() {
        let rules =
            read("metric: gate\nlabel: phase\nstates: {ok: closed, tripped: OPEN, testing: half-open}")
                .unwrap();
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].metric(), "gate");
        assert!(read("{metric: gate, states: {0: closed, 7: open}}").is_ok(), "numbers have no label");
        assert_eq!(
            read("[{metric: a, states: {x: open}}, {metric: b, states: {y: closed}}]").unwrap().len(),
            2
        );
    }

    #[test]
    fn what_is_no_rule_is_refused_with_what_would_be_one() {
        for (text, word) in [
            ("metric: gate", "states"),
            ("states: {ok: closed}", "metric"),
            ("{metric: gate, states: {ok: shut}}", "shut"),
            ("{metric: gate, states: {}}", "states"),
            ("{metric: gate, words: {ok: closed}, states: {ok: closed}}", "words"),
            ("gate", "metric"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(word), "{text}: {said}");
        }
    }

    #[test]
    fn the_vendor_place_declares_both_and_its_faults_are_told() {
        let vendor = |text: &str| Document::yaml("x.yaml", text).unwrap().root().as_map().cloned();
        let good = vendor("breaker-source: 8081/metrics\nbreaker-series: {metric: gate, states: {1: open}}");
        let (sources, rules, faults) = in_extension(good.as_ref());
        assert_eq!((sources.len(), rules.len(), faults.len()), (1, 1, 0));
        let bad = vendor("breaker-source: nowhere\nbreaker-series: 7");
        let (sources, rules, faults) = in_extension(bad.as_ref());
        assert_eq!((sources.len(), rules.len(), faults.len()), (0, 0, 2));
        assert!(faults[0].contains("nowhere") && faults[1].contains("breaker-series"), "{faults:?}");
        assert_eq!(in_extension(None).2.len(), 0);
    }
}

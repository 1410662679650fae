//! Valid experiments with random mistakes: nodes deleted, replaced, duplicated, moved.

use super::{exercise, text, value};
use proptest::{collection::vec, prelude::*};
use pyvalue::{Document, Map, Value, parse_json};

/// An experiment that uses every part of the format.
const WHOLE: &str = r#"{
  "title": "Survives ${mode}", "description": "d", "tags": ["a"], "contributions": {"x": "high"},
  "configuration": {"mode": "a", "n": 5, "list": [1, {"k": "${mode}"}],
    "from_env": {"type": "env", "key": "X", "default": "1", "env_var_type": "int"},
    "dynamic": {"type": "probe", "name": "d", "provider": {"type": "process", "path": "true"}}},
  "secrets": {"s": {"token": {"type": "env", "key": "PATH"}, "plain": "secret"},
    "v": {"key": {"type": "vault", "path": "p", "key": "k"}}},
  "controls": [{"name": "c", "provider": {"type": "python", "module": "m", "arguments": {"a": "${n}"}}, "scope": "before"}],
  "extensions": [{"name": "e", "x": 1}],
  "runtime": {"hypothesis": {"strategy": "continuously"}, "rollbacks": {"strategy": "always"}},
  "steady-state-hypothesis": {"title": "h", "controls": [], "probes": [
    {"type": "probe", "name": "one", "tolerance": 200, "provider": {"type": "http", "url": "http://${mode}/", "timeout": [1, 2], "headers": {"A": "b"}}},
    {"type": "probe", "name": "two", "tolerance": {"type": "regex", "pattern": "^${n}$", "target": "stdout"}, "provider": {"type": "process", "path": "true", "arguments": ["${n}"]}},
    {"type": "probe", "name": "three", "tolerance": {"type": "jsonpath", "path": "$.a[*]", "expect": ["${n}"]}, "provider": {"type": "python", "module": "m", "func": "f", "arguments": {"a": 1}, "secrets": ["s"]}},
    {"type": "probe", "name": "four", "tolerance": {"type": "range", "range": [1, 2.5], "target": "status"}, "provider": {"type": "process", "path": "true", "arguments": "x; y"}},
    {"type": "probe", "name": "five", "tolerance": {"type": "probe", "name": "judge", "provider": {"type": "process", "path": "true", "arguments": {"a": 1}}}, "provider": {"type": "process", "path": "true"}},
    {"ref": "six", "tolerance": [1, 2]}]},
  "method": [
    {"type": "action", "name": "six", "background": true, "pauses": {"before": 0.1, "after": "${n}"}, "controls": [{"name": "k", "ref": "c", "provider": {"type": "python", "module": "m"}}], "provider": {"type": "process", "path": "true", "timeout": 1}},
    {"ref": "one"}],
  "rollbacks": [{"type": "action", "name": "undo", "provider": {"type": "process", "path": "true"}, "dry": false}]
}"#;

/// A mistake at a node.
#[derive(Clone, Debug)]
enum Slip {
    Delete,
    Replace(Value),
    Double,
    /// Replaces the node by another node of the same experiment.
    Move(prop::sample::Index),
    Rename(String),
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        Just(Slip::Delete),
        prop_oneof![value(), text().prop_map(Value::Text)].prop_map(Slip::Replace),
        Just(Slip::Double),
        any::<prop::sample::Index>().prop_map(Slip::Move),
        text().prop_map(Slip::Rename),
    ]
}

/// An experiment with one to four mistakes.
pub(super) fn mutant() -> impl Strategy<Value = Value> {
    vec((any::<prop::sample::Index>(), slip()), 1..5).prop_map(|slips| {
        let mut experiment = parse_json(WHOLE).expect("the whole experiment is JSON");
        for (place, slip) in slips {
            let nodes = count(&experiment);
            let moved = match &slip {
                Slip::Move(from) => nth(&experiment, &mut from.index(nodes)).cloned(),
                _ => None,
            };
            // The root is not changed: arbitrary roots are tested elsewhere.
            let mut left = 1 + place.index(nodes.max(2) - 1);
            apply(&mut experiment, &mut left, &slip, moved.as_ref());
        }
        experiment
    })
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::List(list) => list.iter().map(count).sum(),
        Value::Map(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// The node at this index in depth-first order.
fn nth<'a>(value: &'a Value, left: &mut usize) -> Option<&'a Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::List(list) => list.iter().find_map(|item| nth(item, left)),
        Value::Map(map) => map.values().find_map(|item| nth(item, left)),
        _ => None,
    }
}

/// Applies the mistake to the node at this index in depth-first order; returns whether the node was reached.
fn apply(value: &mut Value, left: &mut usize, slip: &Slip, moved: Option<&Value>) -> bool {
    *left -= 1;
    match value {
        Value::List(list) => {
            for index in 0..list.len() {
                if *left == 0 {
                    match slip {
                        Slip::Delete => drop(list.remove(index)),
                        Slip::Double => list.insert(index, list[index].clone()),
                        Slip::Replace(other) => list[index] = other.clone(),
                        Slip::Move(_) => list[index] = moved.cloned().unwrap_or_default(),
                        Slip::Rename(name) => list[index] = name.as_str().into(),
                    }
                    return true;
                }
                if apply(&mut list[index], left, slip, moved) {
                    return true;
                }
            }
            false
        }
        Value::Map(map) => {
            for index in 0..map.len() {
                if *left == 0 {
                    slipped_entry(map, index, slip, moved);
                    return true;
                }
                let Some((_, child)) = map.get_index_mut(index) else { return false };
                if apply(child, left, slip, moved) {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}

fn slipped_entry(map: &mut Map, index: usize, slip: &Slip, moved: Option<&Value>) {
    let Some((key, value)) = map.get_index(index).map(|(key, value)| (key.clone(), value.clone())) else {
        return;
    };
    match slip {
        Slip::Delete => drop(map.shift_remove(&key)),
        Slip::Double => drop(map.insert(format!("{key}2"), value)),
        Slip::Replace(other) => drop(map.insert(key, other.clone())),
        Slip::Move(_) => drop(map.insert(key, moved.cloned().unwrap_or_default())),
        Slip::Rename(name) => {
            map.shift_remove(&key);
            map.insert(name.clone(), value);
        }
    }
}

#[test]
fn the_whole_experiment_is_valid_but_for_what_this_machine_lacks() {
    let document = Document::json("x.json", WHOLE).unwrap();
    let validation = super::validated(document);
    let errors: Vec<_> = validation.findings.errors().map(|finding| finding.message.clone()).collect();
    assert!(errors.iter().all(|error| error.contains("ault")), "{errors:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_slip_of_the_pen_is_found_or_harmless(mutant in mutant(), output in value()) {
        // JSON in more than one line is also YAML.
        let text = mutant.to_json_pretty();
        exercise(Document::json("x.json", text.as_str()).unwrap(), &mutant, &output)?;
        match Document::yaml("x.yaml", text) {
            Ok(document) => exercise(document, &mutant, &output)?,
            Err(error) => prop_assert!(error.position.line >= 1 && error.position.column >= 1),
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_found_or_harmless(
        at in any::<prop::sample::Index>(), length in 0..12_usize, typed in "[\\[\\]{}:,\"'&*!|>%#$\\\\ \n\ta-c0-9é-]{0,6}", output in value(),
    ) {
        let characters: Vec<char> = WHOLE.chars().collect();
        let at = at.index(characters.len());
        let (before, rest) = characters.split_at(at);
        let after = rest.get(length.min(rest.len())..).unwrap_or_default();
        let text: String = before.iter().copied().chain(typed.chars()).chain(after.iter().copied()).collect();
        for parsed in [Document::json("x.json", text.as_str()), Document::yaml("x.yaml", text.as_str())] {
            match parsed {
                Ok(document) => exercise(document, &Value::Null, &output)?,
                Err(error) => {
                    let lines = text.split('\n').count();
                    prop_assert!((1..=lines + 1).contains(&error.position.line), "{error} in {text}");
                }
            }
        }
    }
}

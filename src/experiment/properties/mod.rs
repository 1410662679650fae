//! Properties for arbitrary input: no panic, no hang, positions inside the text, serialising and parsing agree.

mod mutants;
mod templates;

use super::{
    Environment, Experiment, Secrets, ValidationChecks, configuration, findings, substitute, tolerance,
    validate,
};
use crate::test_support::NoPython;
use proptest::{collection::vec, prelude::*};
use pyvalue::{Document, Map, Part, Value, jsonpath, parse_json, place, python_text, regex};

/// Texts that are likely to have a meaning in some part of the format.
fn text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "title",
        "method",
        "name",
        "type",
        "probe",
        "action",
        "provider",
        "http",
        "process",
        "python",
        "url",
        "path",
        "true",
        "tolerance",
        "ref",
        "${a}",
        "$a",
        "$$",
        "${",
        "env",
        "key",
        "regex",
        "jsonpath",
        "range",
        "status",
        "stdout",
        "",
        "a",
        "yes",
        "12:30:45",
        "2020-01-02",
        "$.a[*]",
        "^8$",
        "before",
        "vault",
    ]);
    prop_oneof![4 => words.prop_map(str::to_owned), 1 => any::<String>(), 1 => "[ -~\n]{0,12}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        Just(Value::Big("123456789012345678901234567890".into())),
        text().prop_map(Value::Text),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::List),
            vec((text(), inner), 0..6).prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

/// A mapping that resembles an experiment more than a random value does.
fn experiment() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "title",
        "description",
        "method",
        "rollbacks",
        "steady-state-hypothesis",
        "configuration",
        "secrets",
        "controls",
        "tags",
        "extensions",
        "runtime",
    ]);
    let activity = vec(
        (
            prop::sample::select(vec![
                "type",
                "name",
                "provider",
                "tolerance",
                "ref",
                "pauses",
                "background",
                "controls",
                "timeout",
            ]),
            prop_oneof![value(), text().prop_map(Value::Text)],
        ),
        0..6,
    )
    .prop_map(|entries| mapping(entries));
    let part = prop_oneof![
        value(),
        text().prop_map(Value::Text),
        vec(activity.clone(), 0..4).prop_map(Value::List),
        vec(activity, 0..4)
            .prop_map(|probes| mapping(vec![("title", "t".into()), ("probes", probes.into())])),
    ];
    vec((key, part), 0..8).prop_map(mapping)
}

fn mapping(entries: Vec<(&str, Value)>) -> Value {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map>().into()
}

fn validated(document: Document) -> super::Validation {
    let environment = Environment::of([("PATH", "/bin")]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime
        .block_on(validate(document, ValidationChecks { environment: &environment, signatures: &NoPython }))
}

/// Collects the JSON paths of all nodes of a value.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::List(list) => {
            list.iter().enumerate().for_each(|(index, item)| places(item, place::item(&at, index), found));
        }
        Value::Map(map) => map.iter().for_each(|(key, item)| places(item, place::key(&at, key), found)),
        _ => {}
    }
    found.push(at);
}

fn inside(document: &Document, position: pyvalue::Position) -> bool {
    let line = document.line(position.line);
    let lines = document.text().split('\n').count();
    (1..=lines).contains(&position.line) && (1..=line.chars().count() + 2).contains(&position.column)
}

/// Validates a document, and uses the document and its parts whatever the result. Every finding must have a position in
/// the text.
fn exercise(document: Document, value: &Value, output: &Value) -> Result<(), TestCaseError> {
    let validation = validated(document.clone());
    for finding in &validation.findings.0 {
        prop_assert!(inside(&document, finding.position), "{:?}", finding);
        prop_assert!(finding.place.starts_with('$'), "{:?}", finding);
        let line = document.line(finding.position.line);
        prop_assert!(!findings::render(finding, "x.json", Some(line)).is_empty());
    }
    prop_assert_eq!(validation.findings.valid(), validation.experiment.is_ok());
    let Ok(experiment) = Experiment::unchecked(document) else { return Ok(()) };
    let environment = Environment::default();
    let variables = configuration::resolve(&experiment.configuration(), &Map::default(), &environment)
        .unwrap_or_default();
    let secrets = Secrets::new(experiment.secrets());
    let _ = substitute(value, &variables, &secrets);
    let probes = experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice()).unwrap_or_default();
    for entry in experiment.method().iter().chain(experiment.rollbacks()).chain(probes) {
        let declared = entry.activity.as_ref().ok().and_then(|activity| activity.tolerance.as_ref());
        let _ = tolerance::evaluate(declared, output, &variables, &secrets, &entry.place);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_with_a_position(text in prop_oneof![any::<String>(), "[\\[\\]{}:,\"'&*!|>%@?a1 \n\t.~<-]{0,80}"]) {
        for parsed in [Document::json("x.json", text.as_str()), Document::yaml("x.yaml", text.as_str())] {
            match parsed {
                Ok(document) => prop_assert!(inside(&document, document.position("$", Part::Value))),
                Err(error) => prop_assert!(error.position.line >= 1 && error.position.column >= 1),
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(value in value()) {
        for text in [value.to_json(), value.to_json_pretty()] {
            let back = parse_json(&text).unwrap();
            // NaN is not equal to itself, but its text is.
            prop_assert_eq!(python_text(&back), python_text(&value));
        }
    }

    #[test]
    fn every_place_of_a_document_has_a_position(value in value()) {
        for (name, text) in [("compact", value.to_json()), ("pretty", value.to_json_pretty())] {
            let document = Document::json(name, text).unwrap();
            let mut all = Vec::new();
            places(document.root(), "$".to_owned(), &mut all);
            for place in all {
                for part in [Part::Key, Part::Value] {
                    prop_assert!(inside(&document, document.position(&place, part)), "{} in {}", place, document.text());
                }
            }
        }
    }

    #[test]
    fn any_value_is_validated_and_its_parts_are_used(value in prop_oneof![value(), experiment()], output in value()) {
        exercise(Document::json("x.json", value.to_json_pretty()).unwrap(), &value, &output)?;
    }

    #[test]
    fn any_tolerance_on_any_output_has_a_verdict(
        kind in prop::sample::select(vec!["regex", "jsonpath", "range", "probe"]),
        parts in vec((prop::sample::select(vec!["pattern", "path", "range", "target", "count", "expect", "provider"]), value()), 0..5),
        output in value(),
        plain in value(),
    ) {
        let mut declared = mapping(parts).as_map().cloned().unwrap_or_default();
        declared.insert("type".to_owned(), kind.into());
        for tolerance in [Value::Map(declared), plain] {
            let _ = tolerance::evaluate(Some(&tolerance), &output, &Map::default(), &Secrets::default(), "$");
        }
    }

    #[test]
    fn any_pattern_is_compiled_or_refused(pattern in prop_oneof![any::<String>(), "[]()\\[|*+?{}^$.\\\\abdwsZ<>=!P:i0-9,-]{0,24}"], text in any::<String>()) {
        if let Ok(regex) = regex::compile(&pattern) {
            let _ = regex.is_match(&text);
        }
    }

    #[test]
    fn any_path_is_parsed_or_refused(path in prop_oneof![any::<String>(), "\\$[.\\[\\]*?()@$\"a-c0-9,:=<>! -]{0,24}"], value in value()) {
        if let Ok(path) = jsonpath::Path::parse(&path) {
            let _ = path.find(&value);
        }
    }
}

//! One invalid file per rule: checks the code and the place, and that the first error is the one at which the reference
//! stops.

use super::{Validation, ValidationChecks, validate};
use crate::experiment::{Advice, ControlCheck, Described, Environment, Parameter, Signatures};
use futures_util::future::BoxFuture;
use pyvalue::{Document, Value};

/// A fake Python with a few functions.
struct Python;

impl Signatures for Python {
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Described> {
        let parameter = |name: &str, required| Parameter { name: name.to_owned(), required };
        let described = match (module, func) {
            ("m", "add") => Described::Function {
                parameters: vec![parameter("a", true), parameter("b", false), parameter("secrets", true)],
                catch_all: false,
                advice: Vec::new(),
            },
            ("m", "scale") => {
                Described::Function { parameters: Vec::new(), catch_all: true, advice: vec![Advice::Lasting] }
            }
            ("m", _) => Described::Missing { functions: vec!["add".to_owned(), "scale".to_owned()] },
            _ => Described::ImportError("No module named".to_owned()),
        };
        Box::pin(async { described })
    }

    fn control<'a>(&'a self, module: &'a str, _: &'a Value) -> BoxFuture<'a, ControlCheck> {
        let check = match module {
            "m" => ControlCheck::Accepted,
            "strict" => ControlCheck::Refused("no thanks".to_owned()),
            _ => ControlCheck::ImportError("No module named".to_owned()),
        };
        Box::pin(async { check })
    }
}

fn check(document: Document) -> Validation {
    let environment = Environment::of([("PATH", "/bin:/usr/bin"), ("SET", "1")]);
    let means = ValidationChecks { environment: &environment, signatures: &Python };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(validate(document, means))
}

/// A valid experiment in which the keys of `extra` are added or replaced.
fn experiment(extra: &str) -> Document {
    let base = r#"{"title": "t", "description": "d", "method": []}"#;
    let mut whole = pyvalue::parse_json(base).unwrap();
    let extra =
        pyvalue::parse_json(&format!("{{{extra}}}")).unwrap_or_else(|error| panic!("{extra}: {error}"));
    if let (Value::Map(whole), Value::Map(extra)) = (&mut whole, extra) {
        whole.extend(extra);
    }
    Document::json("test.json", whole.to_json_pretty()).unwrap()
}

/// The errors as `code place`.
fn errors(document: Document) -> Vec<String> {
    let validation = check(document);
    validation.findings.errors().map(|finding| format!("{} {}", finding.code, finding.place)).collect()
}

fn warnings(document: Document) -> Vec<String> {
    let validation = check(document);
    assert!(validation.findings.valid(), "{:?}", validation.findings);
    assert!(validation.experiment.is_ok());
    validation.findings.warnings().map(|finding| format!("{} {}", finding.code, finding.place)).collect()
}

fn activity(provider: &str) -> String {
    format!(r#""method": [{{"type": "action", "name": "x", "provider": {provider}}}]"#)
}

fn probe(tolerance: &str) -> String {
    format!(
        r#""steady-state-hypothesis": {{"title": "h", "probes": [{{"type": "probe", "name": "p",
            "tolerance": {tolerance}, "provider": {{"type": "http", "url": "http://x"}}}}]}}"#
    )
}

const TRUE: &str = r#"{"type": "process", "path": "true"}"#;

#[test]
fn a_valid_experiment_has_no_findings() {
    for extra in [
        "",
        &activity(TRUE),
        r#""contributions": {"x": "loud"}, "something": [1], "tags": ["a"]"#,
        &probe("200"),
        &probe("[]"),
        &probe("\"x\""),
        r#""steady-state-hypothesis": {"title": "h"}"#,
        &probe(r#"{"type": "regex", "pattern": "${p}"}"#),
        &probe(r#"{"type": "jsonpath", "path": " $.a[*]"}"#),
        &probe(r#"{"type": "range", "range": [true, 1]}"#),
        &activity(r#"{"type": "python", "module": "m", "func": "add", "arguments": {"a": 1}}"#),
        r#""configuration": {"a": {"type": "env", "key": "UNSET", "default": null}, "b": {"type": "vault"}}"#,
        r#""method": [{"type": "action", "name": "x", "background": true, "pauses": {"before": "${p}", "after": 1},
            "provider": {"type": "process", "path": "true"}}]"#,
    ] {
        assert_eq!(warnings(experiment(extra)), Vec::<String>::new(), "{extra}");
    }
}

#[test]
fn every_rule_refuses_what_it_should() {
    let with =
        |keys: &str| format!(r#""method": [{{"type": "action", "name": "x", "provider": {TRUE}, {keys}}}]"#);
    let python = |rest: &str| activity(&format!(r#"{{"type": "python", {rest}}}"#));
    let control = |body: &str| format!(r#""controls": [{body}]"#);
    let m = "$.method[0]";
    let table: Vec<(String, String)> = vec![
        (r#""title": """#.into(), "E-TITLE $.title".into()),
        (r#""description": null"#.into(), "E-DESC $.description".into()),
        (r#""tags": ["a", ""]"#.into(), "E-TAG $.tags[1]".into()),
        (r#""extensions": [{"name": " "}]"#.into(), "E-EXT $.extensions[0].name".into()),
        (
            r#""configuration": {"c": {"type": "env", "key": "UNSET"}}"#.into(),
            "E-CONF-ENV $.configuration.c.key".into(),
        ),
        (r#""configuration": {"c": {"type": "env"}}"#.into(), "E-CONF-KEY $.configuration.c".into()),
        (
            r#""configuration": {"c": {"type": "env", "key": "SET", "env_var_type": "x"}}"#.into(),
            "E-CONF-TYPE $.configuration.c.env_var_type".into(),
        ),
        (
            r#""secrets": {"s": {"k": {"type": "env", "key": "UNSET", "default": 1}}}"#.into(),
            "E-SEC-ENV $.secrets.s.k.key".into(),
        ),
        (r#""secrets": {"s": 1}"#.into(), "E-SHAPE $.secrets.s".into()),
        (
            r#""steady-state-hypothesis": {"probes": []}"#.into(),
            "E-SSH-TITLE $.steady-state-hypothesis.title".into(),
        ),
        (r#""steady-state-hypothesis": []"#.into(), "E-SHAPE $.steady-state-hypothesis".into()),
        (r#""method": null"#.into(), "E-SHAPE $.method".into()),
        (r#""method": [5]"#.into(), format!("E-SHAPE {m}")),
        (r#""method": [{}]"#.into(), format!("E-ACT-EMPTY {m}")),
        (r#""method": [{"ref": ""}]"#.into(), format!("E-REF {m}.ref")),
        (r#""method": [{"ref": "nobody"}]"#.into(), format!("E-REF-UNKNOWN {m}.ref")),
        (format!(r#""method": [{{"name": "x", "provider": {TRUE}}}]"#), format!("E-TYPE-MISSING {m}.type")),
        (
            format!(r#""method": [{{"type": "prob", "name": "x", "provider": {TRUE}}}]"#),
            format!("E-TYPE {m}.type"),
        ),
        (
            format!(r#""method": [{{"type": "probe", "name": false, "provider": {TRUE}}}]"#),
            format!("E-NAME {m}.name"),
        ),
        (r#""method": [{"type": "probe", "name": "x"}]"#.into(), format!("E-PROV {m}.provider")),
        (activity(r#"{"path": "true"}"#), format!("E-PROV-TYPE-MISSING {m}.provider.type")),
        (activity(r#"{"type": "pyhton"}"#), format!("E-PROV-TYPE {m}.provider.type")),
        (with(r#""timeout": "5""#), format!("E-TIMEOUT {m}.timeout")),
        (with(r#""pauses": {"before": "5"}"#), format!("E-PAUSE-BEFORE {m}.pauses.before")),
        (with(r#""pauses": {"after": "x${p}"}"#), format!("E-PAUSE-AFTER {m}.pauses.after")),
        (with(r#""background": null"#), format!("E-BG {m}.background")),
        (python(r#""func": "add""#), format!("E-PY-MODULE {m}.provider.module")),
        (python(r#""module": "m""#), format!("E-PY-FUNC {m}.provider.func")),
        (python(r#""module": "none", "func": "f""#), format!("E-PY-IMPORT {m}.provider.module")),
        (python(r#""module": "m", "func": "ad""#), format!("E-PY-NOFUNC {m}.provider.func")),
        (python(r#""module": "m", "func": "add""#), format!("E-PY-ARG-MISSING {m}.provider.arguments")),
        (
            python(r#""module": "m", "func": "add", "arguments": {"a": 1, "c": 2}"#),
            format!("E-PY-ARG-EXTRA {m}.provider.arguments.c"),
        ),
        (
            python(r#""module": "m", "func": "add", "arguments": []"#),
            format!("E-SHAPE {m}.provider.arguments"),
        ),
        (activity(r#"{"type": "process"}"#), format!("E-PROC-PATH {m}.provider.path")),
        (activity(r#"{"type": "process", "path": "no-such"}"#), format!("E-PROC-NOTFOUND {m}.provider.path")),
        (activity(r#"{"type": "http", "url": ""}"#), format!("E-HTTP-URL {m}.provider.url")),
        (
            activity(r#"{"type": "http", "url": "u", "headers": ["a"]}"#),
            format!("E-HTTP-HEADERS {m}.provider.headers"),
        ),
        (control(r#"{"name": "c", "provider": {}, "ref": "d"}"#), "E-CTL-REF $.controls[0].ref".into()),
        (control(r#"{"provider": {"type": "python", "module": "m"}}"#), "E-CTL-NAME $.controls[0]".into()),
        (control(r#"{"name": "c"}"#), "E-CTL-PROV $.controls[0]".into()),
        (
            control(r#"{"name": "c", "scope": "post", "provider": {"type": "python", "module": "m"}}"#),
            "E-CTL-SCOPE $.controls[0].scope".into(),
        ),
        (
            control(r#"{"name": "c", "provider": {"type": "python"}}"#),
            "E-CTL-MODULE $.controls[0].provider.module".into(),
        ),
        (
            control(r#"{"name": "c", "provider": {"type": "python", "module": "strict"}}"#),
            "E-CTL-CUSTOM $.controls[0].provider.module".into(),
        ),
    ];
    for (extra, expected) in table {
        assert_eq!(errors(experiment(&extra)), [expected], "{extra}");
    }
    assert_eq!(errors(Document::json("x", "{}").unwrap()), ["E-EMPTY $"]);
    assert_eq!(errors(Document::json("x", "[1]").unwrap()), ["E-SHAPE $"]);
    assert_eq!(errors(Document::json("x", r#"{"title": "t", "description": "d"}"#).unwrap()), ["E-METHOD $"]);
}

#[test]
fn every_tolerance_rule_refuses_what_it_should() {
    let t = "$.steady-state-hypothesis.probes[0].tolerance";
    let table = [
        ("5.5", format!("E-TOL-TYPE {t}")),
        ("null", format!("E-TOL-TYPE {t}")),
        ("{}", format!("E-TOL-KIND {t}.type")),
        (r#"{"type": "rnge"}"#, format!("E-TOL-KIND {t}.type")),
        (r#"{"type": "regex"}"#, format!("E-TOL-REGEX {t}.pattern")),
        (r#"{"type": "regex", "pattern": 5}"#, format!("E-TOL-REGEX {t}.pattern")),
        (r#"{"type": "regex", "pattern": "(a"}"#, format!("E-TOL-REGEX {t}.pattern")),
        (r#"{"type": "jsonpath"}"#, format!("E-TOL-JSONPATH {t}.path")),
        (r#"{"type": "jsonpath", "path": " "}"#, format!("E-TOL-JSONPATH {t}.path")),
        (r#"{"type": "jsonpath", "path": "${p}"}"#, format!("E-TOL-JSONPATH {t}.path")),
        (r#"{"type": "jsonpath", "path": 5}"#, format!("E-SHAPE {t}.path")),
        (r#"{"type": "range"}"#, format!("E-TOL-RANGE {t}.range")),
        (r#"{"type": "range", "range": 5}"#, format!("E-TOL-RANGE {t}.range")),
        (r#"{"type": "range", "range": [1]}"#, format!("E-TOL-RANGE {t}.range")),
        (r#"{"type": "range", "range": ["${a}", 2]}"#, format!("E-TOL-RANGE {t}.range[0]")),
        (r#"{"type": "probe", "provider": {"type": "http", "url": "u"}}"#, format!("E-NAME {t}.name")),
    ];
    for (tolerance, expected) in table {
        assert_eq!(errors(experiment(&probe(tolerance))), [expected], "{tolerance}");
    }
    let without = r#""steady-state-hypothesis": {"title": "h", "probes": [{"type": "probe", "name": "p",
        "provider": {"type": "http", "url": "u"}}]}"#;
    assert_eq!(errors(experiment(without)), [format!("E-TOL-MISSING {t}")]);
}

#[test]
fn all_errors_come_at_once_in_the_order_of_the_reference() {
    let document = Document::json(
        "x.json",
        r#"{"method": [{"ref": "gone"}, {"type": "x", "name": "", "provider": {"type": "http"}}], "tags": [1],
            "controls": [{}]}"#,
    )
    .unwrap();
    let codes: Vec<String> =
        errors(document).iter().map(|error| error.split(' ').next().unwrap().to_owned()).collect();
    let expected = [
        "E-TITLE",
        "E-DESC",
        "E-TAG",
        "E-REF-UNKNOWN",
        "E-TYPE",
        "E-NAME",
        "E-HTTP-URL",
        "E-CTL-NAME",
        "E-CTL-PROV",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn what_runs_but_is_not_meant_is_warned_of() {
    let python = activity(r#"{"type": "python", "module": "m", "func": "scale"}"#);
    let table = [
        (python.clone(), "W-NO-ROLLBACK $.method[0].provider.func"),
        (r#""rollback": []"#.into(), "W-FIELD $.rollback"),
        (r#""rollbacks": [{"ref": "gone"}]"#.into(), "W-REF-UNKNOWN $.rollbacks[0].ref"),
        (
            activity(r#"{"type": "process", "path": "true", "arguments": {"a": 1}}"#),
            "W-PROC-MAPPING $.method[0].provider.arguments",
        ),
        (
            activity(r#"{"type": "process", "path": "true", "env": {}}"#),
            "W-PROC-ENV $.method[0].provider.env",
        ),
        (
            activity(r#"{"type": "http", "url": "u", "expected_status": 200}"#),
            "W-EXPECTED-STATUS $.method[0].provider.expected_status",
        ),
        (
            format!(r#""method": [{{"type": "probe", "name": "x", "tolerance": 1, "provider": {TRUE}}}]"#),
            "W-TOL-METHOD $.method[0].tolerance",
        ),
        (
            format!(r#""method": [{{"type": "probe", "name": "x", "timeout": 1, "provider": {TRUE}}}]"#),
            "W-TIMEOUT $.method[0].timeout",
        ),
        (
            format!(r#""method": [{{"type": "probe", "name": "x", "dry": true, "provider": {TRUE}}}]"#),
            "W-DRY $.method[0].dry",
        ),
        (
            format!(r#""method": [{{"type": "probe", "name": "x", "dry": "no", "provider": {TRUE}}}]"#),
            "W-DRY-WORD $.method[0].dry",
        ),
        (
            format!(r#""method": [{{"type": "probe", "name": "x", "dry": false, "provider": {TRUE}}}]"#),
            "W-DRY-IGNORED $.method[0].dry",
        ),
        (
            r#""controls": [{"name": "c", "provider": {"type": "python", "module": "gone"}}]"#.into(),
            "W-CTL-IMPORT $.controls[0].provider.module",
        ),
        (
            format!(
                r#""steady-state-hypothesis": {{"title": "h", "probes": [{{"type": "probe", "name": "p",
                    "tolerance": 0, "provider": {TRUE}}}]}}"#
            ),
            "W-SSH-NO-ENDPOINT $.steady-state-hypothesis.probes",
        ),
        (
            format!(
                r#""method": [{{"type": "probe", "name": "x", "provider": {TRUE}}},
                    {{"type": "probe", "name": "x", "provider": {TRUE}}}, {{"ref": "x", "pauses": {{}}}}]"#
            ),
            "W-REF-AMBIGUOUS $.method[2].ref",
        ),
    ];
    for (extra, expected) in table {
        let found = warnings(experiment(&extra));
        assert_eq!(found.first().map(String::as_str), Some(expected), "{extra}: {found:?}");
    }
}

#[test]
fn c021_a_rollback_may_name_nobody() {
    assert!(check(experiment(r#""rollbacks": [{"ref": "gone"}]"#)).experiment.is_ok());
}

#[test]
fn c022_names_may_repeat() {
    let twice = format!(
        r#""method": [{{"type": "probe", "name": "x", "provider": {TRUE}}},
            {{"type": "probe", "name": "x", "provider": {TRUE}}}]"#
    );
    assert_eq!(warnings(experiment(&twice)), Vec::<String>::new());
}

#[test]
fn c028_secrets_and_configuration_need_no_argument() {
    let python = r#"{"type": "python", "module": "m", "func": "add", "arguments": {"a": 1}}"#;
    assert_eq!(warnings(experiment(&activity(python))), Vec::<String>::new());
}

#[test]
fn slips_get_a_suggestion() {
    let remedy = |document: Document| {
        check(document).findings.0.first().map(|finding| finding.remedy.clone()).unwrap()
    };
    let python = r#"{"type": "python", "module": "m", "func": "scal"}"#;
    assert_eq!(remedy(experiment(&activity(python))), "did you mean 'scale'?");
    let reference = format!(
        r#""method": [{{"type": "probe", "name": "kill-pod", "provider": {TRUE}}}, {{"ref": "kil-pod"}}]"#
    );
    assert_eq!(remedy(experiment(&reference)), "did you mean 'kill-pod'?");
    assert_eq!(remedy(experiment(&activity(r#"{"type": "htpp"}"#))), "did you mean 'http'?");
    let tolerance = format!(
        r#""runtime": {{"rollback": {{}}}}, "method": [], "steady-state-hypothesis": {{"title": "h", "probes": [
            {{"type": "probe", "name": "p", "tolerance": {{"type": "regex", "pattern": "a", "targt": "stdout"}},
            "provider": {TRUE}}}]}}"#
    );
    let found = check(experiment(&tolerance)).findings;
    for near in ["did you mean 'target'?", "did you mean 'rollbacks'?"] {
        assert!(found.warnings().any(|finding| finding.remedy == near), "{near}: {found:?}");
    }
}

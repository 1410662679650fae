//! Conversion of arguments and return values.

use super::stage::{ASKED, Stage};
use chaos_tui::{
    provider::{Bridge, Outcome, Signature},
    session::event::Level,
};
use pyvalue::Value;

#[tokio::test]
async fn results_are_converted_as_the_reference_writes_them() {
    let stage = Stage::new(
        r#"
import collections, datetime, decimal, enum, uuid

Point = collections.namedtuple("Point", "x y")

class Colour(enum.IntEnum):
    RED = 1

RESULTS = {
    "none": None,
    "true": True,
    "int": -3,
    "big": 2 ** 100,
    "float": 1e20,
    "nan": float("nan"),
    "infinite": [float("inf"), float("-inf")],
    "text": "é\n\u2028\"😀",
    "surrogate": "a\ud800b",
    "datetime": datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone.utc),
    "date": datetime.date(2026, 1, 2),
    "decimal": decimal.Decimal("1.50"),
    "uuid": uuid.UUID(int=5),
    "tuple": (1, ("a",)),
    "named": Point(1, 2),
    "enum": Colour.RED,
    "keys": {None: 1, True: 2, 3: 4, 5.5: 6},
    "empty": [{}, [], ""],
}

def give(name):
    return RESULTS[name]
"#,
    );
    let cases = [
        ("none", "null"),
        ("true", "true"),
        ("int", "-3"),
        ("big", "1267650600228229401496703205376"),
        ("float", "1e+20"),
        ("nan", "NaN"),
        ("infinite", "[Infinity, -Infinity]"),
        ("text", r#""\u00e9\n\u2028\"\ud83d\ude00""#),
        ("surrogate", r#""a?b""#),
        ("datetime", r#""2026-01-02T03:04:05.000006+00:00""#),
        ("date", r#""2026-01-02""#),
        ("decimal", r#""1.50""#),
        ("uuid", r#""00000000-0000-0000-0000-000000000005""#),
        ("tuple", r#"[1, ["a"]]"#),
        ("named", "[1, 2]"),
        ("enum", "1"),
        ("keys", r#"{"null": 1, "true": 2, "3": 4, "5.5": 6}"#),
        ("empty", r#"[{}, [], ""]"#),
    ];
    for (name, expected) in cases {
        assert_eq!(stage.result("give", &format!(r#"{{"name": "{name}"}}"#)).await, expected, "{name}");
    }
    assert_eq!(stage.heard(), [], "nothing to warn of");
}

#[tokio::test]
async fn arguments_arrive_as_python_values() {
    let stage = Stage::new("def show(**given):\n    return repr(given)\n");
    let arguments =
        r#"{"n": null, "b": true, "i": 123456789012345678901, "f": 1.0, "nan": NaN, "t": "é'", "l": [{}]}"#;
    let expected =
        r#"{'n': None, 'b': True, 'i': 123456789012345678901, 'f': 1.0, 'nan': nan, 't': "é'", 'l': [{}]}"#;
    assert_eq!(stage.call("show", arguments).await, Outcome::Done(expected.into()));
}

#[tokio::test]
async fn c_quirk_62_what_json_cannot_hold_is_kept_as_text_with_a_warning() {
    let stage = Stage::new(
        r#"
class Thing:
    def __repr__(self):
        return "a thing"

class Shy:
    def __repr__(self):
        raise RuntimeError("no")

ring = []
ring.append(ring)
deep = []
for _ in range(100000):
    deep = [deep]

RESULTS = {
    "bytes": b"x", "part": {"a": [1, {2}]}, "thing": Thing(), "shy": Shy(), "keys": {(1, 2): 3}, "ring": ring,
    "error": ValueError("no"),
}

def give(name):
    return RESULTS[name]

def give_deep():
    return deep

def give_coroutine():
    async def work():
        return 1
    coroutine = work()
    coroutine.close()
    return coroutine
"#,
    );
    let cases = [
        ("bytes", r#""b'x'""#, "bytes"),
        ("part", r#"{"a": [1, "{2}"]}"#, "set"),
        ("thing", r#""a thing""#, "Thing"),
        ("shy", r#""<Shy that cannot be shown: RuntimeError>""#, "Shy"),
        ("keys", r#""{(1, 2): 3}""#, "dict"),
        ("ring", r#""[[...]]""#, "list"),
        ("error", r#""ValueError('no')""#, "ValueError"),
    ];
    for (name, expected, kind) in cases {
        stage.forget();
        assert_eq!(stage.result("give", &format!(r#"{{"name": "{name}"}}"#)).await, expected, "{name}");
        let warning = stage.until_logged("ext.give gave what JSON cannot hold, of type ").await;
        assert_eq!(warning, format!("{kind}: only its text is kept"), "{name}");
    }
    let Outcome::Done(Value::Text(text)) = stage.call("give_deep", "{}").await else { panic!("a text") };
    assert!(text.starts_with("<list that cannot be shown") || text.starts_with("[[["), "{text}");
    let Outcome::Done(Value::Text(text)) = stage.call("give_coroutine", "{}").await else { panic!("a text") };
    assert!(text.starts_with("<coroutine object"), "{text}");
}

#[tokio::test]
async fn a_result_that_is_too_large_fails_its_activity_and_nothing_else() {
    let stage = Stage::new("def give(size):\n    return 'x' * size\n");
    let large = stage.call("give", r#"{"size": 100000000}"#).await;
    let message = "the result takes 95 MiB as JSON, and at most 16 are taken; return less of it";
    assert_eq!(large, Outcome::Failed { message: message.into(), trace: Vec::new() });
    let Outcome::Done(Value::Text(text)) = stage.call("give", r#"{"size": 5000000}"#).await else {
        panic!("a text")
    };
    assert_eq!(text.len(), 5_000_000);
}

#[tokio::test]
async fn module_state_survives_between_calls() {
    let stage = Stage::new("count = 0\ndef step():\n    global count\n    count += 1\n    return count\n");
    for expected in ["1", "2", "3"] {
        assert_eq!(stage.result("step", "{}").await, expected);
    }
}

#[tokio::test]
async fn functions_are_described_by_their_parameters() {
    let stage = Stage::new(
        r"
import functools
from math import gcd
from time import sleep

def plain(a, b=1, *, secrets=None, configuration): pass
def anything(first, *rest, **options): pass
def only(a, /): pass
class Class:
    def __init__(self, x): pass
partial = functools.partial(plain, 1)
number = 5
",
    );
    let signature = |parameters: &[(&str, bool)], catch_all| Signature {
        parameters: parameters.iter().map(|(name, required)| ((*name).to_owned(), *required)).collect(),
        catch_all,
    };
    let cases = [
        (
            "plain",
            signature(&[("a", true), ("b", false), ("secrets", false), ("configuration", true)], false),
        ),
        ("anything", signature(&[("first", true)], true)),
        ("only", signature(&[("a", true)], false)),
        ("Class", signature(&[("x", true)], false)),
        ("partial", signature(&[("b", false), ("secrets", false), ("configuration", true)], false)),
    ];
    for (func, expected) in cases {
        assert_eq!(stage.bridge.describe("ext", func).await, Ok(expected), "{func}");
    }
    let errors = [
        ("ext", "missing", "AttributeError: module 'ext' has no attribute 'missing'"),
        ("nowhere", "f", &format!("ModuleNotFoundError: No module named 'nowhere'{ASKED}")),
        ("ext", "number", "TypeError: 5 is not a callable object"),
    ];
    for (module, func, expected) in errors {
        assert_eq!(stage.bridge.describe(module, func).await, Err(expected.to_owned()), "{module}.{func}");
    }
}

#[tokio::test]
async fn the_current_directory_is_no_place_for_modules() {
    let stage = Stage::with("def f(): return 1\n", |settings| {
        settings.environment.change(|environment| environment.set("PYTHONPATH", "/nowhere"));
    });
    std::fs::write(stage.folder.path().join("paths.py"), "").unwrap();
    let Err(error) = stage.bridge.describe("ext", "f").await else { panic!("not found") };
    assert_eq!(error, format!("ModuleNotFoundError: No module named 'ext'{ASKED}"));
    let paths = Stage::new("import sys\ndef first(): return sys.path[0]\ndef given(): return sys.argv\n");
    assert_eq!(paths.result("first", "{}").await, format!("\"{}\"", paths.folder.path().display()));
    assert_eq!(paths.result("given", "{}").await, r#"["chaos-tui"]"#);
}

#[tokio::test]
async fn settings_are_there_before_any_call() {
    let source =
        "from chaoslib.settings import get_loaded_settings\ndef auths(): return get_loaded_settings()\n";
    let settings = pyvalue::parse_json(r#"{"auths": {"a:1": {"type": "bearer"}}}"#).unwrap();
    let stage = Stage::with(source, |given| given.settings = settings.clone());
    assert_eq!(stage.call("auths", "{}").await, Outcome::Done(settings));
    let without = Stage::with(source, |given| given.level = Level::Info);
    assert_eq!(without.result("auths", "{}").await, "{}");
}

//! The information about Python that validation uses (experiment-format 3.1).

use super::stage::{ASKED, Stage};
use chaos_tui::experiment::{ControlCheck, Described, Parameter, Signatures};
use pyvalue::parse_json;

#[tokio::test]
async fn only_plain_functions_and_built_ins_are_found() {
    let stage = Stage::new(
        r#"
import functools
from math import gcd
from os import getpid

def plain(a, b=1, *, secrets): pass
def anything(first, *rest, **options): pass
def only(a, /): pass
def optional(a=1, /): pass
class Class: pass
class Callable:
    def __call__(self): pass
instance = Callable()
partial = functools.partial(plain, 1)
def without_signature(): pass
without_signature.__signature__ = "nonsense"
number = 5
"#,
    );
    let function = |parameters: &[(&str, bool)], catch_all| Described::Function {
        parameters: parameters
            .iter()
            .map(|(name, required)| Parameter { name: (*name).to_owned(), required: *required })
            .collect(),
        catch_all,
        advice: Vec::new(),
    };
    let functions = ["anything", "only", "optional", "plain", "without_signature"];
    let missing = Described::Missing { functions: functions.map(str::to_owned).into() };
    let cases = [
        ("plain", function(&[("a", true), ("b", false), ("secrets", true)], false)),
        ("anything", function(&[("first", true)], true)),
        ("optional", function(&[("a", false)], false)),
        ("getpid", function(&[], false)),
        ("Class", missing.clone()),
        ("instance", missing.clone()),
        ("partial", missing.clone()),
        ("nothing", missing),
    ];
    for (func, expected) in cases {
        assert_eq!(Signatures::describe(&stage.bridge, "ext", func).await, expected, "{func}");
    }
    for func in ["only", "without_signature"] {
        let described = Signatures::describe(&stage.bridge, "ext", func).await;
        assert!(matches!(described, Described::Broken(_)), "{func}: {described:?}");
    }
}

#[tokio::test]
async fn c027_modules_are_really_imported() {
    let stage = Stage::new("");
    let write = |name: &str, source: &str| std::fs::write(stage.folder.path().join(name), source).unwrap();
    write("fails.py", "1 / 0\n");
    write("leaves.py", "import sys\nsys.exit(3)\n");
    write("needs.py", "import not_installed\n");
    write("dies.py", "import os\nos._exit(4)\n");
    let import_error = |message: &str| Described::ImportError(format!("{message}{ASKED}"));
    let broken = |message: &str| Described::Broken(message.to_owned());
    let cases = [
        ("nowhere", import_error("ModuleNotFoundError: No module named 'nowhere'")),
        ("needs", import_error("ModuleNotFoundError: No module named 'not_installed'")),
        ("fails", broken("ZeroDivisionError: division by zero")),
        ("leaves", broken("SystemExit: 3")),
        ("dies", Described::Unknown("the Python worker ended during the call: exit code 4".to_owned())),
        ("nowhere", import_error("ModuleNotFoundError: No module named 'nowhere'")),
    ];
    for (module, expected) in cases {
        assert_eq!(Signatures::describe(&stage.bridge, module, "f").await, expected, "{module}");
    }
}

#[tokio::test]
async fn control_modules_judge_their_declarations() {
    let stage = Stage::new(
        r#"
from chaoslib.exceptions import InvalidActivity
def validate_control(control):
    if control["name"] == "broken":
        raise ValueError("no")
    if control["name"] != "good":
        raise InvalidActivity("a bad name")
"#,
    );
    std::fs::write(stage.folder.path().join("silent.py"), "").unwrap();
    let cases = [
        ("ext", "good", ControlCheck::Accepted),
        ("ext", "bad", ControlCheck::Refused("a bad name".to_owned())),
        ("ext", "broken", ControlCheck::Refused("ValueError: no".to_owned())),
        ("silent", "bad", ControlCheck::Accepted),
        (
            "nowhere",
            "bad",
            ControlCheck::ImportError(format!("ModuleNotFoundError: No module named 'nowhere'{ASKED}")),
        ),
    ];
    for (module, name, expected) in cases {
        let declaration = parse_json(&format!(r#"{{"name": "{name}"}}"#)).unwrap();
        assert_eq!(stage.bridge.control(module, &declaration).await, expected, "{module} {name}");
    }
}

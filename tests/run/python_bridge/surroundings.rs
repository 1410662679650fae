//! Changes that calls make to their process and environment.

use super::stage::Stage;
use chaos_tui::provider::python::{EnvironmentChange, PythonEvent};

#[tokio::test]
async fn changes_of_environment_and_directory_are_reported_once() {
    let stage = Stage::new(
        r#"
import os
def change():
    os.environ["NEW"] = "a=b"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "2"
    os.environ.pop("GONE")
    os.chdir("/")
def nothing():
    return os.getcwd()
"#,
    );
    let stage =
        Stage::with(&std::fs::read_to_string(stage.folder.path().join("ext.py")).unwrap(), |settings| {
            settings.environment.change(|environment| environment.set("GONE", "soon"));
        });
    stage.result("change", "{}").await;
    let [PythonEvent::EnvironmentChanged(EnvironmentChange { environment, directory })] = &stage.heard()[..]
    else {
        panic!("{:?}", stage.heard())
    };
    let mut environment = environment.clone();
    environment.sort();
    let expected = [("GONE", None), ("NEW", Some("a=b")), ("PYTHONDONTWRITEBYTECODE", Some("2"))];
    assert_eq!(environment, expected.map(|(name, text)| (name.to_owned(), text.map(str::to_owned))));
    assert_eq!(directory.as_deref(), Some(std::path::Path::new("/")));

    stage.forget();
    assert_eq!(stage.result("nothing", "{}").await, "\"/\"");
    assert_eq!(stage.heard(), []);
}

#[tokio::test]
async fn values_of_variables_are_not_shown() {
    let changed =
        EnvironmentChange { environment: vec![("TOKEN".into(), Some("s3cret".into()))], directory: None };
    let shown = format!("{:?}", PythonEvent::EnvironmentChanged(changed));
    assert!(shown.contains("TOKEN") && !shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn secrets_are_on_no_command_line_and_in_no_environment() {
    let stage = Stage::new(
        r#"
def look(token):
    shown = open("/proc/self/cmdline").read() + open("/proc/self/environ").read()
    return token in shown
"#,
    );
    assert_eq!(stage.result("look", r#"{"token": "s3cret-of-this-test"}"#).await, "false");
}

//! Which of two clusters a step acts on, for each way to choose a cluster and each kind of step.

mod fake;

use fake::Cluster;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A Python function that resolves its cluster as `chaosk8s` does, and one that chooses a cluster. `PROGRAM` resolves
/// it as `kubectl` does.
const MODULE: &str = r#"
import json, os

def where(secrets=None):
    config = json.load(open(os.environ["KUBECONFIG"]))
    found = (secrets or {}).get("KUBERNETES_CONTEXT", os.environ.get("KUBERNETES_CONTEXT"))
    # Not by its name, which may be a secret and is masked then.
    return {"production": 1, "staging": 3}[found or config["current-context"]]

def choose(name, value):
    os.environ[name] = value
"#;
const PROGRAM: &str = r#"#!/bin/sh
sed -n 's/.*"current-context": *"\([^"]*\)".*/\1/p' "$KUBECONFIG"
"#;

/// Two clusters and the kubeconfigs for them.
struct Desk {
    folder: tempfile::TempDir,
    production: Cluster,
    staging: Cluster,
}

/// The cluster that each kind of step acted on.
#[derive(Debug, PartialEq)]
struct Seen {
    native: String,
    bridged: String,
    process: String,
}

fn seen(native: &str, bridged: &str, process: &str) -> Seen {
    Seen { native: native.to_owned(), bridged: bridged.to_owned(), process: process.to_owned() }
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder, production: Cluster::start(1), staging: Cluster::start(3) };
        desk.write("ext.py", MODULE);
        desk.write("where.sh", PROGRAM);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(desk.path().join("where.sh"), mode).unwrap();
        desk.write("both", &desk.kubeconfig("production").to_string());
        desk.write("other", &desk.kubeconfig("staging").to_string());
        desk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn kubeconfig(&self, current: &str) -> Value {
        let both = [("production", &self.production), ("staging", &self.staging)];
        let named = |of: &dyn Fn(&str, &Cluster) -> Value| -> Vec<Value> {
            both.iter().map(|(name, cluster)| of(name, cluster)).collect()
        };
        json!({"apiVersion": "v1", "kind": "Config", "current-context": current,
            "clusters": named(&|name, cluster| json!({"name": name, "cluster": {"server": cluster.url()}})),
            "users": named(&|name, _| json!({"name": name, "user": {"token": format!("{name}-token")}})),
            "contexts": named(&|name, _| json!({"name": name, "context": {"cluster": name, "user": name}}))})
    }

    /// Runs the steps of `first` and then one step of each kind; `change` edits the experiment last.
    fn run(
        &self,
        first: &[Value],
        arguments: &[&str],
        env: &[(&str, &str)],
        change: impl Fn(&mut Value),
    ) -> Seen {
        let count = json!({"type": "probe", "name": "native", "provider": {"type": "python",
            "module": "chaosk8s.pod.probes", "func": "count_pods", "arguments": {"label_selector": "name=app"}}});
        let bridged = json!({"type": "probe", "name": "bridged", "provider": {"type": "python",
            "module": "ext", "func": "where"}});
        let process = json!({"type": "probe", "name": "process", "provider": {"type": "process",
            "path": self.path().join("where.sh")}});
        let method: Vec<Value> = first.iter().cloned().chain([count, bridged, process]).collect();
        let mut experiment = json!({"title": "t", "description": "d", "method": method});
        change(&mut experiment);
        self.write("experiment.json", &experiment.to_string());
        let mut command = assert_cmd::Command::cargo_bin("chaos-tui").unwrap();
        command.current_dir(self.path()).arg("run").args(arguments).arg("experiment.json");
        for name in ["KUBERNETES_CONTEXT", "KUBERNETES_HOST", "CHAOSTOOLKIT_IN_POD", "VIRTUAL_ENV"] {
            command.env_remove(name);
        }
        command
            .env("HOME", self.path())
            .env("PYTHONPATH", self.path())
            .env("KUBECONFIG", self.path().join("both"));
        let output = command.envs(env.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let journal = fs::read_to_string(self.path().join("journal.json"));
        let journal: Value = serde_json::from_str(&journal.expect(&said)).unwrap();
        let entry = |back: usize| {
            let run = journal["run"].as_array().unwrap();
            run[run.len() - 1 - back]["output"].clone()
        };
        let counted = |value: Value| match value.as_i64() {
            Some(1) => "production".to_owned(),
            Some(3) => "staging".to_owned(),
            other => format!("{other:?}: {said}"),
        };
        let text =
            |value: Value| value.as_str().unwrap_or_else(|| panic!("{value}: {said}")).trim().to_owned();
        Seen {
            native: counted(entry(2)),
            bridged: counted(entry(1)),
            process: text(entry(0)["stdout"].clone()),
        }
    }
}

fn python(func: &str, arguments: Value) -> Value {
    json!({"type": "action", "name": func, "provider": {"type": "python", "module": "ext", "func": func,
        "arguments": arguments}})
}

fn unchanged(_: &mut Value) {}

/// Adds secrets that choose a context to the native and the bridged step.
fn with_secrets(experiment: &mut Value) {
    experiment["secrets"] = json!({"k8s": {"KUBERNETES_CONTEXT": "staging"}});
    for step in experiment["method"].as_array_mut().unwrap() {
        if step["type"] == "probe" && step["provider"]["type"] == "python" {
            step["provider"]["secrets"] = json!(["k8s"]);
        }
    }
}

#[test]
fn nothing_chosen_is_the_current_context() {
    let desk = Desk::new();
    assert_eq!(desk.run(&[], &[], &[], unchanged), seen("production", "production", "production"));
}

#[test]
fn an_option_goes_for_every_kind_of_step() {
    let desk = Desk::new();
    let everywhere = seen("staging", "staging", "staging");
    assert_eq!(desk.run(&[], &["--context", "staging"], &[], unchanged), everywhere);
    assert_eq!(desk.run(&[], &["--kubeconfig", "other"], &[], unchanged), everywhere);
    let both = ["--kubeconfig", "both", "--context", "staging"];
    assert_eq!(desk.run(&[], &both, &[("KUBECONFIG", "/nowhere")], unchanged), everywhere);
}

#[test]
fn an_option_wins_over_secrets_variables_and_python() {
    let desk = Desk::new();
    let elsewhere = desk.path().join("other").display().to_string();
    let first = [
        python("choose", json!({"name": "KUBERNETES_CONTEXT", "value": "staging"})),
        python("choose", json!({"name": "KUBECONFIG", "value": elsewhere})),
        python("choose", json!({"name": "KUBERNETES_HOST", "value": desk.staging.url()})),
    ];
    let env = [("KUBERNETES_CONTEXT", "staging")];
    let got = desk.run(&first, &["--context", "production"], &env, with_secrets);
    assert_eq!(got, seen("production", "production", "production"));
}

#[test]
fn without_options_the_steps_own_secrets_come_first() {
    let desk = Desk::new();
    assert_eq!(desk.run(&[], &[], &[], with_secrets), seen("staging", "staging", "production"));
    let env = [("KUBERNETES_CONTEXT", "production")];
    assert_eq!(desk.run(&[], &[], &env, with_secrets), seen("staging", "staging", "production"));
}

#[test]
fn then_what_the_run_has_set() {
    let desk = Desk::new();
    let everywhere = seen("staging", "staging", "staging");
    // Programs such as kubectl read KUBECONFIG; no variable gives them a context.
    let chosen = seen("staging", "staging", "production");
    let other = desk.path().join("other").display().to_string();

    assert_eq!(desk.run(&[], &[], &[("KUBERNETES_CONTEXT", "staging")], unchanged), chosen, "a variable");
    assert_eq!(desk.run(&[], &[], &[("KUBECONFIG", &other)], unchanged), everywhere, "a variable");

    desk.write("vars.env", &format!("KUBECONFIG={other}\n"));
    assert_eq!(desk.run(&[], &["--var-file", "vars.env"], &[], unchanged), everywhere, "a var-file");
    desk.write("vars.env", "KUBERNETES_CONTEXT=staging\n");
    assert_eq!(desk.run(&[], &["--var-file", "vars.env"], &[], unchanged), chosen, "a var-file");

    let choose = [python("choose", json!({"name": "KUBERNETES_CONTEXT", "value": "staging"}))];
    assert_eq!(desk.run(&choose, &[], &[], unchanged), chosen, "Python");
    let choose = [python("choose", json!({"name": "KUBECONFIG", "value": other}))];
    assert_eq!(desk.run(&choose, &[], &[], unchanged), everywhere, "Python");
}

#[test]
fn what_a_control_chooses_counts() {
    let desk = Desk::new();
    desk.write(
        "chooser.py",
        "import os\n\ndef before_experiment_control(**kwargs):\n    os.environ['KUBERNETES_CONTEXT'] = 'staging'\n",
    );
    let got = desk.run(&[], &[], &[], |experiment| {
        experiment["controls"] = json!([{"name": "c", "provider": {"type": "python", "module": "chooser"}}]);
    });
    assert_eq!(got, seen("staging", "staging", "production"));
}

#[test]
fn a_kubeconfig_that_the_first_step_makes_is_read_when_it_is_needed() {
    let desk = Desk::new();
    let make = |to: &str| {
        let (from, to) = (desk.path().join("other"), desk.path().join(to));
        [json!({"type": "action", "name": "make", "provider": {"type": "process", "path": "cp",
            "arguments": [from, to]}})]
    };
    let everywhere = seen("staging", "staging", "staging");
    let made = desk.path().join("made").display().to_string();
    assert_eq!(desk.run(&make("made"), &[], &[("KUBECONFIG", &made)], unchanged), everywhere);
    assert_eq!(desk.run(&make("made2"), &["--kubeconfig", "made2"], &[], unchanged), everywhere);
    let made = desk.path().join("made3").display().to_string();
    let got = desk.run(&make("made3"), &["--context", "production"], &[("KUBECONFIG", &made)], unchanged);
    assert_eq!(got, seen("production", "production", "production"));
}

#[test]
fn where_nothing_can_make_a_cluster_the_run_is_refused_before_it_begins() {
    let desk = Desk::new();
    desk.write(
        "experiment.json",
        &json!({"title": "t", "description": "d", "method": [
        {"type": "probe", "name": "a", "provider": {"type": "python", "module": "chaosk8s.pod.probes",
            "func": "count_pods", "arguments": {"label_selector": "name=app"}}},
        {"type": "action", "name": "b", "provider": {"type": "process", "path": "true"}}]})
        .to_string(),
    );
    let output = assert_cmd::Command::cargo_bin("chaos-tui")
        .unwrap()
        .current_dir(desk.path())
        .args(["run", "--kubeconfig", "nowhere", "experiment.json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no cluster"), "{said}");
}

/// The kubeconfig that passes the options on to programs is deleted at the end of the run.
#[test]
fn nothing_is_left_of_the_kubeconfig_that_was_made_for_a_run() {
    let desk = Desk::new();
    desk.write("keep.sh", "#!/bin/sh\necho \"$KUBECONFIG\"\nstat -c %a \"$KUBECONFIG\"\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(desk.path().join("keep.sh"), mode).unwrap();
    let step = json!({"type": "action", "name": "k", "provider": {"type": "process",
        "path": desk.path().join("keep.sh")}});
    desk.run(&[step], &["--context", "staging"], &[], unchanged);
    let journal: Value =
        serde_json::from_str(&fs::read_to_string(desk.path().join("journal.json")).unwrap()).unwrap();
    let said = journal["run"][0]["output"]["stdout"].as_str().unwrap().to_owned();
    let (path, mode) = said.trim().split_once('\n').unwrap();
    assert_eq!(mode, "600");
    assert!(!Path::new(path).exists(), "{path}");
}

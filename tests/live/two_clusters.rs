//! A session is recovered in the clusters that it was in, whatever the current context is by then.

use super::operators::Sandbox;
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const PROVIDER: &str = "my-provider-app";

/// Two clusters behind one kubeconfig with the contexts `a` and `b`, and a folder for experiment, record and kubeconfig.
struct Clusters {
    a: Sandbox,
    b: Sandbox,
    folder: TempDir,
}

impl Clusters {
    fn start() -> Self {
        Self { a: Sandbox::start(), b: Sandbox::start(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the kubeconfig with these contexts.
    fn kubeconfig(&self, current: &str, contexts: &[&str]) {
        let server = |sandbox: &Sandbox| {
            let view = sandbox.kubectl(&["config", "view", "--raw", "-o", "json"]);
            let view: Value = serde_json::from_str(&view).unwrap();
            (view["clusters"][0]["cluster"].clone(), view["users"][0]["user"].clone())
        };
        let [(a, user_a), (b, user_b)] = [server(&self.a), server(&self.b)];
        let contexts: Vec<Value> = contexts
            .iter()
            .map(|name| json!({"name": name, "context": {"cluster": name, "user": name}}))
            .collect();
        let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": current, "contexts": contexts,
            "clusters": [{"name": "a", "cluster": a}, {"name": "b", "cluster": b}],
            "users": [{"name": "a", "user": user_a}, {"name": "b", "user": user_b}]});
        std::fs::write(self.path("config"), config.to_string()).unwrap();
    }

    fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaos-tui"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env_remove("XDG_STATE_HOME")
            .env("KUBECONFIG", self.path("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Plays the experiment and kills the process without any warning once `fired`.
    fn killed(&self, more: &[&str], fired: impl Fn(&Self) -> bool) {
        let mut command = self.tool(&[&["run", "experiment.json"], more].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !fired(self) {
            assert!(Instant::now() < deadline, "it fires nothing");
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn recover(&self) -> Output {
        self.tool(&["recover", "--yes"]).output().unwrap()
    }

    /// Takes the provider of `a` away, kills the run, and recovers it while `b` is current: without the context `a` in vain,
    /// then with it. Returns what the first recovery said.
    fn recovered_in_a(&self, more: &[&str]) -> String {
        self.kubeconfig("a", &["a", "b"]);
        self.killed(more, |it| it.replicas() == replicas("0", "1"));
        self.b.scale_to_zero();

        self.kubeconfig("b", &["b"]);
        let failed = self.recover();
        let said = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert_eq!(failed.status.code(), Some(1), "{said}");
        assert_eq!(self.replicas(), replicas("0", "0"));

        self.kubeconfig("b", &["a", "b"]);
        let recovered = self.recover();
        assert!(recovered.status.success(), "{recovered:?}");
        assert_eq!(self.replicas(), replicas("1", "0"));
        said
    }

    /// How many providers `a` and `b` are to have.
    fn replicas(&self) -> (String, String) {
        (self.a.replicas(PROVIDER), self.b.replicas(PROVIDER))
    }
}

impl Sandbox {
    fn scale_to_zero(&self) {
        self.kubectl(&["scale", "deployment", PROVIDER, "--replicas=0"]);
    }
}

/// Writes an experiment that takes the provider away for each of these scopes of secrets, and puts it back.
fn experiment(folder: &Path, scopes: &[&str]) {
    let step = |name: &str, scope: &str, replicas: u32| {
        let mut step = json!({"type": "action", "name": format!("{name} {scope}"), "provider": {"type": "python",
            "module": "chaosk8s.deployment.actions", "func": "scale_deployment",
            "arguments": {"name": PROVIDER, "replicas": replicas}}});
        if !scope.is_empty() {
            step["provider"]["secrets"] = json!([scope]);
        }
        step
    };
    let mut method: Vec<Value> = scopes.iter().map(|scope| step("take", scope, 0)).collect();
    method.last_mut().unwrap()["pauses"] = json!({"after": 300});
    let rollbacks: Vec<Value> = scopes.iter().map(|scope| step("give back", scope, 1)).collect();
    let whole = json!({"title": "No provider", "description": "in one cluster or in two",
        "secrets": {"other": {"KUBERNETES_CONTEXT": "b"}}, "method": method, "rollbacks": rollbacks});
    std::fs::write(folder.join("experiment.json"), whole.to_string()).unwrap();
}

fn replicas(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn the_context_that_was_current_then_is_the_one_that_is_recovered() {
    let clusters = Clusters::start();
    experiment(clusters.folder.path(), &[""]);
    // Only the rollback gives the provider back.
    let said = clusters.recovered_in_a(&["--no-kit-file"]);
    assert!(said.contains("`a`") || said.contains("\"a\""), "{said}");
    assert!(!said.contains("give back"), "no rollback was begun: {said}");
}

#[test]
fn steps_that_choose_a_context_themselves_keep_it_and_the_others_the_current_one() {
    let clusters = Clusters::start();
    experiment(clusters.folder.path(), &["other", ""]);
    clusters.kubeconfig("a", &["a", "b"]);
    clusters.killed(&["--no-kit-file"], |it| it.replicas() == replicas("0", "0"));
    let recovered = clusters.recover();
    assert!(recovered.status.success(), "{recovered:?}");
    assert_eq!(clusters.replicas(), replicas("1", "1"));
}

/// Writes an experiment of one program that breaks something, and of one that mends it.
fn programs(folder: &Path, program: &str, breaks: &str, mends: &str) {
    let step = |name: &str, path: &str, arguments: &str| json!({"type": "action", "name": name, "provider": {"type": "process", "path": path, "arguments": arguments}});
    let (taking, giving) = program.split_once('/').unwrap_or((program, program));
    let mut take = step("take", taking, breaks);
    take["pauses"] = json!({"after": 300});
    let whole = json!({"title": "Programs", "description": "that do what they want", "method": [take],
        "rollbacks": [step("give back", giving, mends)]});
    std::fs::write(folder.join("experiment.json"), whole.to_string()).unwrap();
}

#[test]
fn programs_get_the_context_that_was_current_then_and_no_other() {
    let clusters = Clusters::start();
    let scale = |replicas: u32| format!("scale deployment {PROVIDER} --replicas={replicas}");
    programs(clusters.folder.path(), "kubectl", &scale(0), &scale(1));
    // Where the context is gone, kubectl must not take the one that is current now.
    clusters.recovered_in_a(&[]);
}

#[test]
fn what_concerns_no_cluster_is_recovered_without_one() {
    let clusters = Clusters::start();
    programs(clusters.folder.path(), "rm/touch", "here", "here");
    std::fs::write(clusters.path("here"), "").unwrap();
    clusters.kubeconfig("a", &["a", "b"]);
    clusters.killed(&[], |it| !it.path("here").exists());
    clusters.kubeconfig("b", &["b"]);
    let recovered = clusters.recover();
    assert!(recovered.status.success(), "{recovered:?}");
    assert!(clusters.path("here").exists());
}

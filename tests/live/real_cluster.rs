//! The demo and the native functions on a real cluster, in a namespace of their own that is deleted afterwards.
//!
//! `CHAOS_TUI_TEST_KUBECONFIG=PATH cargo test --test live real_cluster` runs these tests; without the variable they only say
//! that they were skipped. They need `kubectl`, the right to create a namespace, a node that this machine reaches, and the
//! images of the demo services on the nodes (docs/minikube.md). They act in the current context of that kubeconfig and fire
//! without asking again.

use super::terminal::Terminal;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A namespace on the cluster, deleted when dropped.
struct TestNamespace {
    name: String,
    context: String,
    folder: tempfile::TempDir,
}

impl TestNamespace {
    /// Creates a namespace; `None` if no cluster was named.
    fn create(purpose: &str) -> Option<Self> {
        let Ok(given) = std::env::var("CHAOS_TUI_TEST_KUBECONFIG") else {
            eprintln!("skipped: CHAOS_TUI_TEST_KUBECONFIG names no cluster");
            return None;
        };
        let name = format!("chaos-tui-test-{purpose}-{}", std::process::id());
        let folder = tempfile::tempdir().unwrap();
        let flat = run(Command::new("kubectl").args(["--kubeconfig", &given, "config", "view"]).args([
            "--raw",
            "--minify",
            "--flatten",
        ]));
        std::fs::write(folder.path().join("kubeconfig"), flat).unwrap();
        let context =
            run(Command::new("kubectl").args(["--kubeconfig", &given, "config", "current-context"]));
        let namespace = Self { name, context: context.trim().to_owned(), folder };
        namespace.kubectl(&["create", "namespace", &namespace.name]);
        namespace.kubectl(&["config", "set-context", "--current", "--namespace", &namespace.name]);
        Some(namespace)
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        run(Command::new("kubectl").arg("--kubeconfig").arg(self.kubeconfig()).args(arguments))
    }

    /// Deploys the demo with this variant of the consumer and waits until it is ready.
    fn deploy(&self, variant: &str) {
        let manifests = root().join("manifests");
        for file in ["provider-service.json", "consumer-service.json", variant] {
            self.kubectl(&["apply", "-f", manifests.join(file).to_str().unwrap()]);
        }
        for workload in ["my-provider-app", "my-consumer-app"] {
            self.kubectl(&["rollout", "status", &format!("deployment/{workload}"), "--timeout=120s"]);
        }
    }

    /// The consumer's address at the node port.
    fn consumer_url(&self) -> String {
        let port = self.kubectl(&[
            "get",
            "service",
            "my-consumer-service",
            "-o",
            "jsonpath={.spec.ports[0].nodePort}",
        ]);
        let path = "jsonpath={.items[0].status.addresses[?(@.type==\"InternalIP\")].address}";
        format!("http://{}:{port}", self.kubectl(&["get", "nodes", "-o", path]))
    }

    /// Writes an experiment of the demo with this namespace instead of `default`.
    fn experiment(&self, name: &str) {
        let text = std::fs::read_to_string(root().join("experiments").join(name)).unwrap();
        let text = text.replace("\"ns\": \"default\"", &format!("\"ns\": \"{}\"", self.name));
        self.write(&serde_json::from_str(&text).unwrap());
    }

    fn write(&self, experiment: &Value) {
        std::fs::write(self.folder.path().join("experiment.json"), experiment.to_string()).unwrap();
    }

    /// Opens the experiment on a screen of 120x36.
    fn open(&self, more: &[&str]) -> Terminal {
        let (kubeconfig, url) = (self.kubeconfig(), self.consumer_url());
        let variables = [("KUBECONFIG", kubeconfig.to_str().unwrap()), ("CONSUMER_URL", &url)];
        let arguments = ["experiment.json", "--allow-context", &self.context];
        let arguments: Vec<&str> = arguments.into_iter().chain(more.iter().copied()).collect();
        Terminal::start_with(&variables, (120, 36), self.folder.path(), &arguments)
    }

    /// Runs a command of the program in the namespace's folder.
    fn chaos_tui(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaos-tui"));
        command.args(arguments).current_dir(self.folder.path()).env("KUBECONFIG", self.kubeconfig());
        command.env("CONSUMER_URL", self.consumer_url()).output().unwrap()
    }

    fn journal(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.path().join("journal.json")).unwrap()).unwrap()
    }
}

impl Drop for TestNamespace {
    fn drop(&mut self) {
        let mut kubectl = Command::new("kubectl");
        kubectl.arg("--kubeconfig").arg(self.kubeconfig());
        let _ = kubectl.args(["delete", "namespace", &self.name, "--wait=false"]).output();
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command that must succeed; returns its output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Watches users and steps through the hypothesis until the card of the kill is shown.
fn step_to_the_kill(terminal: &mut Terminal) {
    terminal.wait_for("1/5 READY");
    terminal.press("o");
    terminal.wait_for("answers are real");
    terminal.press(" ");
    terminal.wait_for("✓ all-services-are-healthy");
    terminal.press(" ");
    terminal.wait_for("KILL 1 pod");
}

/// Plays the lesson with this variant of the consumer; returns what stays on the terminal.
fn lesson(variant: &str) -> Option<(String, String)> {
    let namespace = TestNamespace::create(variant.trim_start_matches(|c: char| !c.is_alphabetic()))?;
    namespace.deploy(variant);
    namespace.experiment("kill-pod.json");
    let mut terminal = namespace.open(&["--record", "session.ctui"]);
    step_to_the_kill(&mut terminal);
    // What a real answer looks like must be known before the fire.
    terminal.wait_gone("no verdict yet");
    terminal.press("F");
    terminal.wait_for("FAULT ON");
    terminal.press("a");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    terminal.ended();
    let recording = std::fs::read_to_string(namespace.folder.path().join("session.ctui")).unwrap();
    Some((terminal.contents(), recording))
}

#[test]
fn real_cluster_without_a_breaker_users_notice_the_kill() {
    let Some((left, recording)) = lesson("01-before") else { return };
    assert!(left.contains("NOT RESILIENT"), "{left}");
    assert!(!recording.contains("\"state\":\"open\""), "a breaker where there is none");
}

#[test]
fn real_cluster_with_a_breaker_they_do_not_and_each_state_is_seen() {
    let Some((left, recording)) = lesson("03-after") else { return };
    assert!(left.contains("PROTECTED") && left.contains("opened"), "{left}");
    for state in ["\"closed\"", "\"open\"", "\"half_open\""] {
        assert!(recording.contains(&format!("\"state\":{state}")), "{state} was not seen");
    }
}

#[test]
fn real_cluster_the_undo_kit_brings_a_deleted_deployment_back() {
    let Some(namespace) = TestNamespace::create("undo") else { return };
    namespace.deploy("01-before");
    namespace.write(&json!({
        "title": "A Deployment is deleted", "description": "and the file does not bring it back",
        "configuration": {"consumer": {"type": "env", "key": "CONSUMER_URL"}},
        "method": [
            {"type": "action", "name": "delete-it", "pauses": {"after": 300}, "provider": {"type": "python",
             "module": "chaosk8s.deployment.actions", "func": "delete_deployment",
             "arguments": {"name": "my-provider-app", "ns": namespace.name}}},
            {"type": "probe", "name": "ask", "provider": {"type": "http", "url": "${consumer}/invoke"}}
        ]
    }));
    let mut terminal = namespace.open(&[]);
    terminal.wait_for("DELETE 1 Deployment");
    terminal.wait_for("2 manifests saved, checked");
    terminal.press("F");
    terminal.wait_for("A abort: re-creates my-provider-app");
    terminal.press("u");
    terminal.wait_for("UNDO?");
    terminal.press("y");
    terminal.wait_for("Deployment my-provider-app was re-created");
    terminal.wait_for("back since T+");
    terminal.press("q");
    terminal.ended();
    namespace.kubectl(&["rollout", "status", "deployment/my-provider-app", "--timeout=120s"]);
}

/// With a token that has what `rbac` prints and nothing else: `doctor` finds nothing to fix, names each rule that is taken
/// away, and the lesson can be played.
#[test]
fn real_cluster_the_printed_role_is_enough_and_doctor_names_what_it_lacks() {
    let Some(namespace) = TestNamespace::create("rbac") else { return };
    namespace.deploy("01-before");
    namespace.experiment("kill-pod.json");
    let account = ["--namespace", &namespace.name, "--name", &namespace.name];
    let printed =
        namespace.chaos_tui(&[&["rbac", "-o", "json", "experiment.json"], account.as_slice()].concat());
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let list: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let file = namespace.folder.path().join("rbac.json");
    std::fs::write(&file, list.to_string()).unwrap();
    let admin = namespace.kubeconfig();
    let _cleanup = ClusterObjects { kubeconfig: admin.clone(), file: file.clone() };
    namespace.kubectl(&["apply", "-f", file.to_str().unwrap()]);
    let token = namespace.kubectl(&["create", "token", "-n", &namespace.name, "chaos-tui"]);

    let restricted = namespace.folder.path().join("restricted");
    std::fs::copy(&admin, &restricted).unwrap();
    let configure = |arguments: &[&str]| {
        run(Command::new("kubectl").arg("--kubeconfig").arg(&restricted).arg("config").args(arguments))
    };
    configure(&["set-credentials", "restricted", "--token", token.trim()]);
    configure(&["set-context", "--current", "--user", "restricted"]);
    let doctor = || {
        let arguments = ["doctor", "--json", "--kubeconfig", "restricted", "experiment.json"];
        let output = namespace.chaos_tui(&arguments);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), found)
    };
    let (code, found) = doctor();
    assert_eq!((code, &found["failures"]), (Some(0), &json!(0)), "{found:#}");

    // The deletion of pods is taken away: the Role without its rules that name it.
    let mut without = list.clone();
    for object in without["items"].as_array_mut().unwrap() {
        if let Some(rules) = object["rules"].as_array_mut() {
            rules.retain(|rule| rule["verbs"] != json!(["delete"]));
        }
    }
    assert_ne!(without, list, "no rule deletes: {list:#}");
    std::fs::write(&file, without.to_string()).unwrap();
    namespace.kubectl(&["apply", "-f", file.to_str().unwrap()]);
    let (code, found) = doctor();
    assert_eq!(code, Some(1), "{found:#}");
    assert!(found.to_string().contains("delete pods"), "{found:#}");
    std::fs::write(&file, list.to_string()).unwrap();
    namespace.kubectl(&["apply", "-f", file.to_str().unwrap()]);

    let mut terminal = namespace.open(&["--kubeconfig", "restricted", "--record", "session.ctui"]);
    step_to_the_kill(&mut terminal);
    terminal.press("F");
    terminal.wait_for("back since T+");
    terminal.press("A");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    terminal.ended();
    let recording = std::fs::read_to_string(namespace.folder.path().join("session.ctui")).unwrap();
    assert!(!recording.contains("forbidden"), "{recording}");
}

/// Objects outside the test's namespace, deleted when dropped.
struct ClusterObjects {
    kubeconfig: PathBuf,
    file: PathBuf,
}

impl Drop for ClusterObjects {
    fn drop(&mut self) {
        let mut kubectl = Command::new("kubectl");
        kubectl.arg("--kubeconfig").arg(&self.kubeconfig).args(["delete", "--wait=false", "-f"]);
        let _ = kubectl.arg(&self.file).output();
    }
}

/// Users of a Service that has no address outside are asked through a port-forward, which outlives the pod behind it.
#[test]
fn real_cluster_a_port_forward_survives_its_pod() {
    let Some(namespace) = TestNamespace::create("forward") else { return };
    namespace.deploy("03-after");
    let inside =
        json!({"spec": {"type": "ClusterIP", "ports": [{"name": "http", "port": 8080, "targetPort": 8080}]}});
    let inside = inside.to_string();
    let url = namespace.consumer_url();
    namespace.kubectl(&["patch", "service", "my-consumer-service", "--type=merge", "-p", &inside]);
    namespace.write(&json!({
        "title": "The consumer's pod is killed", "description": "and users come by a port-forward",
        "method": [{"type": "action", "name": "kill", "pauses": {"after": 300}, "provider": {"type": "python",
            "module": "chaosk8s.pod.actions", "func": "terminate_pods",
            "arguments": {"label_selector": "name=my-consumer-app", "grace_period": 0, "ns": namespace.name}}}]
    }));
    let kubeconfig = namespace.kubeconfig();
    let variables = [("KUBECONFIG", kubeconfig.to_str().unwrap()), ("CONSUMER_URL", &url)];
    let arguments = [
        "experiment.json",
        "--allow-context",
        &namespace.context,
        "--watch",
        "service/my-consumer-service/invoke",
    ];
    let mut terminal = Terminal::start_with(&variables, (120, 36), namespace.folder.path(), &arguments);
    terminal.wait_for("KILL 1 pod");
    terminal.press("o");
    terminal.wait_for("answers are real");
    terminal.wait_gone("no verdict yet");
    terminal.press("F");
    terminal.wait_for("no ready pod");
    // The replacement answers through the same forward.
    terminal.wait_for("answers are real");
    terminal.press("A");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    terminal.ended();
}

/// Each function acts on the cluster, or finds there what `kubectl` made.
#[test]
fn real_cluster_twenty_native_functions() {
    let Some(namespace) = TestNamespace::create("functions") else { return };
    namespace.deploy("01-before");
    let ns = namespace.name.clone();
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "made"}, "stringData": {"a": "b"}});
    std::fs::write(namespace.folder.path().join("secret.json"), secret.to_string()).unwrap();
    let provider = json!({"label_selector": "name=my-provider-app", "ns": ns});
    let named = |name: &str| json!({"name": name, "ns": ns});
    let with = |mut arguments: Value, more: Value| {
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let calls = [
        ("pod.probes.all_pods_healthy", json!({"ns": ns}), json!(true)),
        ("pod.probes.count_pods", provider.clone(), json!(1)),
        ("pod.probes.pods_in_phase", with(provider.clone(), json!({"phase": "Running"})), json!(true)),
        ("pod.probes.pods_not_in_phase", with(provider.clone(), json!({"phase": "Failed"})), json!(true)),
        ("deployment.probes.deployment_available_and_healthy", named("my-provider-app"), json!(true)),
        ("deployment.probes.deployment_fully_available", named("my-provider-app"), json!(true)),
        ("service.probes.service_is_initialized", named("my-provider-service"), json!(true)),
        (
            "node.probes.verify_nodes_condition",
            json!({"condition_type": "Ready", "condition_value": "True"}),
            json!(true),
        ),
        ("namespace.probes.namespace_exists", json!({"name": ns}), json!(true)),
        ("namespace.probes.namespace_exists", json!({"name": "chaos-tui-no-such-namespace"}), json!(false)),
        ("secret.actions.create_secret", json!({"spec_path": "secret.json", "ns": ns}), Value::Null),
        ("secret.probes.secret_exists", named("made"), json!(true)),
        ("secret.actions.delete_secret", named("made"), Value::Null),
        ("secret.probes.secret_exists", named("made"), json!(false)),
        ("networking.actions.deny_all_ingress", json!({"ns": ns}), Value::Null),
        ("networking.actions.remove_deny_all_ingress", json!({"ns": ns}), Value::Null),
        (
            "deployment.actions.scale_deployment",
            with(named("my-consumer-app"), json!({"replicas": 2})),
            Value::Null,
        ),
        ("deployment.probes.deployment_fully_available", named("my-consumer-app"), json!(true)),
        ("pod.probes.count_pods", json!({"label_selector": "name=my-consumer-app", "ns": ns}), json!(2)),
        ("deployment.actions.rollout_deployment", named("my-consumer-app"), Value::Null),
        ("deployment.probes.deployment_fully_available", named("my-consumer-app"), json!(true)),
        ("deployment.actions.delete_deployment", named("my-consumer-app"), Value::Null),
    ];
    let activity = |(address, arguments, _): &(&str, Value, Value)| {
        let (module, func) = address.rsplit_once('.').unwrap();
        let kind = if module.ends_with("actions") { "action" } else { "probe" };
        let provider = json!({"type": "python", "module": format!("chaosk8s.{module}"), "func": func,
                              "arguments": arguments});
        json!({"type": kind, "name": address, "provider": provider})
    };
    let method: Vec<Value> = calls.iter().map(activity).collect();
    namespace.write(&json!({"title": "Functions", "description": "on a real cluster", "method": method}));
    let output = namespace.chaos_tui(&["run", "experiment.json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let journal = namespace.journal();
    for ((address, _, wanted), entry) in calls.iter().zip(journal["run"].as_array().unwrap()) {
        assert_eq!((&entry["status"], &entry["output"]), (&json!("succeeded"), wanted), "{address} {entry}");
    }
    assert_eq!(journal["run"].as_array().unwrap().len(), calls.len());
}

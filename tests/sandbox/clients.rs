//! `kubectl` and `chaos` work with the sandbox as with a real cluster.

use crate::{
    stage::{DEADLINE, Stage, has_kubectl, text},
    until::until,
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
};

/// A running command and its output lines. The command is killed on drop.
struct Following {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Following {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                if line.is_err() || sender.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Reads lines until one satisfies the condition.
    fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) if wanted(&line) => return,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error} before {what}: {seen:#?}"),
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn kubectl_watches_a_pod_go_and_another_come() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "1"]);
    let mut command = stage.command("kubectl");
    command.args(["get", "pods", "-w"]);
    let watch = Following::start(command);
    let name = stage.pod("my-provider-app")["metadata"]["name"].as_str().unwrap().to_owned();
    watch.until("the pod is listed", |line| line.starts_with(&name));
    let deleted = stage.kubectl(&["delete", "pod", &name]);
    assert!(deleted.contains("deleted"), "{deleted}");
    watch.until("it is terminating", |line| line.starts_with(&name) && line.contains("Terminating"));
    let another = |line: &str| line.starts_with("my-provider-app") && !line.starts_with(&name);
    watch.until("another one is pending", |line| another(line) && line.contains("Pending"));
    watch.until("it is being created", |line| another(line) && line.contains("ContainerCreating"));
    watch.until("it is ready", |line| another(line) && line.contains("1/1"));
}

#[test]
fn kubectl_reads_pages_of_pods_and_services_through_the_proxy() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let pod = stage.pod("my-consumer-app");
    let name = pod["metadata"]["name"].as_str().unwrap();
    let port = pod["spec"]["containers"][0]["ports"][0]["containerPort"].as_u64().unwrap();
    let base = "/api/v1/namespaces/default";
    let metrics = stage.kubectl(&["get", "--raw", &format!("{base}/pods/{name}:{port}/proxy/metrics")]);
    assert!(metrics.contains("# TYPE"), "{metrics}");
    assert_eq!(
        stage.kubectl(&["get", "--raw", &format!("{base}/pods/http:{name}:{port}/proxy/health")]),
        "ok\n"
    );
    let service = stage.get(&["service", "my-consumer-service"]);
    let port = service["spec"]["ports"][0]["port"].as_u64().unwrap();
    let health = format!("{base}/services/my-consumer-service:{port}/proxy/health");
    assert_eq!(stage.kubectl(&["get", "--raw", &health]), "ok\n");
    let refused = |path: &str| {
        let output =
            stage.command("kubectl").args(["get", "--raw", &format!("{base}/{path}")]).output().unwrap();
        assert!(!output.status.success(), "{path}: {}", text(&output));
        text(&output)
    };
    let nobody = refused(&format!("pods/{name}:1/proxy/health"));
    assert!(
        nobody.contains("error trying to reach service") && nobody.contains("connection refused"),
        "{nobody}"
    );
    assert!(refused("pods/nobody:80/proxy/").contains("not found"));
    assert!(refused("services/my-consumer-service:4711/proxy/").contains("no service port"));
}

#[test]
fn kubectl_scales_rolls_out_undoes_and_waits() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let provider = "deployment/my-provider-app";
    stage.kubectl(&["scale", provider, "--replicas=3"]);
    stage.kubectl(&["rollout", "status", provider, "--timeout=60s"]);
    stage.kubectl(&["wait", "--for=condition=Available", provider, "--timeout=60s"]);
    until("three endpoints", || {
        let endpoints = stage.get(&["endpoints", "my-provider-service"]);
        endpoints["subsets"][0]["addresses"].as_array().is_some_and(|addresses| addresses.len() == 3)
    });
    stage.kubectl(&["set", "env", provider, "COLOUR=green"]);
    stage.kubectl(&["rollout", "status", provider, "--timeout=60s"]);
    stage.kubectl(&["rollout", "undo", provider]);
    stage.kubectl(&["rollout", "status", provider, "--timeout=60s"]);
    let sets = stage.get(&["rs", "-l", "name=my-provider-app"]);
    assert_eq!(sets["items"].as_array().unwrap().len(), 2, "the undo uses the first set again");
    stage.kubectl(&["rollout", "restart", provider]);
    stage.kubectl(&["rollout", "status", provider, "--timeout=60s"]);
    stage.kubectl(&["scale", provider, "--replicas=0"]);
    until("no pod is left", || {
        stage.get(&["pods", "-l", "name=my-provider-app"])["items"] == Value::Array(vec![])
    });
}

#[test]
fn kubectl_lists_follows_logs_and_describes() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let all = stage.kubectl(&["get", "deploy,rs,svc,ep,events"]);
    for name in ["deployment.apps/my-provider-app", "service/my-consumer-service", "Started container"] {
        assert!(all.contains(name), "{name} in {all}");
    }
    let mut command = stage.command("kubectl");
    command.args(["logs", "-f", "deployment/my-provider-app"]);
    let logs = Following::start(command);
    logs.until("it listens", |line| line.starts_with("listening on"));
    crate::http::get(stage.announced("consumer_url"), "/invoke", DEADLINE);
    logs.until("a request is logged", |line| line.starts_with("/invoke 200 real"));
    let described = stage.kubectl(&["describe", "pod", "-l", "name=my-consumer-app"]);
    for words in ["Started container my-consumer-app", "chaos-tui/consumer:before", "Ready             True"]
    {
        assert!(described.contains(words), "{words} in {described}");
    }
    let name = stage.pod("my-provider-app")["metadata"]["name"].as_str().unwrap().to_owned();
    let service = stage.kubectl(&["describe", "service", "my-consumer-service"]);
    assert!(service.contains("NodePort"), "{service}");
    stage.exec_prints(&name, &["printenv", "HOSTNAME"], &format!("{name}\n"));
    until("the refusal", || {
        let mut command = stage.command("kubectl");
        let refused = command.args(["exec", &name, "--", "rm", "-rf", "/"]).output().unwrap();
        assert!(!refused.status.success());
        text(&refused).contains("runs no programs of this machine")
    });
}

#[test]
fn kubectl_applies_the_other_variant() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0", "--propagation", "0"]);
    let applied = stage.command("kubectl").args(["apply", "-f", "manifests/03-after/"]).output().unwrap();
    let words = text(&applied);
    assert!(applied.status.success() && words.contains("my-consumer-app configured"), "{words}");
    assert!(!words.contains("Warning"), "{words}");
    stage.kubectl(&["rollout", "status", "deployment/my-consumer-app", "--timeout=60s"]);
    let again = stage.kubectl(&["apply", "-f", "manifests/03-after/"]);
    assert!(again.contains("my-consumer-app unchanged"), "{again}");
    until("the consumer with the breaker answers", || {
        let greeting = crate::http::get(stage.announced("consumer_url"), "/", DEADLINE);
        matches!(greeting, crate::http::Outcome::Answered(200, text) if text.contains("after"))
    });
}

#[test]
fn kubectl_drains_a_node_and_its_pods_move() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let node = stage.pod("my-provider-app")["spec"]["nodeName"].as_str().unwrap().to_owned();
    stage.kubectl(&["drain", &node, "--timeout=60s"]);
    until("the pod runs elsewhere", || {
        let pods = stage.get(&["pods", "-l", "name=my-provider-app"]);
        let pods = pods["items"].as_array().unwrap();
        matches!(pods.as_slice(), [pod] if pod["spec"]["nodeName"] != node.as_str() && pod["status"]["phase"] == "Running")
    });
    stage.kubectl(&["uncordon", &node]);
    stage.kubectl(
        &["create", "-f", "manifests/consumer-service.json", "--dry-run=server"]
            .map(|word| if word == "create" { "apply" } else { word }),
    );
}

/// Runs Chaos Toolkit's own `chaos`, whose path is given by `CHAOS_BIN`.
#[test]
fn chaos_runs_an_experiment_against_it() {
    let Some(chaos) = std::env::var_os("CHAOS_BIN") else {
        eprintln!(
            "skipped: set CHAOS_BIN to Chaos Toolkit's `chaos` (with chaostoolkit-kubernetes) to run this"
        );
        return;
    };
    let stage = Stage::set(&["--variant", "after", "--start-delay", "2"]);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.json");
    let experiment = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments/kill-pod.json");
    let mut child = stage
        .command(chaos.to_str().unwrap())
        .current_dir(folder.path())
        .args(["--no-version-check", "run", "--journal-path"])
        .arg(&journal)
        .arg(experiment)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert!(child.wait().unwrap().success(), "{words}");
    let journal: Value = serde_json::from_str(&std::fs::read_to_string(journal).unwrap()).unwrap();
    assert_eq!((&journal["status"], &journal["deviated"]), (&"completed".into(), &false.into()), "{words}");
    let failed: Vec<&Value> =
        journal["run"].as_array().unwrap().iter().filter(|run| run["status"] != "succeeded").collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

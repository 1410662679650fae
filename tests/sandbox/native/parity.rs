//! The same calls through `chaos` and through chaos-tui have equal results.

use crate::stage::{Stage, text};
use serde_json::{Value as Json, json};
use std::path::Path;

const LABEL: &str = "name=my-provider-app";

/// Module, function and arguments of calls that change nothing that a later call depends on.
fn calls() -> Vec<(&'static str, &'static str, Json)> {
    let pods = "chaosk8s.pod.probes";
    let deployments = "chaosk8s.deployment.probes";
    let app = "my-provider-app";
    let ready = |status: &str| json!([{"type": "Ready", "status": status}]);
    vec![
        (pods, "all_pods_healthy", json!({})),
        (pods, "all_pods_healthy", json!({"ns": "nope"})),
        (pods, "count_pods", json!({"label_selector": LABEL})),
        (pods, "count_pods", json!({"label_selector": "a=b"})),
        (pods, "count_pods", json!({"label_selector": "{bad"})),
        (pods, "count_min_pods", json!({"label_selector": LABEL, "min_count": 1})),
        (pods, "pods_in_phase", json!({"label_selector": LABEL})),
        (pods, "pods_in_phase", json!({"label_selector": "a=b"})),
        (pods, "pods_in_phase", json!({"label_selector": LABEL, "phase": "Pending"})),
        (pods, "pods_not_in_phase", json!({"label_selector": LABEL, "phase": "Failed"})),
        (pods, "pods_in_conditions", json!({"label_selector": LABEL, "conditions": ready("True")})),
        (pods, "pods_in_conditions", json!({"label_selector": LABEL, "conditions": ready("False")})),
        (pods, "pod_is_not_available", json!({"name": app})),
        (pods, "pod_is_not_available", json!({"name": "nope"})),
        (pods, "read_pod_logs", json!({"name": "nope"})),
        (pods, "read_pod_logs", json!({"name": app, "container_name": "nope"})),
        (deployments, "deployment_available_and_healthy", json!({"name": app})),
        (deployments, "deployment_available_and_healthy", json!({"name": "nope"})),
        (deployments, "deployment_partially_available", json!({"name": app})),
        (deployments, "deployment_fully_available", json!({"name": app, "timeout": 5})),
        (deployments, "deployment_not_fully_available", json!({"name": app, "timeout": 1})),
        ("chaosk8s.service.probes", "service_is_initialized", json!({"name": "my-provider-service"})),
        ("chaosk8s.service.probes", "service_is_initialized", json!({"name": "nope"})),
        ("chaosk8s.node.probes", "get_all_node_status_conditions", json!({})),
        ("chaosk8s.node.probes", "nodes_must_be_healthy", json!({})),
        ("chaosk8s.namespace.probes", "namespace_exists", json!({"name": "default"})),
        ("chaosk8s.probes", "deployment_is_fully_available", json!({"name": app})),
        ("chaosk8s.pod.actions", "terminate_pods", json!({"label_selector": "a=b"})),
        ("chaosk8s.pod.actions", "terminate_pods", json!({"qty": -1})),
        ("chaosk8s.pod.actions", "terminate_pods", json!({"name_pattern": "("})),
        ("chaosk8s.deployment.actions", "scale_deployment", json!({"name": "nope", "replicas": 1})),
        ("chaosk8s.deployment.actions", "create_deployment", json!({"spec_path": "/nope.json"})),
        ("chaosk8s.deployment.actions", "delete_deployment", json!({"name": "nope"})),
        ("chaosk8s.service.actions", "delete_service", json!({"name": "nope"})),
    ]
}

/// Returns the run entries of the journal that `program` writes for these calls.
fn played(stage: &Stage, program: &str, folder: &Path) -> Vec<Json> {
    let method: Vec<Json> = calls()
        .into_iter()
        .map(|(module, func, arguments)| {
            let kind = if module.ends_with("actions") { "action" } else { "probe" };
            let provider = json!({"type": "python", "module": module, "func": func, "arguments": arguments});
            json!({"type": kind, "name": func, "provider": provider})
        })
        .collect();
    let experiment =
        json!({"version": "1.0.0", "title": "t", "description": "d", "method": method, "rollbacks": []});
    let (file, journal) = (folder.join("experiment.json"), folder.join("journal.json"));
    std::fs::write(&file, experiment.to_string()).unwrap();
    let mut command = stage.command(program);
    command.current_dir(folder).env("NO_PROXY", "127.0.0.1");
    let output = command.arg("run").arg("--journal-path").arg(&journal).arg(&file).output().unwrap();
    let written =
        std::fs::read_to_string(&journal).unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    serde_json::from_str::<Json>(&written).unwrap()["run"].as_array().unwrap().clone()
}

/// Returns the class of the exception that a failed activity wraps, such as `re.error`.
fn class(entry: &Json) -> Option<String> {
    let lines = entry["exception"].as_array()?;
    let last = lines.last()?.as_str()?;
    let inner = last.strip_prefix("chaoslib.exceptions.ActivityFailed: ")?;
    inner.split_once(':').map(|(class, _)| class.to_owned())
}

#[test]
fn chaos_and_we_end_alike() {
    let Some(chaos) = std::env::var_os("CHAOS_BIN") else {
        eprintln!(
            "skipped: set CHAOS_BIN to Chaos Toolkit's `chaos` (with chaostoolkit-kubernetes) to run this"
        );
        return;
    };
    let stage = Stage::set(&[]);
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ours = played(&stage, env!("CARGO_BIN_EXE_chaos-tui"), ours.path());
    let theirs = played(&stage, chaos.to_str().unwrap(), theirs.path());
    assert_eq!(ours.len(), theirs.len());
    for ((call, ours), theirs) in calls().iter().zip(&ours).zip(&theirs) {
        for key in ["status", "output"] {
            assert_eq!(ours[key], theirs[key], "{key} of {call:?}");
        }
        assert_eq!(
            class(ours),
            class(theirs),
            "exception of {call:?}: {} and {}",
            ours["exception"],
            theirs["exception"]
        );
    }
}

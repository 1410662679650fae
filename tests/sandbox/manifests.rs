//! What people apply to a cluster: commands, Secrets, requests, `StatefulSets`, kinds that are not served.

use crate::{
    stage::{Stage, has_kubectl},
    until::{until, until_seen},
};
use serde_json::Value;
use std::{
    io::Write,
    process::{Output, Stdio},
};

fn apply(stage: &Stage, manifest: &str) -> Output {
    let mut command = stage.command("kubectl");
    command.args(["apply", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn pod(name: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{restartPolicy: Never, containers: [{{name: a, {rest}}}]}}\n"
    )
}

fn state(stage: &Stage, name: &str) -> Value {
    stage.get(&["pod", name])["status"]["containerStatuses"][0]["state"].clone()
}

fn messages(stage: &Stage, name: &str) -> String {
    let about = format!("--field-selector=involvedObject.name={name}");
    stage.kubectl(&["get", "events", &about, "-o", "jsonpath={.items[*].message}"])
}

#[test]
fn a_container_does_what_its_command_says_or_says_that_it_cannot() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let manifest = [
        pod("exits", "image: 'chaos-tui/provider:demo', command: [sh, -c, 'echo to $WHO; exit 3'], env: [{name: WHO, value: you}]"),
        pod("works", "image: 'busybox:1.36', args: [sh, -c, 'while true; do echo beat; sleep 0.1; done'], readinessProbe: {exec: {command: ['true']}, periodSeconds: 1}"),
        pod("cannot", "image: busybox, command: [nginx]"),
        pod("refuses", "image: 'chaos-tui/provider:demo', args: ['--port=9']"),
        pod("asks", "image: busybox, command: [sleep, '60'], resources: {requests: {cpu: '9'}}"),
    ]
    .concat();
    assert!(apply(&stage, &manifest).status.success());
    let exit_code = |name: &str| state(&stage, name)["terminated"]["exitCode"].clone();
    // A container may have ended or be ready a moment before its output is read.
    let logs = |name: &str| stage.kubectl(&["logs", name]);
    until_seen("its end", &3, || exit_code("exits"));
    until_seen("its output", "to you\n", || logs("exits"));
    until("the runtime refused it", || state(&stage, "cannot")["terminated"]["reason"] == "StartError");
    let why = "exec: \"nginx\": executable file not found in $PATH";
    until("the event that says why", || messages(&stage, "cannot").contains(why));
    until("the service refused it", || exit_code("refuses") != Value::Null);
    until("the reason", || logs("refuses").contains("takes no arguments"));
    let refusal = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available:";
    until("the scheduler refused it", || messages(&stage, "asks").contains(refusal));
    stage.kubectl(&["wait", "--for=condition=Ready", "pod/works", "--timeout=30s"]);
    until("its output", || logs("works").starts_with("beat\n"));
    stage.exec_prints("works", &["sh", "-c", "echo $((6 * 7))"], "42\n");
    stage.kubectl(&["delete", "pod", "works", "--now"]);
}

#[test]
fn a_secret_that_is_missing_is_named_and_the_pod_starts_when_it_is_there() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let from = |name: &str, more: &str| {
        format!(
            "image: 'chaos-tui/provider:demo', env: [{{name: P, valueFrom: {{secretKeyRef: {{name: {name}, key: password{more}}}}}}}]"
        )
    };
    let manifest =
        [pod("missing", &from("db", "")), pod("optional", &from("db", ", optional: true"))].concat();
    assert!(apply(&stage, &manifest).status.success());
    stage.kubectl(&["wait", "--for=condition=Ready", "pod/optional", "--timeout=30s"]);
    until("it is named", || state(&stage, "missing")["waiting"]["reason"] == "CreateContainerConfigError");
    let why = "Error: secret \"db\" not found";
    until("the event that says why", || messages(&stage, "missing").contains(why));
    apply(&stage, "{apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {password: s3}}");
    stage.kubectl(&["wait", "--for=condition=Ready", "pod/missing", "--timeout=30s"]);
    stage.exec_prints("missing", &["printenv", "P"], "s3\n");
}

#[test]
fn a_stateful_set_rolls_out_and_what_has_no_effect_is_a_warning() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {serviceName: web, replicas: 2, \
               selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [\
               {name: a, image: 'chaos-tui/provider:demo', ports: [{containerPort: 8080}], lifecycle: {postStart: \
               {exec: {command: [sleep, '5']}}}}]}}}}";
    let applied = String::from_utf8(apply(&stage, set).stderr).unwrap();
    let warning = "Warning: the sandbox ignores spec.template.spec.containers[0].lifecycle.postStart\n";
    assert_eq!(applied, warning);
    stage.kubectl(&["rollout", "status", "sts/web", "--timeout=60s"]);
    let uid = |name: &str| stage.get(&["pod", name])["metadata"]["uid"].clone();
    let before = [uid("web-0"), uid("web-1")];
    stage.kubectl(&["rollout", "restart", "sts/web"]);
    stage.kubectl(&["rollout", "status", "sts/web", "--timeout=60s"]);
    assert!(uid("web-0") != before[0] && uid("web-1") != before[1]);
    stage.kubectl(&["scale", "sts/web", "--replicas=1"]);
    stage.kubectl(&["wait", "--for=delete", "pod/web-1", "--timeout=60s"]);
    let agent = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, \
                 template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: busybox}]}}}}";
    let applied = String::from_utf8(apply(&stage, agent).stderr).unwrap();
    assert_eq!(applied, "Warning: the sandbox has no controller for DaemonSets: it creates no pods\n");
}

#[test]
fn a_rollout_to_a_tag_that_does_not_exist_hangs_and_can_be_undone() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--start-delay", "0"]);
    let image = "my-provider-app=chaos-tui/provider:v2-broken";
    stage.kubectl(&["set", "image", "deploy/my-provider-app", image]);
    until("it is not pulled", || {
        stage.kubectl(&["get", "pods"]).contains("ErrImagePull")
            || stage.kubectl(&["get", "pods"]).contains("ImagePullBackOff")
    });
    stage.kubectl(&["rollout", "undo", "deploy/my-provider-app"]);
    stage.kubectl(&["rollout", "status", "deploy/my-provider-app", "--timeout=60s"]);
}

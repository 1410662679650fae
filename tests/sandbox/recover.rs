//! Recovery in a cluster: of a killed run, by its rollbacks, by its undo kit, and by `kubectl apply` alone.

use crate::{
    stage::{Stage, has_kubectl, text},
    until::until,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Writes an experiment that scales the provider to zero and waits, with or without a rollback.
fn scaled_to_zero(folder: &Path, rollbacks: &str) -> PathBuf {
    let scale = |replicas: u8| {
        format!(
            r#"{{"type": "action", "name": "scale-to-{replicas}", "provider": {{"type": "python", "module": "chaosk8s.deployment.actions",
                "func": "scale_deployment", "arguments": {{"name": "my-provider-app", "replicas": {replicas}}}}}}}"#
        )
    };
    let rollbacks = rollbacks.replace("SCALE", &scale(1));
    let text = format!(
        r#"{{"title": "The provider is gone", "description": "until the rollback",
        "method": [{}, {{"type": "probe", "name": "dawdle", "provider": {{"type": "process", "path": "sleep", "arguments": "600"}}}}],
        "rollbacks": [{rollbacks}]}}"#,
        scale(0)
    );
    let path = folder.join("experiment.json");
    fs::write(&path, text).unwrap();
    path
}

fn replicas(stage: &Stage) -> u64 {
    stage.get(&["deployment", "my-provider-app"])["spec"]["replicas"].as_u64().unwrap()
}

fn program(stage: &Stage) -> Command {
    let mut command = stage.command(env!("CARGO_BIN_EXE_chaos-tui"));
    command.current_dir(stage.home()).stdin(Stdio::null());
    command
}

/// Kills a run of the experiment once the provider is at zero.
fn killed(stage: &Stage, experiment: &Path) {
    let mut run = program(stage).arg("run").arg(experiment).stderr(Stdio::null()).spawn().unwrap();
    until("the provider is at zero", || replicas(stage) == 0);
    run.kill().unwrap();
    run.wait().unwrap();
}

fn recover(stage: &Stage, more: &[&str]) -> Output {
    program(stage).args(["recover", "--yes"]).args(more).output().unwrap()
}

fn record(stage: &Stage) -> PathBuf {
    let sessions = stage.home().join(".local/state/chaos-tui/sessions");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(sessions).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.pop().unwrap()
}

#[test]
fn a_killed_run_is_recovered_by_its_rollbacks_or_by_the_undo_kit_alone() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    for (rollbacks, done) in
        [("SCALE", "Rollback: scale-to-1"), ("", "my-provider-app was put back, with 1 replica")]
    {
        let experiment = scaled_to_zero(stage.home(), rollbacks);
        killed(&stage, &experiment);
        // Read again before anything else: the current context may have changed meanwhile.
        let next = program(&stage).args(["run", "--dry", "activities"]).arg(&experiment).output().unwrap();
        let said = text(&next);
        let first = said.lines().next().unwrap();
        assert!(
            first.contains("WARNING") && first.contains("Deployment my-provider-app is at 0, was 1"),
            "{said}"
        );
        let recovered = recover(&stage, &[]);
        assert!(recovered.status.success(), "{}", text(&recovered));
        assert!(text(&recovered).contains(done), "{}", text(&recovered));
        assert_eq!(replicas(&stage), 1);
        assert!(text(&recover(&stage, &[])).contains("nothing is left on"));
    }
}

#[test]
fn the_undo_kit_of_a_killed_run_applies_with_kubectl_alone() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    killed(&stage, &scaled_to_zero(stage.home(), ""));
    let kit = record(&stage).join("undo.json");
    stage.kubectl(&["apply", "-f", kit.to_str().unwrap()]);
    assert_eq!(replicas(&stage), 1);
    // Everything is as it was: the session is not mentioned any more.
    assert!(text(&recover(&stage, &[])).contains("nothing is left on"));
}

#[test]
fn a_context_that_leads_to_another_cluster_now_is_left_alone() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    killed(&stage, &scaled_to_zero(stage.home(), "SCALE"));
    let kubeconfig = stage.announced("kubeconfig");
    let (then, other) = (fs::read_to_string(kubeconfig).unwrap(), Stage::set(&[]));
    fs::write(kubeconfig, fs::read_to_string(other.announced("kubeconfig")).unwrap()).unwrap();
    let refused = recover(&stage, &[]);
    assert!(!refused.status.success());
    assert!(text(&refused).contains("in that session"), "{}", text(&refused));
    fs::write(kubeconfig, then).unwrap();
    assert!(recover(&stage, &[]).status.success());
    assert_eq!(replicas(&stage), 1);
}

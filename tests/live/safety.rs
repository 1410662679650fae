//! Safety features as an operator sees them: guards, the undo kit and the preflight's fixes.

use super::terminal::Terminal;
use std::path::Path;

/// Writes an experiment that scales the provider to zero for minutes and scales it back in a rollback. `extra` holds
/// more fields of the experiment.
pub(super) fn scaled_to_zero(folder: &Path, extra: &str) {
    let text = format!(
        r#"{{
    "title": "The provider is gone for long", "description": "and nothing but a guard ends that", {extra}
    "configuration": {{"consumer": {{"type": "env", "key": "CONSUMER_URL"}}}},
    "method": [
        {{"type": "action", "name": "scale-to-zero", "pauses": {{"after": 300}},
         "provider": {{"type": "python", "module": "chaosk8s.deployment.actions", "func": "scale_deployment",
                      "arguments": {{"name": "my-provider-app", "replicas": 0}}}}}},
        {{"type": "probe", "name": "ask-as-users-do",
         "provider": {{"type": "http", "url": "${{consumer}}/invoke", "timeout": 5}}}}
    ],
    "rollbacks": [
        {{"type": "action", "name": "scale-back",
         "provider": {{"type": "python", "module": "chaosk8s.deployment.actions", "func": "scale_deployment",
                      "arguments": {{"name": "my-provider-app", "replicas": 1}}}}}}
    ]
}}"#
    );
    std::fs::write(folder.join("experiment.json"), text).unwrap();
}

fn journal(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder.join("journal.json")).unwrap()).unwrap()
}

#[test]
fn a_guard_ends_the_run_on_the_screen_and_rolls_back() {
    let folder = tempfile::tempdir().unwrap();
    scaled_to_zero(folder.path(), r#""extensions": [{"name": "chaos-tui", "guards": {"users": 3}}],"#);
    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json", "--sandbox=before"]);
    terminal.wait_for("1/5 READY");
    terminal.press("o");
    terminal.wait_for("answers are real");
    terminal.press(" ");
    terminal.wait_for("when users are let down for more than 3 s");
    terminal.wait_for("TARGET");
    terminal.wait_for("SCALE Deployment");
    terminal.press("F");
    terminal.wait_for("abort at 3");
    terminal.wait_for("4 bad seconds (limit 3)");
    terminal.wait_for("✓ scale-back");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    assert_eq!(terminal.ended(), 1);
    let left = terminal.contents();
    assert!(left.contains("guard     users ended the run at T+"), "{left}");
    let journal = journal(folder.path());
    assert_eq!(journal["status"], "interrupted");
    assert_eq!(journal["rollbacks"][0]["status"], "succeeded");
}

#[test]
fn a_guard_ends_a_headless_run_only_where_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    scaled_to_zero(folder.path(), "");
    let arguments = ["run", "experiment.json", "--sandbox=before", "--guard", "users=3,silence=10"];
    let output = assert_cmd::Command::cargo_bin("chaos-tui")
        .unwrap()
        .current_dir(folder.path())
        .args(arguments)
        .timeout(std::time::Duration::from_secs(120))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("A guard ended the run: users were let down in 4 s since T0"), "{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    let journal = journal(folder.path());
    assert_eq!(journal["status"], "interrupted");
    assert_eq!(journal["rollbacks"][0]["status"], "succeeded", "{said}");
}

/// Writes an experiment that deletes the provider's Deployment with `kill_microservice` and has no rollback.
fn deleted(folder: &Path) {
    let text = r#"{
    "title": "The provider's Deployment is gone", "description": "and no rollback brings it back",
    "configuration": {"consumer": {"type": "env", "key": "CONSUMER_URL"}},
    "method": [
        {"type": "action", "name": "delete-it", "pauses": {"after": 300},
         "provider": {"type": "python", "module": "chaosk8s.actions", "func": "kill_microservice",
                      "arguments": {"name": "my-provider-app"}}},
        {"type": "probe", "name": "ask-as-users-do",
         "provider": {"type": "http", "url": "${consumer}/invoke", "timeout": 5}}
    ]
}"#;
    std::fs::write(folder.join("experiment.json"), text).unwrap();
}

#[test]
fn the_undo_kit_brings_a_deleted_deployment_back() {
    let folder = tempfile::tempdir().unwrap();
    deleted(folder.path());
    let arguments = ["experiment.json", "--sandbox=before", "--record", "session.ctui"];
    let mut terminal = Terminal::start(120, 36, folder.path(), &arguments);
    terminal.wait_for("1/5 READY");
    terminal.press("o");
    terminal.wait_for("answers are real");
    terminal.press(" ");
    terminal.wait_for("2 manifests saved, checked");
    terminal.press("F");
    terminal.wait_for("deleted");
    terminal.wait_for("A abort: re-creates my-provider-app");
    terminal.press("u");
    terminal.wait_for("UNDO?");
    terminal.press("y");
    terminal.wait_for("Deployment my-provider-app was re-created");
    terminal.wait_for("RECOVERED");
    terminal.wait_for("answers are real");
    let kit: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("session.undo.json")).unwrap()).unwrap();
    assert_eq!((kit["kind"].as_str(), kit["items"][0]["kind"].as_str()), (Some("List"), Some("Deployment")));
    assert_eq!(kit["items"][0].get("status"), None);
    terminal.press("q");
    terminal.ended();
    let left = terminal.contents();
    assert!(left.contains("undo      Deployment my-provider-app was re-created"), "{left}");
}

#[test]
fn abort_undoes_what_the_file_does_not_roll_back() {
    let folder = tempfile::tempdir().unwrap();
    deleted(folder.path());
    let mut terminal = Terminal::start(80, 24, folder.path(), &["experiment.json", "--sandbox=before"]);
    terminal.wait_for("1/5 READY");
    terminal.press(" ");
    terminal.wait_for("2 manifests saved");
    terminal.wait_for("SHIFT+F");
    terminal.wait_for("DELETE 1 Deployment");
    terminal.press("F");
    terminal.wait_for("A abort: re-creates");
    // An abort before the deletion has happened would only cut it short.
    terminal.wait_for("‖ delete-it");
    terminal.press("A");
    terminal.wait_for("UNDONE");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    assert_eq!(terminal.ended(), 1);
    let left = terminal.contents();
    assert!(left.contains("undo      Deployment my-provider-app was re-created"), "{left}");
    assert_eq!(journal(folder.path())["status"], "interrupted");
}

#[test]
fn f_repairs_a_dead_url_for_the_session() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing listens on port 9, so the URL of the first probe is dead.
    let text = r#"{
    "title": "The address is yesterday's", "description": "and the Service is elsewhere today",
    "method": [
        {"type": "probe", "name": "ask-as-users-do",
         "provider": {"type": "http", "url": "http://127.0.0.1:9/invoke", "timeout": 5}},
        {"type": "probe", "name": "provider-is-there",
         "provider": {"type": "python", "module": "chaosk8s.deployment.probes", "func": "deployment_fully_available",
                      "arguments": {"name": "my-provider-app"}}}
    ]
}"#;
    std::fs::write(folder.path().join("experiment.json"), text).unwrap();
    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json", "--sandbox=before"]);
    terminal.wait_for("does not answer (refused)");
    terminal.wait_for("way out: f use http://127.0.0.1:");
    terminal.press("f");
    terminal.wait_for("fixed for this session");
    // The consumer, which only the new address names, is in play from now on.
    terminal.wait_for("● my-consumer-app");
    terminal.press("o");
    terminal.wait_for("answers are real");
    terminal.press(" ");
    terminal.wait_for("✓ ask-as-users-do");
    terminal.press(" ");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    terminal.ended();
    let journal = journal(folder.path());
    let entry = &journal["run"][0];
    assert_eq!(
        (entry["status"].as_str(), entry["output"]["status"].as_u64()),
        (Some("succeeded"), Some(200))
    );
    let played = entry["activity"]["provider"]["url"].as_str().unwrap();
    assert!(
        played.ends_with("/invoke") && !played.contains(":9/"),
        "the journal shows what was played: {played}"
    );
    let declared = journal["experiment"]["method"][0]["provider"]["url"].as_str().unwrap();
    assert_eq!(declared, "http://127.0.0.1:9/invoke", "the file is as it was");
}

#[test]
fn without_a_gremlin_account_the_pod_can_be_deleted_instead() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{
    "title": "An account that nobody has set up", "description": "does not keep the experiment from being played",
    "secrets": {"gremlin": {"email": {"type": "env", "key": "NO_SUCH_EMAIL"},
                            "password": {"type": "env", "key": "NO_SUCH_PASSWORD"},
                            "org_name": {"type": "env", "key": "NO_SUCH_ORGANISATION"}}},
    "method": [
        {"type": "action", "name": "shut-down", "provider": {"type": "python", "module": "chaosgremlin.actions",
         "func": "attack", "secrets": ["gremlin"], "arguments": {"command": {"type": "shutdown", "args": []},
         "target": {"type": "Random"}, "labels": {"io.kubernetes.container.name": "my-provider-app"}}}}
    ]
}"#;
    std::fs::write(folder.path().join("experiment.json"), text).unwrap();
    let mut terminal = Terminal::start(120, 36, folder.path(), &["experiment.json", "--sandbox=before"]);
    terminal.wait_for("Gremlin needs an account: its login's secret 'email' is");
    terminal.wait_for("f delete the pod instead (a new pod comes, not a new container)");
    terminal.press("f");
    terminal.wait_for("Nothing to fix");
    terminal.wait_for("KILL 1 pod");
    terminal.press("F");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    terminal.ended();
    let entry = &journal(folder.path())["run"][0];
    assert_eq!(entry["status"], "succeeded", "{entry}");
    assert_eq!(entry["activity"]["provider"]["func"], "terminate_pods");
}

/// The operator holds the fault by any key; without one the run ends by itself, through its rollbacks.
#[test]
fn a_fault_that_nobody_holds_is_undone() {
    let folder = super::desk();
    let mut terminal = super::start(folder.path(), &["--hold", "10", "--record", "session.ctui"]);
    super::fire(&mut terminal);
    assert!(!super::there(folder.path()));
    terminal.wait_for("hold 6 s");
    // Harmless keys: the cursor of a pane moves.
    terminal.press("j");
    terminal.wait_until("the hold begins anew", |screen| {
        ["hold 9 s", "hold 10 s"].iter().any(|words| screen.contents().contains(words))
    });
    terminal.wait_for("Press any key within");
    terminal.wait_for("no key was pressed for 10 s (limit 10)");
    terminal.wait_for("✓ put-it-back");
    assert!(super::there(folder.path()), "the rollback was played");
    terminal.wait_for("FINISHED");
    terminal.press("q");
    assert_eq!(terminal.ended(), 1);
    let recording = std::fs::read_to_string(folder.path().join("session.ctui")).unwrap();
    assert_eq!(recording.matches(r#"{"commanded":"hold"}"#).count(), 1, "the key is in the recording");
}

//! Kubeconfigs and API servers that harm whoever trusts them.

use super::run_within;
use crate::{
    hostile_server::Server,
    program::{Case, Ended},
};
use serde_json::json;

/// A probe of the cluster.
const PROBE: &str = r#""method": [{"type": "probe", "name": "p", "provider": {"type": "python",
    "module": "chaosk8s.pod.probes", "func": "all_pods_healthy", "arguments": {"ns": "default"}}}]"#;

/// A kubeconfig for a server, with a user.
fn kubeconfig(server: &str, user: serde_json::Value) -> String {
    json!({
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": server}}],
        "users": [{"name": "a", "user": user}],
    })
    .to_string()
}

fn case(config: impl AsRef<[u8]>) -> Case {
    let case = Case::new(PROBE).with(&["--kubeconfig", "config"]);
    std::fs::write(case.path("config"), config).unwrap();
    case
}

fn says(ended: &Ended, words: &str) {
    assert!(ended.says(words), "{words}: {:#?}", ended.lines);
}

#[test]
fn a_kubeconfig_that_cannot_be_used_is_refused_with_a_sentence() {
    let cases: [(Vec<u8>, &str); 5] = [
        (kubeconfig("127.0.0.1:1", json!({})).into(), "the server `127.0.0.1:1` is no http or https URL"),
        (kubeconfig("*", json!({})).into(), "the server `*` is no http or https URL"),
        (b"\xff\xfea".into(), "it begins as UTF-16 and ends within a character"),
        (vec![b' '; 17 << 20], "it is larger than 16 MiB"),
        (
            kubeconfig("http://127.0.0.1:1", json!({"tokenFile": "/dev/zero"})).into(),
            "it names /dev/zero, which is not a regular file",
        ),
    ];
    for (config, words) in cases {
        let ended = run_within(250, case(config));
        says(&ended, words);
        assert_eq!(ended.code(), 2, "{words}");
    }
    says(&run_within(250, Case::new(PROBE).with(&["--kubeconfig", "/dev/zero"])), "larger than 64 MiB");
}

#[test]
fn a_host_without_a_scheme_is_refused_with_a_sentence() {
    let ended = run_within(150, Case::new(PROBE).variable("KUBERNETES_HOST", "localhost"));
    says(&ended, "KUBERNETES_HOST cannot be used: the server `localhost` is no http or https URL");
}

#[test]
fn an_endless_answer_of_the_api_server_is_cut() {
    let server = Server::long("Content-Type: application/json\r\n", 1 << 30);
    let ended = run_within(350, case(kubeconfig(&server.url, json!({}))));
    says(&ended, "is larger than 64 MiB: ask for fewer objects");
    says(&ended, &server.url);
}

#[test]
fn a_credential_plugin_that_prints_without_end_is_cut() {
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never",
        "args": ["-c", "head -c 3000000000 /dev/zero"]}});
    let ended = run_within(150, case(kubeconfig("http://127.0.0.1:1", user)));
    says(&ended, "the kubeconfig's credential plugin `sh` printed more than 1 MiB");
}

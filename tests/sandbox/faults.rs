//! Faults and their effects on users.

use crate::{
    http::{Outcome, address, ask, get},
    stage::{Stage, has_kubectl},
    until::until,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough to distinguish an answer from silence, short enough to observe the next state.
const GLANCE: Duration = Duration::from_millis(300);

/// Sends requests until the outcome satisfies the condition. Returns all outcomes, without consecutive duplicates.
fn watch(url: &str, path: &str, wanted: impl Fn(&Outcome) -> bool) -> Vec<Outcome> {
    let mut seen: Vec<Outcome> = Vec::new();
    until("the outcome that was waited for", || {
        let outcome = get(url, path, GLANCE);
        let done = wanted(&outcome);
        if seen.last() != Some(&outcome) {
            seen.push(outcome);
        }
        done
    });
    seen
}

fn is_real(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Answered(200, body) if body.starts_with('"'))
}

#[test]
fn traffic_to_a_pod_that_is_gone_is_swallowed_then_refused_then_served_again() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--propagation", "3", "--start-delay", "6"]);
    let before = stage.pod("my-provider-app")["metadata"]["name"].clone();
    stage.kubectl(&["delete", "pod", before.as_str().unwrap(), "--force", "--grace-period=0"]);
    let seen = watch(stage.announced("provider_url"), "/invoke", is_real);
    let kinds: Vec<&str> = seen
        .iter()
        .map(|outcome| match outcome {
            Outcome::Silent => "silent",
            Outcome::Refused => "refused",
            Outcome::Answered(..) => "answered",
            Outcome::Broken => "broken",
        })
        .collect();
    assert_eq!(kinds, ["silent", "refused", "answered"]);
    assert_ne!(stage.pod("my-provider-app")["metadata"]["name"], before);
}

/// Logs in and shuts the provider's container down. Returns the answer to the attack request.
fn attack(stage: &Stage, container: &str) -> Outcome {
    let gremlin = address(stage.announced("gremlin_url"));
    let told = &stage.announced["environment"];
    let text = |key: &str| told[key].as_str().unwrap().replace('@', "%40");
    let form = format!("email={}&password={}", text("GREMLIN_EMAIL"), text("GREMLIN_PWD"));
    let Outcome::Answered(200, logins) = ask(gremlin, "POST /v1/users/auth HTTP/1.1", &form, PATIENCE) else {
        panic!("the login works")
    };
    let logins: Value = serde_json::from_str(&logins).unwrap();
    assert_eq!(logins[0]["org_name"], told["GREMLIN_ORG_NAME"]);
    let order = json!({
        "command": {"type": "shutdown", "args": ["-d", "0"]},
        "target": {"type": "Random"},
        "labels": {"io.kubernetes.container.name": container},
    });
    let request = format!(
        "POST /v1/attacks/new?teamId={} HTTP/1.1\r\nauthorization: {}\r\ncontent-type: application/json",
        text("GREMLIN_TEAM_ID"),
        logins[0]["header"].as_str().unwrap()
    );
    ask(gremlin, &request, &order.to_string(), PATIENCE)
}

#[test]
fn before_lets_its_users_wait_and_the_container_comes_back_in_its_pod() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--propagation", "60", "--start-delay", "1"]);
    let before = stage.pod("my-provider-app");
    let outcome = attack(&stage, "my-provider-app");
    assert!(matches!(&outcome, Outcome::Answered(201, id) if id.len() == 36), "{outcome:?}");
    let user = std::thread::spawn({
        let url = stage.announced("consumer_url").to_owned();
        move || get(&url, "/invoke", Duration::from_secs(4))
    });
    until("the container was restarted", || {
        let status = stage.pod("my-provider-app")["status"]["containerStatuses"][0].clone();
        status["restartCount"] == 1 && status["ready"] == true
    });
    let after = stage.pod("my-provider-app");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(after["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"], 137);
    assert_eq!(user.join().unwrap(), Outcome::Silent, "who asked in between waits, even when it is back");
    assert!(is_real(&get(stage.announced("consumer_url"), "/invoke", PATIENCE)));
}

#[test]
fn after_falls_back_opens_its_breaker_and_recovers() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--variant", "after", "--propagation", "60", "--start-delay", "6"]);
    let consumer = stage.announced("consumer_url").to_owned();
    attack(&stage, "my-provider-app");
    // The server answers before it carries the attack out.
    until("the container was killed", || {
        stage.pod("my-provider-app")["status"]["containerStatuses"][0]["ready"] == false
    });
    let fallback = Outcome::Answered(200, "the provider is unavailable, try again later".to_owned());
    assert_eq!(get(&consumer, "/invoke", PATIENCE), fallback, "three calls of a second, then the fallback");
    let asked = Instant::now();
    assert_eq!(
        get(&consumer, "/health", PATIENCE),
        Outcome::Answered(503, "the circuit breaker is open\n".to_owned())
    );
    assert_eq!(get(&consumer, "/invoke", PATIENCE), fallback);
    assert!(asked.elapsed() < Duration::from_secs(1), "an open breaker does not wait");
    until("the breaker lets calls through again and closes", || {
        get(&consumer, "/invoke", PATIENCE);
        let Outcome::Answered(200, metrics) = get(&consumer, "/metrics", PATIENCE) else { return false };
        metrics.contains(r#"circuit_breaker_transitions_total{name="provider",to="closed"} 1"#)
    });
    assert!(is_real(&get(&consumer, "/invoke", PATIENCE)));
    assert_eq!(get(&consumer, "/health", PATIENCE), Outcome::Answered(200, "ok\n".to_owned()));
}

/// The outage lasts as long as the manifests' delays plus the overhead of a node.
#[test]
fn the_outage_of_the_sample_lasts_as_long_as_its_manifests_say() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--variant", "after"]);
    let before = stage.pod("my-provider-app")["metadata"]["name"].clone();
    stage.kubectl(&["delete", "pod", before.as_str().unwrap(), "--force", "--grace-period=0"]);
    let killed = Instant::now();
    until("the provider is ready again", || {
        let pod = stage.pod("my-provider-app");
        pod["metadata"]["name"] != before && pod["status"]["containerStatuses"][0]["ready"] == true
    });
    let lasted = killed.elapsed().as_secs_f64();
    assert!((21.5..26.0).contains(&lasted), "{lasted} s");
    let consumer = stage.announced("consumer_url");
    assert_eq!(get(consumer, "/live", PATIENCE), Outcome::Answered(200, "alive\n".to_owned()));
    assert_eq!(stage.pod("my-consumer-app")["status"]["containerStatuses"][0]["restartCount"], 0);
}

#[test]
fn in_the_trap_the_open_breaker_gets_its_own_pod_restarted() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--variant", "trap"]);
    stage.kubectl(&["scale", "deployment/my-provider-app", "--replicas=0"]);
    until("the consumer is restarted", || {
        get(stage.announced("consumer_url"), "/invoke", GLANCE);
        stage.pod("my-consumer-app")["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(0)
    });
    let ended =
        stage.pod("my-consumer-app")["status"]["containerStatuses"][0]["lastState"]["terminated"].clone();
    assert_eq!(ended["exitCode"], 143, "it ended when it was asked to");
}

#[test]
fn an_attack_on_nothing_is_refused() {
    let stage = Stage::set(&[]);
    let outcome = attack(&stage, "no-such-container");
    assert!(
        matches!(&outcome, Outcome::Answered(404, why) if why.contains("running containers")),
        "{outcome:?}"
    );
}

#[test]
fn an_open_breaker_fails_the_liveness_probe_which_restarts_the_consumer() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--variant", "trap", "--propagation", "0", "--start-delay", "0"]);
    let probe = json!([
        {"op": "replace", "path": "/spec/template/spec/containers/0/livenessProbe/periodSeconds", "value": 1},
        {"op": "replace", "path": "/spec/template/spec/containers/0/livenessProbe/failureThreshold", "value": 2},
        {"op": "remove", "path": "/spec/template/spec/containers/0/livenessProbe/initialDelaySeconds"},
    ]);
    let consumer = "deployment/my-consumer-app";
    stage.kubectl(&["patch", consumer, "--type=json", "-p", &probe.to_string()]);
    stage.kubectl(&["rollout", "status", consumer, "--timeout=60s"]);
    stage.kubectl(&["scale", "deployment/my-provider-app", "--replicas=0"]);
    let restarts = || {
        get(stage.announced("consumer_url"), "/invoke", PATIENCE);
        let pods = stage.get(&["pods", "-l", "name=my-consumer-app"]);
        let pods = pods["items"].as_array().unwrap().clone();
        pods.iter().any(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(0))
    };
    until("the consumer is restarted", restarts);
    let events = stage.kubectl(&["get", "events"]);
    for words in [
        "Liveness probe failed: HTTP probe failed with statuscode: 503",
        "Container my-consumer-app failed liveness probe, will be restarted",
    ] {
        assert!(events.contains(words), "{words} in {events}");
    }
}

#[test]
fn a_network_policy_cuts_the_traffic_that_it_does_not_permit() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&["--variant", "after", "--start-delay", "0"]);
    let (consumer, provider) = (stage.announced("consumer_url"), stage.announced("provider_url"));
    let is_fallback =
        |outcome: &Outcome| matches!(outcome, Outcome::Answered(200, body) if !body.starts_with('"'));
    let policy = |name: &str, app: &str, rules: Value| {
        let spec = json!({"podSelector": {"matchLabels": {"name": app}}, "policyTypes": ["Ingress"], "ingress": rules});
        let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name}, "spec": spec});
        let file = stage.home().join(format!("{name}.json"));
        std::fs::write(&file, policy.to_string()).unwrap();
        stage.kubectl(&["apply", "-f", file.to_str().unwrap()]);
    };
    let users = |wanted: &dyn Fn(&Outcome) -> bool| {
        until("what users are waited for", || wanted(&get(consumer, "/invoke", PATIENCE)));
    };
    policy("deny", "my-provider-app", json!([]));
    users(&is_fallback);
    assert_eq!(get(provider, "/invoke", GLANCE), Outcome::Silent, "packets from outside are dropped");
    let ready = stage.pod("my-provider-app")["status"]["containerStatuses"][0].clone();
    assert_eq!(
        (&ready["ready"], &ready["restartCount"]),
        (&json!(true), &json!(0)),
        "probes come from the node"
    );
    let from_consumer = json!([{"from": [{"podSelector": {"matchLabels": {"name": "my-consumer-app"}}}]}]);
    policy("permit", "my-provider-app", from_consumer);
    users(&is_real);
    assert_eq!(get(provider, "/invoke", GLANCE), Outcome::Silent, "nobody else");
    stage.kubectl(&["delete", "networkpolicy", "permit"]);
    users(&is_fallback);
    stage.kubectl(&["delete", "networkpolicy", "deny"]);
    users(&is_real);
    assert!(is_real(&get(provider, "/invoke", PATIENCE)));
    policy("closed", "my-consumer-app", json!([]));
    until("a node port is outside", || get(consumer, "/invoke", GLANCE) == Outcome::Silent);
    policy("open", "my-consumer-app", json!([{"from": [{"ipBlock": {"cidr": "127.0.0.1/32"}}]}]));
    users(&is_real);
}

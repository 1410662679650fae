use super::*;
use crate::{
    cluster::fake_api::{RecordedRequest, Reply, answering},
    test_support::{activity, method},
};
use serde_json::{Value as Json, json};

/// The lines of a preflight over these providers, all in the method.
async fn look(connection: Result<&Connection, &Error>, providers: &[Json]) -> Vec<String> {
    let activities: Vec<Activity> = providers
        .iter()
        .enumerate()
        .map(|(i, provider)| activity("probe", &format!("a{}", i + 1), provider))
        .collect();
    let subjects: Vec<StepToCheck<'_>> = activities
        .iter()
        .enumerate()
        .map(|(i, activity)| StepToCheck {
            number: i + 1,
            at: method(i),
            activity,
            provider: activity.provider.raw.clone(),
            destructive: activity.provider.raw.get("func").and_then(Value::as_str) == Some("terminate_pods"),
        })
        .collect();
    let secrets = Secrets::default();
    let settings = ClusterSettings::new(|_| None);
    let namespaces = ["default".to_owned()];
    let calls = subjects.iter().map(|subject| &subject.provider);
    let cluster = ClusterUse { namespaces: &namespaces, ..ClusterUse::default() };
    let preflight = Preflight {
        connection,
        namespace: "default",
        steps: &subjects,
        needs: needs(calls, &secrets, &settings, cluster),
        secrets: &secrets,
        settings: &settings,
        breaker: None,
        thorough: false,
        watched: &[],
        forwards: &Forwards::default(),
    };
    let checks = preflight.run().await;
    checks
        .iter()
        .map(|(_, check)| {
            format!("{:?}: {} | {}", check.level, check.text, check.remedy.as_deref().unwrap_or("-"))
        })
        .collect()
}

fn python(module: &str, func: &str, arguments: Json) -> Json {
    json!({"type": "python", "module": module, "func": func, "arguments": arguments})
}

fn terminate() -> Json {
    python("chaosk8s.pod.actions", "terminate_pods", json!({"label_selector": "name=provider"}))
}

fn deployment(name: &str) -> Json {
    let liveness =
        json!({"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 10, "failureThreshold": 3});
    json!({"metadata": {"name": name, "namespace": "default"}, "spec": {"replicas": 1,
        "selector": {"matchLabels": {"name": name}},
        "template": {"metadata": {"labels": {"name": name}},
                     "spec": {"containers": [{"name": name, "livenessProbe": liveness}]}}}})
}

/// The sample's cluster; `denied` is a verb that is not allowed.
fn sample(
    denied: &'static str,
    node_port: u16,
) -> impl Fn(&RecordedRequest) -> Reply + Clone + Send + Sync + 'static {
    move |asked: &RecordedRequest| match asked.path.rsplit('/').next().unwrap() {
        "version" => {
            Reply::Object(json!({"major": "1", "minor": "33", "gitVersion": "v1.33.0", "gitCommit": "",
            "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}))
        }
        "selfsubjectaccessreviews" => {
            let mut review = asked.body.clone();
            let verb = review["spec"]["resourceAttributes"]["verb"].as_str().unwrap_or_default().to_owned();
            review["status"] = json!({"allowed": verb != denied});
            Reply::Object(review)
        }
        "deployments" if asked.query.contains("metadata.name=nope") => Reply::List("Deployment", vec![]),
        "deployments" => Reply::List("Deployment", vec![deployment("consumer"), deployment("provider")]),
        "pods" if asked.query.contains("name=nobody") => Reply::List("Pod", vec![]),
        "pods" => Reply::List(
            "Pod",
            vec![json!({"metadata": {"name": "provider-1", "labels": {"name": "provider"}},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}})],
        ),
        "services" | "consumer-svc" => {
            let service = json!({"metadata": {"name": "consumer-svc"}, "spec": {"selector": {"name": "consumer"},
                "ports": [{"port": 80, "nodePort": node_port}]}});
            if asked.path.ends_with("services") {
                Reply::List("Service", vec![service])
            } else {
                Reply::Object(service)
            }
        }
        "nodes" => Reply::List(
            "Node",
            vec![json!({"metadata": {"name": "n"},
            "status": {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]}})],
        ),
        "poddisruptionbudgets" => Reply::List(
            "PodDisruptionBudget",
            vec![json!({"metadata": {"name": "guard"},
            "spec": {"selector": {"matchLabels": {"name": "provider"}}}})],
        ),
        _ => Reply::Refused(404, "NotFound", format!("{} not found", asked.path)),
    }
}

fn find<'a>(lines: &'a [String], words: &[&str]) -> &'a str {
    let found = lines.iter().find(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("no line with {words:?} in {lines:#?}"))
}

#[tokio::test]
async fn a_sound_setup() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (connection, _) = answering(sample("", port));
    let request = json!({"type": "http", "url": format!("http://127.0.0.1:{port}/invoke")});
    let lines = look(Ok(&connection), &[terminate(), request]).await;
    find(
        &lines,
        &[
            "Ok: cluster reachable, context fake, ns default, 2 deployments, 1 of 1 pods ready; Kubernetes v1.33.0",
        ],
    );
    find(&lines, &["Ok: you may", "delete/list pods in default"]);
    find(&lines, &["Ok: 127.0.0.1", "accepts connections"]);
    find(&lines, &["Know: step 2 a2 has no tolerance", "(or a 500) counts as success"]);
    find(&lines, &["Know: provider has 1 replica"]);
    find(&lines, &["Know: disruption budget guard does not protect provider"]);
    find(
        &lines,
        &[
            "Know: consumer liveness asks /health",
            "3 misses in a row, one every 10 s, restart it: open for 20 to 30 s",
        ],
    );
    assert!(!lines.iter().any(|line| line.starts_with("Fix")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("provider liveness")), "only what users ask: {lines:#?}");
}

#[tokio::test]
async fn what_is_missing_is_named_with_a_way_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let node_port = listener.local_addr().unwrap().port();
    let (connection, _) = answering(sample("delete", node_port));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let lines = look(
        Ok(&connection),
        &[
            terminate(),
            python("chaosk8s.pod.actions", "terminate_pods", json!({"label_selector": "name=nobody"})),
            python("chaosk8s.deployment.probes", "deployment_fully_available", json!({"name": "nope"})),
            json!({"type": "http", "url": format!("http://127.0.0.1:{free}/invoke")}),
            json!({"type": "http", "url": "${consumer_url}/invoke"}),
            python("chaosgremlin.actions", "attack", json!({"command": {}, "target": {}})),
        ],
    )
    .await;
    find(&lines, &["Fix: you may NOT", "delete pods in default", "chaos-tui rbac FILE"]);
    find(&lines, &["Fix: step 2 a2: no pod in namespace default matches: name=nobody"]);
    find(&lines, &["Fix: step 3 a3: no deployment is called nope", "there are: consumer, provider"]);
    find(
        &lines,
        &[
            "Fix: step 4 a4",
            "does not answer (refused)",
            &format!(
                "Service consumer-svc is at http://127.0.0.1:{node_port} (node port of service/consumer-svc)"
            ),
        ],
    );
    find(&lines, &["Fix: step 5 a5: '${consumer_url}/invoke' is no URL"]);
    find(&lines, &["Fix: step 6 a6", "GREMLIN_API_KEY", "terminate_pods"]);
}

#[tokio::test]
async fn each_way_to_a_service_that_does_not_answer_is_named() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (connection, _) = answering(sample("", free));
    let lines =
        look(Ok(&connection), &[json!({"type": "http", "url": format!("http://127.0.0.1:{free}/")})]).await;
    let tried =
        format!("Service consumer-svc is not reached from here: http://127.0.0.1:{free} does not answer");
    // This API server lists no EndpointSlices.
    find(&lines, &["Fix: step 1 a1", &tried, "port-forward broken: "]);
}

#[tokio::test]
async fn without_a_cluster() {
    let error = Connection::choose(&ClusterSettings::new(|_| None), &Map::default()).await.err().unwrap();
    let lines = look(Err(&error), &[terminate()]).await;
    assert_eq!(lines.len(), 1, "one clear line: {lines:#?}");
    find(&lines, &["Fix: no cluster", "--sandbox"]);
    let lines = look(Err(&error), &[json!({"type": "process", "path": "true"})]).await;
    assert!(lines.is_empty(), "an experiment without Kubernetes needs none: {lines:#?}");
}

#[tokio::test]
async fn a_cluster_that_does_not_answer() {
    let (connection, _) =
        answering(|_: &RecordedRequest| Reply::Refused(401, "Unauthorized", "Unauthorized".to_owned()));
    let lines = look(Ok(&connection), &[terminate()]).await;
    assert_eq!(lines.len(), 1, "{lines:#?}");
    find(&lines, &["Fix: cannot ask for its version: Unauthorized", "log in again"]);
}

#[tokio::test]
async fn waiting_for_the_loss_of_what_has_nothing_is_told_before() {
    let waits = |name: &str| {
        python("chaosk8s.deployment.probes", "deployment_not_fully_available", json!({"name": name}))
    };
    let with = |replicas: u32| {
        let mut found = deployment("provider");
        found["spec"]["replicas"] = replicas.into();
        found
    };
    for (replicas, name, told) in [(0, "provider", true), (1, "provider", false), (0, "another", false)] {
        let found = with(replicas);
        let (connection, _) = answering(move |asked: &RecordedRequest| {
            if asked.path.ends_with("/deployments") {
                Reply::List("Deployment", vec![found.clone()])
            } else {
                Reply::List("Other", vec![])
            }
        });
        let lines = look(Ok(&connection), &[waits(name)]).await;
        let said = lines.iter().any(|line| line.contains("with 0 of 0 replicas it always is"));
        assert_eq!(said, told, "{replicas} {name}: {lines:#?}");
    }
}

use super::*;

fn echo(asked: &RecordedRequest) -> Reply {
    match asked.method.as_str() {
        "GET" => Reply::List("Any", vec![json!({"metadata": {"name": "x"}})]),
        "DELETE" => Reply::Object(json!({"kind": "Status", "apiVersion": "v1", "status": "Success"})),
        "PATCH" => Reply::Object(json!({"metadata": {"name": "x"}, "spec": {}})),
        _ => Reply::Object(asked.body.clone()),
    }
}

#[tokio::test]
async fn one_request_each() {
    const NET: &str = "/apis/networking.k8s.io/v1/namespaces/default";
    let table = [
        ("namespace.actions.create_namespace", json!({"name": "n"}), "POST /api/v1/namespaces".to_owned()),
        (
            "namespace.actions.delete_namespace",
            json!({"name": "n"}),
            "DELETE /api/v1/namespaces/n".to_owned(),
        ),
        (
            "namespace.probes.namespace_exists",
            json!({"name": "n"}),
            "GET /api/v1/namespaces?fieldSelector=metadata.name=n".to_owned(),
        ),
        (
            "secret.probes.secret_exists",
            json!({"name": "n", "label_selector": "a=b"}),
            "GET /api/v1/namespaces/default/secrets?fieldSelector=metadata.name=n&labelSelector=a=b"
                .to_owned(),
        ),
        (
            "secret.actions.delete_secret",
            json!({"name": "n"}),
            "DELETE /api/v1/namespaces/default/secrets/n".to_owned(),
        ),
        (
            "service.actions.delete_service",
            json!({"name": "n"}),
            "DELETE /api/v1/namespaces/default/services/n".to_owned(),
        ),
        (
            "networking.probes.ingress_exists",
            json!({"name": "n"}),
            format!("GET {NET}/ingresses?fieldSelector=metadata.name=n"),
        ),
        (
            "networking.actions.update_ingress",
            json!({"name": "n", "spec": {}}),
            format!("PATCH {NET}/ingresses/n"),
        ),
        ("networking.actions.deny_all_ingress", json!({}), format!("POST {NET}/networkpolicies")),
        (
            "networking.actions.remove_deny_all_egress",
            json!({}),
            format!("DELETE {NET}/networkpolicies/chaostoolkit-deny-all-egress"),
        ),
        (
            "statefulset.actions.scale_statefulset",
            json!({"name": "n", "replicas": 2}),
            "PATCH /apis/apps/v1/namespaces/default/statefulsets/n".to_owned(),
        ),
        (
            "daemonset.actions.update_daemon_set",
            json!({"name": "n", "spec": {"spec": {}}}),
            "PATCH /apis/apps/v1/namespaces/default/daemonsets/n".to_owned(),
        ),
        (
            "event.probes.get_events",
            json!({"field_selector": "type=Warning"}),
            "GET /apis/events.k8s.io/v1/events?fieldSelector=type=Warning&limit=100".to_owned(),
        ),
    ];
    for (address, arguments, line) in table {
        let played = play(&format!("chaosk8s.{address}"), arguments, echo).await;
        assert!(matches!(played.outcome, Outcome::Done(_)), "{address}: {:?}", played.outcome);
        assert_eq!(played.lines(), [line], "{address}");
    }
}

#[tokio::test]
async fn policies() {
    let arguments = json!({"label_selectors": {"app": "x"}});
    let spec = |played: &Played| played.asked[0].body["spec"].clone();
    let played = play("chaosk8s.networking.actions.deny_all_ingress", arguments, echo).await;
    assert_eq!(
        spec(&played),
        json!({"policyTypes": ["Ingress"], "ingress": [], "podSelector": {"matchLabels": {"app": "x"}}})
    );
    let played = play("chaosk8s.networking.actions.deny_all_egress", json!({}), echo).await;
    assert_eq!(spec(&played), json!({"policyTypes": ["Egress"], "podSelector": {}}));
    let played = play("chaosk8s.networking.actions.allow_dns_access", json!({}), echo).await;
    assert_eq!(spec(&played)["egress"][0]["ports"][1], json!({"protocol": "TCP", "port": 53}));
    let arguments = json!({"spec_path": "/not/there.json", "spec": {"metadata": {"name": "mine"}}});
    let played = play("chaosk8s.networking.actions.create_network_policy", arguments, echo).await;
    assert_eq!(played.asked[0].body["metadata"]["name"], json!("mine"));
}

#[tokio::test]
async fn custom_objects() {
    let of = |more: Json| {
        let mut arguments = json!({"group": "g.io", "version": "v1", "plural": "things"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let thing =
        json!({"apiVersion": "g.io/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {"a": 1}});
    let arguments = of(json!({"resource": thing, "ns": "n"}));
    let played = play("chaosk8s.crd.actions.create_custom_object", arguments.clone(), echo).await;
    assert_eq!(
        (played.value(), played.lines()),
        (thing.clone(), vec!["POST /apis/g.io/v1/namespaces/n/things".to_owned()])
    );

    let conflict =
        |_: &RecordedRequest| Reply::Refused(409, "AlreadyExists", "things \"t\" already exists".to_owned());
    let played = play("chaosk8s.crd.actions.create_custom_object", arguments, conflict).await;
    assert_eq!(
        played.value()["reason"],
        json!("AlreadyExists"),
        "a conflict is a success with the answer as result"
    );

    let patch = of(json!({"name": "t", "resource": {"spec": {"a": 2}}}));
    let played = play("chaosk8s.crd.actions.patch_cluster_custom_object", patch, echo).await;
    assert_eq!(played.lines(), ["PATCH /apis/g.io/v1/things/t"]);
    let steps = json!([{"op": "replace", "path": "/spec/a", "value": 3}]);
    let patch = of(json!({"name": "t", "resource": steps}));
    let played = play("chaosk8s.crd.actions.patch_custom_object", patch, echo).await;
    assert_eq!(played.asked[0].body, steps);

    let played = play("chaosk8s.crd.actions.delete_custom_object", of(json!({"name": "t"})), echo).await;
    assert_eq!(played.value()["status"], json!("Success"));
    let played = play("chaosk8s.crd.probes.list_custom_objects", of(json!({})), echo).await;
    assert_eq!(played.value()["items"][0]["metadata"]["name"], json!("x"));
    let played = play("chaosk8s.crd.actions.create_custom_object", of(json!({})), echo).await;
    assert!(played.failure().contains("resource_as_yaml_file"), "{}", played.failure());
}

#[tokio::test]
async fn chaos_mesh() {
    let network = |func: &str| format!("chaosk8s.chaosmesh.network.actions.{func}");
    let common = json!({"name": "f", "label_selectors": "app=x,tier=y", "namespaces_selectors": "a, b"});
    let with = |more: Json| {
        let mut arguments = common.clone();
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let latency = with(json!({"latency": "100ms", "mode": "fixed", "mode_value": 2,
                              "target_label_selectors": {"app": "z"}, "external_targets": "1.2.3.4,example.org"}));
    let played = play(&network("add_latency"), latency, echo).await;
    assert_eq!(played.lines(), ["POST /apis/chaos-mesh.org/v1alpha1/namespaces/default/networkchaos"]);
    assert_eq!(
        played.asked[0].body["spec"],
        json!({
            "mode": "fixed", "value": "2", "action": "delay", "direction": "to", "delay": {"latency": "100ms"},
            "selector": {"namespaces": ["a", "b"], "labelSelectors": {"app": "x", "tier": "y"}},
            "target": {"mode": "one", "selector": {"labelSelectors": {"app": "z"}}},
            "externalTargets": ["1.2.3.4", "example.org"],
        })
    );
    let bandwidth = with(json!({"rate": "1mbps", "limit": 10, "buffer": 20}));
    let played = play(&network("set_bandwidth"), bandwidth, echo).await;
    let spec = &played.asked[0].body["spec"];
    assert_eq!((&spec["action"], spec.get("target")), (&json!("bandwidth"), None));
    let reorder = with(json!({"reorder": "25", "gap": 5}));
    let played = play(&network("reorder_packets"), reorder, echo).await;
    assert_eq!(played.asked[0].body["spec"]["delay"]["reorder"], json!({"reorder": "25", "gap": 5}));

    let stress = "chaosk8s.chaosmesh.stress.actions.stress_memory";
    let played = play(stress, json!({"name": "s", "size": "1GB", "container_names": ["main"]}), echo).await;
    let spec = &played.asked[0].body["spec"];
    assert_eq!(spec["stressors"], json!({"memory": {"size": "1GB", "workers": 1}}));
    assert_eq!((&spec["duration"], &spec["containerNames"]), (&json!("30s"), &json!(["main"])));
    let played = play("chaosk8s.chaosmesh.network.probes.get_network_faults", json!({}), echo).await;
    assert_eq!(played.lines(), ["GET /apis/chaos-mesh.org/v1alpha1/namespaces/default/networkchaos"]);
}

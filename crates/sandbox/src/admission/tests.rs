use super::*;
use serde_json::json;

fn deployment(spec: Value) -> Value {
    let mut object = json!({"metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}}});
    json_patch::merge(&mut object, &json!({"spec": spec}));
    object
}

fn container(container: Value) -> Value {
    deployment(json!({"template": {"spec": {"containers": [container]}}}))
}

fn admitted(resource: Resource, mut object: Value) -> Value {
    admit(resource, None, &mut object).unwrap();
    object
}

/// Returns the validation errors, each as `field: reason`.
fn findings(resource: Resource, before: Option<&Value>, mut object: Value) -> Vec<String> {
    let refusal = admit(resource, before, &mut object).unwrap_err();
    assert_eq!((refusal.code, refusal.reason), (422, "Invalid"), "{refusal}");
    let causes = refusal.details.unwrap().causes;
    causes.iter().map(|cause| format!("{}: {}", cause.field, cause.reason)).collect()
}

#[test]
fn a_deployment_is_completed() {
    let spec = admitted(Resource::Deployments, container(json!({
        "name": "c", "image": "i", "ports": [{"containerPort": 80}], "readinessProbe": {"httpGet": {"port": 80}},
        "resources": {"limits": {"cpu": 0.5}}, "env": [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]})))["spec"].take();
    assert_eq!((&spec["replicas"], &spec["revisionHistoryLimit"]), (&json!(1), &json!(10)));
    assert_eq!(spec["strategy"]["rollingUpdate"], json!({"maxUnavailable": "25%", "maxSurge": "25%"}));
    let pod = &spec["template"]["spec"];
    assert_eq!(
        (&pod["restartPolicy"], &pod["terminationGracePeriodSeconds"]),
        (&json!("Always"), &json!(30))
    );
    assert!(pod.get("volumes").is_none(), "a template gets no token: its pods do");
    let container = &pod["containers"][0];
    assert_eq!(container["imagePullPolicy"], "Always", "no tag is a moving tag");
    assert_eq!(container["ports"][0]["protocol"], "TCP");
    assert_eq!(container["resources"], json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "500m"}}));
    assert_eq!(container["readinessProbe"]["httpGet"], json!({"port": 80, "path": "/", "scheme": "HTTP"}));
    assert_eq!(container["readinessProbe"]["failureThreshold"], 3);
    assert_eq!(container["env"][0]["valueFrom"]["fieldRef"]["apiVersion"], "v1");
}

#[test]
fn completing_twice_changes_nothing() {
    let kinds = [
        (Resource::Deployments, deployment(json!({}))),
        (Resource::StatefulSets, deployment(json!({}))),
        (Resource::DaemonSets, deployment(json!({}))),
        (
            Resource::Pods,
            json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
        ),
        (Resource::Services, json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})),
        (Resource::Namespaces, json!({"metadata": {"name": "n"}})),
        (Resource::Secrets, json!({"metadata": {"name": "s"}, "stringData": {"a": "b"}})),
        (Resource::Nodes, json!({"metadata": {"name": "n"}})),
        (Resource::ConfigMaps, json!({"metadata": {"name": "c"}})),
    ];
    for (resource, object) in kinds {
        let once = admitted(resource, object);
        let mut twice = once.clone();
        admit(resource, Some(&once), &mut twice).unwrap();
        assert_eq!(once, twice, "{resource:?}");
    }
}

#[test]
fn pods_get_what_a_real_cluster_gives_them() {
    let pod = |extra: Value| {
        let mut pod =
            json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}});
        json_patch::merge(&mut pod, &json!({"spec": extra}));
        admitted(Resource::Pods, pod)
    };
    let plain = pod(json!({}));
    assert_eq!(
        (&plain["status"]["phase"], &plain["status"]["qosClass"]),
        (&json!("Pending"), &json!("BestEffort"))
    );
    assert_eq!(plain["spec"]["volumes"].as_array().unwrap().len(), 1);
    let mounts = &plain["spec"]["containers"][0]["volumeMounts"];
    assert_eq!(mounts[0]["name"], plain["spec"]["volumes"][0]["name"]);
    assert_eq!(pod(json!({"automountServiceAccountToken": false}))["spec"]["volumes"], json!([]));
}

#[test]
fn services_keep_their_addresses() {
    let before = json!({"spec": {"type": "NodePort", "clusterIP": "1.2.3.4", "clusterIPs": ["1.2.3.4"],
        "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30001}]}});
    let mut after = json!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}});
    admit(Resource::Services, Some(&before), &mut after).unwrap();
    assert_eq!(
        (&after["spec"]["clusterIP"], &after["spec"]["ports"][0]["nodePort"]),
        (&json!("1.2.3.4"), &json!(30001))
    );
    let mut moved =
        json!({"metadata": {"name": "s"}, "spec": {"clusterIP": "9.9.9.9", "ports": [{"port": 80}]}});
    let refusal = admit(Resource::Services, Some(&before), &mut moved).unwrap_err();
    assert!(
        refusal.message.contains("spec.clusterIPs[0]: Invalid value: \"9.9.9.9\": may not change once set")
    );
}

#[test]
fn secrets_are_encoded_and_old_workloads_completed() {
    let secret = admitted(Resource::Secrets, json!({"metadata": {"name": "s"}, "stringData": {"a": "b"}}));
    assert_eq!(
        (&secret["data"]["a"], secret.get("stringData"), &secret["type"]),
        (&json!("Yg=="), None, &json!("Opaque"))
    );
    let mut old =
        json!({"metadata": {"name": "o"}, "spec": {"template": {"metadata": {"labels": {"x": "y"}}}}});
    complete_beta(&mut old);
    assert_eq!(old["spec"]["selector"], json!({"matchLabels": {"x": "y"}}));
    assert_eq!(old["metadata"]["labels"], json!({"x": "y"}));
}

#[test]
fn what_is_wrong_is_named_field_by_field() {
    let table = [
        (deployment(json!({"selector": null})), vec!["spec.selector: FieldValueRequired"]),
        (deployment(json!({"replicas": -1})), vec!["spec.replicas: FieldValueInvalid"]),
        (
            deployment(json!({"selector": {"matchLabels": {"a": "c"}}})),
            vec!["spec.template.metadata.labels: FieldValueInvalid"],
        ),
        (
            deployment(json!({"template": {"spec": {"containers": null}}})),
            vec!["spec.template.spec.containers: FieldValueRequired"],
        ),
        (
            container(json!({"name": "C", "ports": [{"containerPort": 70_000}]})),
            vec![
                "spec.template.spec.containers[0].name: FieldValueInvalid",
                "spec.template.spec.containers[0].image: FieldValueRequired",
                "spec.template.spec.containers[0].ports[0].containerPort: FieldValueInvalid",
            ],
        ),
        (
            container(json!({"name": "c", "image": "i", "livenessProbe": {}})),
            vec!["spec.template.spec.containers[0].livenessProbe: FieldValueRequired"],
        ),
        (
            deployment(json!({"template": {"spec": {"restartPolicy": "Never"}}})),
            vec!["spec.template.spec.restartPolicy: FieldValueNotSupported"],
        ),
        (
            deployment(json!({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}})),
            vec!["spec.strategy.rollingUpdate.maxUnavailable: FieldValueInvalid"],
        ),
        (
            deployment(json!({"strategy": {"type": "Recreate", "rollingUpdate": {}}})),
            vec!["spec.strategy.rollingUpdate: FieldValueForbidden"],
        ),
        (
            deployment(json!({"strategy": {"type": "Big Bang"}})),
            vec!["spec.strategy.type: FieldValueNotSupported"],
        ),
    ];
    for (object, expected) in table {
        assert_eq!(findings(Resource::Deployments, None, object.clone()), expected, "{object}");
    }
    let named = |name: &str| json!({"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}});
    assert_eq!(findings(Resource::Services, None, named("1a")), ["metadata.name: FieldValueInvalid"]);
    assert_eq!(findings(Resource::Services, None, named("")), ["metadata.name: FieldValueRequired"]);
    let labelled = json!({"metadata": {"name": "c", "labels": {"a b": "-"}}});
    assert_eq!(
        findings(Resource::ConfigMaps, None, labelled),
        ["metadata.labels: FieldValueInvalid", "metadata.labels: FieldValueInvalid"]
    );
    let two = json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}, {"port": 0, "targetPort": "x", "name": "b"}]}});
    assert_eq!(
        findings(Resource::Services, None, two),
        ["spec.ports[0].name: FieldValueRequired", "spec.ports[1].port: FieldValueRequired"]
    );
    let both = json!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "maxUnavailable": 1}});
    assert_eq!(findings(Resource::PodDisruptionBudgets, None, both), ["spec: FieldValueInvalid"]);
}

#[test]
fn what_may_not_change_does_not() {
    let before = admitted(Resource::Deployments, deployment(json!({})));
    let moved = deployment(json!({
        "selector": {"matchLabels": {"a": "c"}}, "template": {"metadata": {"labels": {"a": "c"}}}}));
    assert_eq!(findings(Resource::Deployments, Some(&before), moved), ["spec.selector: FieldValueInvalid"]);

    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}});
    let before = admitted(Resource::Pods, pod);
    let changed = |change: Value| {
        let mut after = before.clone();
        json_patch::merge(&mut after, &json!({"spec": change}));
        after
    };
    let moved = changed(json!({"nodeName": "other"}));
    assert_eq!(findings(Resource::Pods, Some(&before), moved), ["spec: FieldValueForbidden"]);
    let fewer = changed(json!({"tolerations": []}));
    assert_eq!(findings(Resource::Pods, Some(&before), fewer), ["spec: FieldValueForbidden"]);
    let mut allowed = changed(json!({"activeDeadlineSeconds": 5}));
    allowed["spec"]["containers"][0]["image"] = "i:2".into();
    allowed["spec"]["tolerations"].as_array_mut().unwrap().push(json!({"key": "x", "operator": "Exists"}));
    admit(Resource::Pods, Some(&before), &mut allowed).unwrap();
}

#[test]
fn types_are_checked_and_unknown_fields_found() {
    let wrong =
        admit(Resource::Deployments, None, &mut deployment(json!({"replicas": "three"}))).unwrap_err();
    assert_eq!(wrong.code, 400);
    assert!(wrong.message.contains("cannot be handled as a Deployment"), "{wrong}");
    let mut object = container(json!({"name": "c", "image": "i:1", "foo": 1}));
    object["spec"]["replcas"] = json!(2);
    object["metadata"]["creationTimestamp"] = Value::Null;
    let unknown = unknown_fields(Resource::Deployments, &object).unwrap();
    assert_eq!(unknown, ["spec.template.spec.containers[0].foo", "spec.replcas"]);
    let pruned = admitted(Resource::Deployments, object);
    assert!(pruned["spec"].get("replcas").is_none());
    assert!(pruned["metadata"].get("creationTimestamp").is_none());
}

/// Malformed objects are refused or admitted, and never cause a panic.
#[test]
fn nonsense_is_survived() {
    let nonsense = [json!(null), json!([]), json!({}), json!("x"), json!([null]), json!([[1]]), json!(1.5)];
    let places = [
        "/metadata",
        "/spec",
        "/spec/template",
        "/spec/template/spec",
        "/spec/template/spec/containers",
        "/spec/ports",
        "/spec/selector",
        "/spec/strategy",
        "/status",
        "/metadata/labels",
        "/data",
        "/stringData",
    ];
    for resource in Resource::ALL {
        for place in places {
            for value in &nonsense {
                let mut object = deployment(json!({"strategy": {}, "ports": []}));
                object["data"] = json!({});
                object["stringData"] = json!({});
                object["status"] = json!({});
                object["metadata"]["labels"] = json!({});
                *object.pointer_mut(place).unwrap() = value.clone();
                object["kind"] = resource.kind().into();
                object["apiVersion"] = resource.api_version().into();
                let _ = admit(resource, None, &mut object);
            }
        }
    }
}

use super::*;
use serde_json::json;

fn strategic(resource: Resource, object: Value, patch: Value) -> Result<Value, Status> {
    Patch::parse("application/strategic-merge-patch+json", patch.to_string().as_bytes())?
        .apply_to(resource, object)
}

fn containers(list: Value) -> Value {
    json!({"spec": {"template": {"spec": {"containers": list}}}})
}

#[test]
fn strategic_patches_merge_maps_and_keyed_lists() {
    let table = [
        (
            "a null deletes",
            json!({"spec": {"a": 1, "b": 2}}),
            json!({"spec": {"a": null}}),
            json!({"spec": {"b": 2}}),
        ),
        (
            "maps merge",
            json!({"spec": {"a": {"x": 1}}}),
            json!({"spec": {"a": {"y": 2}}}),
            json!({"spec": {"a": {"x": 1, "y": 2}}}),
        ),
        (
            "containers merge by name",
            containers(json!([{"name": "a", "image": "x", "tty": true}, {"name": "b"}])),
            containers(json!([{"name": "a", "image": "y"}, {"name": "c"}])),
            containers(json!([{"name": "a", "image": "y", "tty": true}, {"name": "b"}, {"name": "c"}])),
        ),
        (
            "an element is deleted by its key",
            containers(json!([{"name": "a"}, {"name": "b"}])),
            containers(json!([{"$patch": "delete", "name": "a"}])),
            containers(json!([{"name": "b"}])),
        ),
        (
            "a list is replaced on demand",
            containers(json!([{"name": "a"}])),
            containers(json!([{"$patch": "replace"}, {"name": "b"}])),
            containers(json!([{"name": "b"}])),
        ),
        (
            "env inside containers",
            containers(
                json!([{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}]),
            ),
            containers(json!([{"name": "a", "env": [{"name": "X", "value": "3"}]}])),
            containers(
                json!([{"name": "a", "env": [{"name": "X", "value": "3"}, {"name": "Y", "value": "2"}]}]),
            ),
        ),
        (
            "container ports by number",
            containers(json!([{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP"}]}])),
            containers(json!([{"name": "a", "ports": [{"containerPort": 80, "name": "http"}]}])),
            containers(
                json!([{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "http"}]}]),
            ),
        ),
        (
            "args are replaced",
            containers(json!([{"name": "a", "args": ["1", "2"]}])),
            containers(json!([{"name": "a", "args": ["3"]}])),
            containers(json!([{"name": "a", "args": ["3"]}])),
        ),
        (
            "the order is set",
            containers(json!([{"name": "a"}, {"name": "b"}])),
            json!({"spec": {"template": {"spec": {
                "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
                "containers": [{"name": "c"}]}}}}),
            containers(json!([{"name": "c"}, {"name": "b"}, {"name": "a"}])),
        ),
        (
            "finalizers are a set",
            json!({"metadata": {"finalizers": ["a", "b"]}}),
            json!({"metadata": {"finalizers": ["b", "c"], "$deleteFromPrimitiveList/finalizers": ["a"]}}),
            json!({"metadata": {"finalizers": ["b", "c"]}}),
        ),
        (
            "keys are retained",
            json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}),
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
            json!({"spec": {"strategy": {"type": "Recreate"}}}),
        ),
        (
            "a map is replaced on demand",
            json!({"spec": {"a": {"x": 1}}}),
            json!({"spec": {"a": {"$patch": "replace", "y": 2}}}),
            json!({"spec": {"a": {"y": 2}}}),
        ),
    ];
    for (name, object, patch, expected) in table {
        assert_eq!(strategic(Resource::Deployments, object, patch), Ok(expected), "{name}");
    }
}

#[test]
fn service_ports_and_taints_have_their_own_rules() {
    let object = json!({"spec": {"ports": [{"port": 80, "nodePort": 3}]}});
    let patched =
        strategic(Resource::Services, object, json!({"spec": {"ports": [{"port": 80, "name": "x"}]}}));
    assert_eq!(patched, Ok(json!({"spec": {"ports": [{"port": 80, "nodePort": 3, "name": "x"}]}})));
    let object = json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}});
    let patched = strategic(Resource::Nodes, object, json!({"spec": {"taints": [{"key": "b"}]}}));
    assert_eq!(patched, Ok(json!({"spec": {"taints": [{"key": "b"}]}})));
}

#[test]
fn an_element_without_its_key_is_an_error_of_the_server() {
    let refusal =
        strategic(Resource::Deployments, json!({}), containers(json!([{"image": "y"}]))).unwrap_err();
    assert_eq!(refusal.code, 500);
    assert_eq!(refusal.message, "map: map[image:y] does not contain declared merge key: name");
}

#[test]
fn patches_that_cannot_be_read_are_refused() {
    let table = [
        ("application/merge-patch+json", "[1]", 400),
        ("application/strategic-merge-patch+json", "{", 400),
        ("application/json-patch+json", r#"[{"op":"fly"}]"#, 400),
        ("application/json", "{}", 415),
        ("", "{}", 415),
    ];
    for (media_type, body, code) in table {
        assert_eq!(Patch::parse(media_type, body.as_bytes()).unwrap_err().code, code, "{media_type} {body}");
    }
}

#[test]
fn json_and_merge_patches_work_by_their_rfcs() {
    let patch = |media_type, body: &str| {
        let patch = Patch::parse(media_type, body.as_bytes()).unwrap();
        patch.apply_to(Resource::Pods, json!({"spec": {"a": [1, 2], "b": 1}}))
    };
    let merged = patch("application/merge-patch+json", r#"{"spec":{"a":[3],"b":null}}"#);
    assert_eq!(merged, Ok(json!({"spec": {"a": [3]}})));
    let replaced = patch("application/json-patch+json", r#"[{"op":"replace","path":"/spec/a/0","value":9}]"#);
    assert_eq!(replaced, Ok(json!({"spec": {"a": [9, 2], "b": 1}})));
    let refused = patch("application/json-patch+json", r#"[{"op":"test","path":"/spec/b","value":9}]"#);
    assert_eq!(refused.unwrap_err().code, 422);
}

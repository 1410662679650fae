use super::*;
use serde_json::json;

fn manager(name: &str, operation: Operation) -> Manager {
    Manager { name: name.into(), operation, api_version: "apps/v1".into(), subresource: String::new() }
}

fn applier(name: &str) -> Manager {
    manager(name, Operation::Apply)
}

fn deployment(replicas: Value, containers: Value) -> Value {
    json!({"metadata": {"labels": {"a": "b"}}, "spec": {"replicas": replicas, "template": {"spec": {"containers": containers}}}})
}

fn apply_as(name: &str, live: Option<&Value>, config: &Value, force: bool) -> Result<Value, Status> {
    apply(Resource::Deployments, live, config, &applier(name), force)
}

fn without_managers(mut object: Value) -> Value {
    object["metadata"].as_object_mut().unwrap().shift_remove("managedFields");
    object
}

#[test]
fn the_first_apply_creates_and_owns() {
    let config = deployment(json!(1), json!([{"name": "c", "image": "x"}]));
    let made = apply_as("me", None, &config, false).unwrap();
    assert_eq!(without_managers(made.clone()), config);
    let entry = &made["metadata"]["managedFields"][0];
    assert_eq!((&entry["manager"], &entry["operation"]), (&json!("me"), &json!("Apply")));
    let owned = json!({
        "f:metadata": {"f:labels": {"f:a": {}}},
        "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {
            "k:{\"name\":\"c\"}": {".": {}, "f:image": {}, "f:name": {}}}}}},
    });
    assert_eq!(entry["fieldsV1"], owned);
    assert_eq!(Fields::decode(&owned).encode(), owned);
}

#[test]
fn the_same_apply_twice_changes_nothing() {
    let config = deployment(json!(1), json!([{"name": "c", "image": "x"}]));
    let mut made = apply_as("me", None, &config, false).unwrap();
    made["metadata"]["managedFields"][0]["time"] = "2020-01-01T00:00:00Z".into();
    assert_eq!(apply_as("me", Some(&made), &config, false).unwrap(), made);
}

#[test]
fn another_owner_is_a_conflict_unless_forced_or_agreed_with() {
    let config = deployment(json!(1), json!([{"name": "c", "image": "x"}]));
    let live = apply_as("first", None, &config, false).unwrap();
    let other = deployment(json!(2), json!([{"name": "c", "image": "y"}]));
    let refusal = apply_as("second", Some(&live), &other, false).unwrap_err();
    assert_eq!((refusal.code, refusal.reason), (409, "Conflict"));
    let causes = &refusal.details.as_ref().unwrap().causes;
    let fields: Vec<&str> = causes.iter().map(|cause| cause.field.as_str()).collect();
    assert_eq!(fields, [".spec.replicas", ".spec.template.spec.containers[name=\"c\"].image"]);
    assert!(
        refusal
            .message
            .starts_with("Apply failed with 2 conflicts: conflicts with \"first\" using apps/v1:\n- ")
    );

    let forced = apply_as("second", Some(&live), &other, true).unwrap();
    assert_eq!(forced["spec"]["replicas"], 2);
    let first = Fields::decode(&forced["metadata"]["managedFields"][0]["fieldsV1"]);
    assert!(!first.iter().any(|path| fields::readable(path) == ".spec.replicas"));

    let agreed = apply_as("second", Some(&live), &config, false).unwrap();
    assert_eq!(agreed["metadata"]["managedFields"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_no_longer_mentioned_goes_unless_shared() {
    let both = json!([{"name": "c", "image": "x"}, {"name": "d", "image": "y"}]);
    let live = apply_as("me", None, &deployment(json!(1), both.clone()), false).unwrap();
    let one = json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x"}]}}}});
    let fewer = apply_as("me", Some(&live), &one, false).unwrap();
    assert_eq!(fewer["spec"], one["spec"], "replicas and the container d are gone without a trace");
    assert!(fewer["metadata"].get("labels").is_none(), "an emptied map goes too");

    let shared = apply_as("other", Some(&live), &deployment(json!(1), both), false).unwrap();
    let kept = apply_as("me", Some(&shared), &one, false).unwrap();
    assert_eq!(kept["spec"], shared["spec"]);
}

#[test]
fn a_part_of_an_element_that_another_owns_keeps_the_element() {
    let config = deployment(json!(1), json!([{"name": "c", "image": "x"}, {"name": "d", "image": "y"}]));
    let live = apply_as("me", None, &config, false).unwrap();
    let mut changed = live.clone();
    changed["spec"]["template"]["spec"]["containers"][1]["tty"] = true.into();
    update(Resource::Deployments, Some(&live), &mut changed, &manager("editor", Operation::Update));
    let one = deployment(json!(1), json!([{"name": "c", "image": "x"}]));
    let kept = apply_as("me", Some(&changed), &one, false).unwrap();
    assert!(kept["spec"]["template"]["spec"]["containers"][1]["tty"].as_bool().unwrap());
}

#[test]
fn an_update_takes_what_it_changes() {
    let live = apply_as("me", None, &deployment(json!(1), json!([])), false).unwrap();
    let mut scaled = live.clone();
    scaled["spec"]["replicas"] = 5.into();
    let mut scaler = manager("kubectl", Operation::Update);
    scaler.subresource = "scale".into();
    update(Resource::Deployments, Some(&live), &mut scaled, &scaler);
    let refusal = apply_as("me", Some(&scaled), &deployment(json!(1), json!([])), false).unwrap_err();
    let expected = "Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas";
    assert_eq!(refusal.message, expected);
}

#[test]
fn an_update_that_changes_nothing_leaves_the_owners_alone() {
    let live = apply_as("me", None, &deployment(json!(1), json!([])), false).unwrap();
    let mut same = live.clone();
    update(Resource::Deployments, Some(&live), &mut same, &manager("x", Operation::Update));
    assert_eq!(same, live);
}

#[test]
fn ports_are_found_by_number_and_protocol() {
    let port = |image: &str, port: Value| {
        deployment(json!(1), json!([{"name": "c", "image": image, "ports": [port]}]))
    };
    let live = apply_as("me", None, &port("x", json!({"containerPort": 80})), false).unwrap();
    let mut defaulted = live.clone();
    defaulted["spec"]["template"]["spec"]["containers"][0]["ports"][0]["protocol"] = "TCP".into();
    let again =
        apply_as("me", Some(&defaulted), &port("y", json!({"containerPort": 80, "name": "http"})), false)
            .unwrap();
    let ports = &again["spec"]["template"]["spec"]["containers"][0]["ports"];
    assert_eq!(ports, &json!([{"containerPort": 80, "protocol": "TCP", "name": "http"}]));
}

#[test]
fn configurations_come_in_json_and_yaml() {
    assert_eq!(
        configuration(b"kind: Pod\nspec: {a: 1}\n").unwrap(),
        json!({"kind": "Pod", "spec": {"a": 1}})
    );
    assert_eq!(configuration(br#"{"kind":"Pod"}"#).unwrap(), json!({"kind": "Pod"}));
    assert_eq!(configuration(b"[1]").unwrap_err().code, 400);
    assert_eq!(configuration(b"a: [").unwrap_err().code, 400);
}

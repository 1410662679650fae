use super::*;
use crate::store::{Resource, Store, Written};
use serde_json::{Value, json};
use std::sync::Arc;

fn object(resource: Resource, value: Value) -> Arc<Object> {
    let written = Store::new().mutate(resource, "ns", "name", |_| Ok(Some(value))).unwrap();
    let Written::Created(object) = written else { panic!("nothing was there") };
    object
}

#[test]
fn label_selectors_select() {
    let labels = [("app", "web"), ("tier", "a"), ("n", "5")];
    let labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let table = [
        ("", true),
        ("app=web", true),
        ("app==web,tier=a", true),
        ("app = web , tier = a", true),
        ("app=db", false),
        ("app!=db", true),
        ("missing!=x", true),
        ("app in (web,db)", true),
        ("app in (db)", false),
        ("app notin (db)", true),
        ("missing notin (a)", true),
        ("missing in (a)", false),
        ("app", true),
        ("!app", false),
        ("!missing", true),
        ("missing=", false),
        ("n>4", true),
        ("n<5", false),
        ("app in (web),!missing,tier notin (b,c)", true),
    ];
    for (text, selected) in table {
        let selector = LabelSelector::parse(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert_eq!(selector.matches(&labels), selected, "{text}");
    }
}

#[test]
fn bad_label_selectors_are_refused_with_the_reason() {
    let table = [
        ("{name}", "invalid label key \"{name}\""),
        ("a in b", "found 'b' expected: '('"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b,", "expected: identifier after ','"),
        ("=b", "found '='"),
        ("a={name}", "invalid label value: \"{name}\""),
        ("a in (b", "expected: ',' or ')'"),
        ("-a=b", "invalid label key \"-a\""),
        ("/a=b", "prefix part must be non-empty"),
        ("a>b", "must be an integer"),
    ];
    for (text, why) in table {
        let refusal = LabelSelector::parse(text).expect_err(text);
        assert_eq!(refusal.code, 400, "{text}");
        assert!(refusal.message.starts_with("unable to parse requirement: "), "{text}: {refusal}");
        assert!(refusal.message.contains(why), "{text}: {refusal}");
    }
}

#[test]
fn workload_selectors_are_read_and_written() {
    let selector = json!({"matchLabels": {"a": "b"}, "matchExpressions": [
        {"key": "c", "operator": "In", "values": ["d", "e"]}, {"key": "f", "operator": "DoesNotExist"}]});
    assert_eq!(LabelSelector::of_workload(&selector).unwrap().to_string(), "a=b,c in (d,e),!f");
    assert!(
        LabelSelector::of_workload(&json!({"matchExpressions": [{"key": "c", "operator": "Is"}]})).is_none()
    );
    assert!(LabelSelector::of_workload(&json!({})).unwrap().is_empty());
    assert_eq!(LabelSelector::of_service(&json!({"a": "b"})).unwrap().to_string(), "a=b");
}

#[test]
fn field_selectors_select() {
    let pod = object(
        Resource::Pods,
        json!({"spec": {"nodeName": "n1"}, "status": {"phase": "Running", "podIPs": [{"ip": "1.2.3.4"}]}}),
    );
    let table = [
        ("metadata.name=name", true),
        ("metadata.namespace!=ns", false),
        ("spec.nodeName==n1,status.phase!=Failed", true),
        ("status.phase=Pending", false),
        ("status.podIPs=1.2.3.4", true),
        ("spec.hostNetwork=false", true),
        ("status.nominatedNodeName=", true),
        ("", true),
    ];
    for (text, selected) in table {
        let selector = FieldSelector::parse(text, Resource::Pods, str::to_owned).unwrap();
        assert_eq!(selector.matches(&pod), selected, "{text}");
    }
}

#[test]
fn unknown_fields_are_refused_as_a_real_server_does() {
    let table = [
        (Resource::Pods, "foo=bar", "field label not supported: foo"),
        (
            Resource::Deployments,
            "foo=bar",
            "\"foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ),
        (Resource::Namespaces, "metadata.namespace=a", "field label not supported: metadata.namespace"),
        (Resource::Pods, "foo", "invalid selector: 'foo'; can't understand 'foo'"),
    ];
    for (resource, text, message) in table {
        let refusal = FieldSelector::parse(text, resource, str::to_owned).unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (400, message));
    }
}

#[test]
fn events_are_found_by_what_they_are_about() {
    let event = object(
        Resource::Events,
        json!({"involvedObject": {"kind": "Pod", "name": "p"}, "type": "Normal", "reportingComponent": "kubelet"}),
    );
    let rename = |key: &str| key.replace("regarding", "involvedObject");
    let selector =
        FieldSelector::parse("regarding.name=p,regarding.kind=Pod", Resource::Events, rename).unwrap();
    assert!(selector.matches(&event));
    let selector =
        FieldSelector::parse("source=kubelet,type!=Warning", Resource::Events, str::to_owned).unwrap();
    assert!(selector.matches(&event));
}

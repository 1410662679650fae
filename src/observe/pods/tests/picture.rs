use super::*;
use crate::observe::pods::cluster_view::ClusterView;
use serde::de::DeserializeOwned;

fn whole<K: DeserializeOwned>(object: Json) -> K {
    serde_json::from_value(object).unwrap()
}

fn see_pod(picture: &mut ClusterView, object: Json) -> Vec<String> {
    words(&picture.pod(&whole(object)))
}

#[test]
fn the_consumer_comes_into_play_by_the_url_and_the_provider_by_its_label() {
    let requests = json!({"type": "http", "url": "http://192.168.49.2:31117/invoke"});
    let mut picture =
        ClusterView::new(in_play(&[kubernetes(json!({"label_selector": "name=provider"})), requests]));
    assert_eq!(see_pod(&mut picture, pod("provider-h-1", "provider")), ["pod provider-h-1 Running in play"]);
    assert_eq!(see_pod(&mut picture, pod("consumer-h-1", "consumer")), ["pod consumer-h-1 Running"]);
    assert_eq!(see_pod(&mut picture, pod("other-h-1", "other")), ["pod other-h-1 Running"]);
    assert_eq!(
        words(&picture.service(&whole(service("consumer-svc", "consumer", 31117)))),
        ["pod consumer-h-1 Running in play"],
        "the pods behind the Service that is asked"
    );
    assert!(picture.service(&whole(service("provider-svc", "provider", 30000))).is_empty());
    assert!(picture.service(&whole(service("other-svc", "other", 30001))).is_empty());
    for name in ["consumer", "provider", "other"] {
        let slice = slice(&format!("{name}-svc"), &[(&format!("{name}-h-1"), true)]);
        assert!(picture.slice(&whole(slice)).is_empty(), "nothing is told before all slices are known");
    }
    assert_eq!(
        words(&picture.endpoints_listed("default")),
        [r#"service consumer-svc 1+0 ["consumer-h-1"]"#, r#"service provider-svc 1+0 ["provider-h-1"]"#]
    );
    assert_eq!(words(&picture.deployment(&whole(deployment("provider", 1, 1)))), ["deployment provider 1/1"]);
    assert!(picture.deployment(&whole(deployment("other", 1, 1))).is_empty());
}

#[test]
fn what_users_are_asked_at_later_comes_into_play_too() {
    let requests = json!({"type": "http", "url": "http://127.0.0.1:9/invoke"});
    let start = || {
        let mut picture = ClusterView::new(in_play(&[
            kubernetes(json!({"label_selector": "name=provider"})),
            requests.clone(),
        ]));
        see_pod(&mut picture, pod("consumer-h-1", "consumer"));
        assert!(picture.service(&whole(service("consumer-svc", "consumer", 31117))).is_empty());
        picture
    };
    let wanted = ["pod consumer-h-1 Running in play"];
    assert_eq!(words(&start().asked_at(Some("http://192.168.49.2:31117"), None)), wanted);
    let forwarded = ("default".to_owned(), "consumer-svc".to_owned());
    let mut picture = start();
    assert_eq!(words(&picture.asked_at(Some("http://127.0.0.1:40001"), Some(&forwarded))), wanted);
    assert!(picture.asked_at(Some("http://127.0.0.1:40001"), Some(&forwarded)).is_empty(), "only once");
    assert!(start().asked_at(Some("http://127.0.0.1:40001"), None).is_empty());
}

#[test]
fn only_changes_are_told() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "app"}))]));
    assert_eq!(see_pod(&mut picture, pod("app-h-1", "app")).len(), 1);
    let mut same = pod("app-h-1", "app");
    same["metadata"]["resourceVersion"] = json!("2");
    same["metadata"]["annotations"] = json!({"noise": "yes"});
    assert!(see_pod(&mut picture, same.clone()).is_empty());
    same["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z");
    assert_eq!(see_pod(&mut picture, same), ["pod app-h-1 Terminating in play"]);

    assert_eq!(picture.deployment(&whole(deployment("app", 2, 1))).len(), 1);
    assert!(picture.deployment(&whole(deployment("app", 2, 1))).is_empty());
    assert_eq!(words(&picture.deployment(&whole(deployment("app", 2, 2)))), ["deployment app 2/2"]);
    assert_eq!(words(&picture.deployment_gone("default", "app")), ["deployment app gone"]);
    assert!(picture.deployment_gone("default", "app").is_empty());

    picture.endpoints_listed("default");
    assert_eq!(words(&picture.service(&whole(service("svc", "app", 1)))), ["service svc 0+0 []"]);
    let both = slice("svc", &[("app-h-1", true), ("app-h-2", false)]);
    assert_eq!(words(&picture.slice(&whole(both.clone()))), [r#"service svc 1+1 ["app-h-1", "app-h-2"]"#]);
    assert!(picture.slice(&whole(both)).is_empty());
    assert_eq!(words(&picture.slice_gone("default", "svc-1")), ["service svc 0+0 []"]);
}

#[test]
fn a_pod_with_an_address_of_each_family_is_one_endpoint() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "svc"}))]));
    picture.endpoints_listed("default");
    picture.service(&whole(service("svc", "app", 1)));
    let family = |name: &str, kind: &str, address: &str, ready: bool| {
        let mut slice = slice("svc", &[("app-h-1", ready), ("app-h-2", false)]);
        slice["metadata"]["name"] = json!(name);
        slice["addressType"] = json!(kind);
        slice["endpoints"][0]["addresses"] = json!([address]);
        slice
    };
    let four = family("svc-abc12", "IPv4", "10.244.0.7", true);
    let six = family("svc-xyz89", "IPv6", "fd00:10:244::7", false);
    let told = r#"service svc 1+1 ["app-h-1", "app-h-2"]"#;
    assert_eq!(words(&picture.slice(&whole(four))), [told]);
    assert!(picture.slice(&whole(six)).is_empty(), "the same pods, one of them ready by its other address");
    assert!(picture.slice_gone("default", "svc-xyz89").is_empty());
    let mut external = slice("svc", &[]);
    external["endpoints"] =
        json!([{"addresses": ["192.0.2.1"]}, {"addresses": ["192.0.2.2"], "conditions": {"ready": false}}]);
    assert_eq!(words(&picture.slice(&whole(external))), [r#"service svc 2+2 ["app-h-1", "app-h-2"]"#]);
}

#[test]
fn a_replaced_pod_is_another_one() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "app"}))]));
    let first = pod("app-0", "app");
    let mut second = first.clone();
    second["metadata"]["uid"] = json!("another");
    see_pod(&mut picture, first.clone());
    assert_eq!(see_pod(&mut picture, second).len(), 1);
    let gone = super::super::row::key(&whole(first));
    assert_eq!(words(&picture.pod_gone(&gone)), ["pod app-0 gone"]);
    assert!(picture.pod_gone(&gone).is_empty());
    assert_eq!(picture.pods_of("default").count(), 1);
}

#[test]
fn of_thousands_only_those_in_play_are_told() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "app"}))]));
    let mut told = 0;
    for i in 0..1_000 {
        told += see_pod(&mut picture, pod(&format!("crowd-h-{i}"), "crowd")).len();
    }
    assert_eq!(told, 100);
    assert_eq!(words(&picture.counts()), [r#"counts {"Running": 900}"#]);
    assert!(picture.counts().is_empty(), "counts are told when they change");
    assert_eq!(see_pod(&mut picture, pod("app-h-1", "app")).len(), 1);
    assert!(picture.counts().is_empty());

    let mut failed = pod("crowd-h-500", "crowd");
    failed["status"]["phase"] = json!("Failed");
    assert!(see_pod(&mut picture, failed.clone()).is_empty());
    assert_eq!(words(&picture.counts()), [r#"counts {"Failed": 1, "Running": 899}"#]);
    assert!(picture.pod_gone(&super::super::row::key(&whole(failed))).is_empty());
    assert_eq!(words(&picture.counts()), [r#"counts {"Running": 899}"#]);

    let brought = picture.service(&whole(service("front", "app", 1)));
    assert!(brought.is_empty());
    assert_eq!(
        see_pod(&mut picture, pod("app-h-2", "app")).len(),
        1,
        "a pod of the crowd's size is still told"
    );
}

#[test]
fn of_thousands_in_play_a_screenful_is_told_and_each_is_counted_once() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({}))]));
    let mut told = 0;
    for i in 0..1_000 {
        told += see_pod(&mut picture, pod(&format!("app-h-{i}"), "app")).len();
    }
    assert_eq!(told, 300);
    assert_eq!(words(&picture.counts()), [r#"counts {"Running": 700}"#]);
    // A pod that goes makes room for the next one that is new or changes.
    assert_eq!(picture.pod_gone(&super::super::row::key(&whole(pod("app-h-7", "app")))).len(), 1);
    assert!(picture.counts().is_empty());
    let mut failed = pod("app-h-500", "app");
    failed["status"]["phase"] = json!("Failed");
    assert_eq!(see_pod(&mut picture, failed), ["pod app-h-500 Failed in play"]);
    assert_eq!(words(&picture.counts()), [r#"counts {"Running": 699}"#]);
}

#[test]
fn a_crowd_that_churns_is_not_told_for_ever() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "app"}))]));
    let named = |i: usize| pod(&format!("crowd-h-{i}"), "crowd");
    (0..1_000).for_each(|i| drop(see_pod(&mut picture, named(i))));
    let mut told = 0;
    for i in 0..500 {
        // Each pod is replaced: it terminates, another one appears, it is gone.
        let mut going = named(i);
        going["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z");
        told += see_pod(&mut picture, going).len();
        told += see_pod(&mut picture, named(i + 1_000)).len();
        told += picture.pod_gone(&super::super::row::key(&whole(named(i)))).len();
    }
    // The first hundred terminate and go, and each is replaced by a new one; the others are never emitted.
    assert_eq!(told, 300);
}

#[test]
fn counted_pods_are_found_by_name() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "app"}))]));
    for i in 0..1_000 {
        see_pod(&mut picture, pod(&format!("crowd-h-{i:03}"), "crowd"));
    }
    let found = |news: Vec<EventKind>| match news.as_slice() {
        [EventKind::PodsFound(found)] => Some((found.pods.len(), found.all, found.pods[0].0.name.clone())),
        _ => None,
    };
    assert_eq!(found(picture.find("h-5")), Some((50, 100, "crowd-h-500".to_owned())));
    assert_eq!(found(picture.find("h-777")), Some((1, 1, "crowd-h-777".to_owned())));
    assert!(picture.find("h-777").is_empty(), "only news is told");
    assert_eq!(picture.counts().len(), 1, "the counts alone: what is found is as it was");
    picture.pod_gone(&super::super::row::key(&whole(pod("crowd-h-776", "crowd"))));
    assert_eq!(picture.counts().len(), 1);
    let mut failed = pod("crowd-h-777", "crowd");
    failed["status"]["phase"] = json!("Failed");
    see_pod(&mut picture, failed);
    assert_eq!(picture.counts().len(), 2, "counts, and what is sought");
    assert!(picture.find("").is_empty());
}

#[test]
fn counted_pods_get_rows_when_they_come_into_play() {
    let requests = json!({"type": "http", "url": "http://x:31117/"});
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "app"})), requests]));
    for i in 0..150 {
        see_pod(&mut picture, pod(&format!("crowd-h-{i}"), "crowd"));
    }
    see_pod(&mut picture, pod("zz-h-1", "zz"));
    picture.counts();
    assert_eq!(
        words(&picture.service(&whole(service("front", "zz", 31117)))),
        ["pod zz-h-1 Running in play"]
    );
    assert_eq!(words(&picture.counts()), [r#"counts {"Running": 50}"#]);
}

#[test]
fn names_of_every_kind() {
    let gremlin = json!({"type": "python", "module": "chaosgremlin.actions", "func": "attack",
        "arguments": {"labels": {"io.kubernetes.container.name": "app-box"}, "command": {}, "target": {}}});
    let table = [
        ("object name", kubernetes(json!({"name": "app"})), true),
        ("label", kubernetes(json!({"label_selector": "name in (app)"})), true),
        (
            "formatted label",
            kubernetes(json!({"name": "nope", "label_selector": "name=app,x!={name}"})),
            true,
        ),
        ("pattern", kubernetes(json!({"name_pattern": "^app-h"})), true),
        ("policy", kubernetes(json!({"label_selectors": {"name": "app"}})), true),
        ("container, for Gremlin", gremlin, true),
        ("the whole namespace", kubernetes(json!({})), true),
        ("another", kubernetes(json!({"name": "other"})), false),
        ("another label", kubernetes(json!({"label_selector": "name!=app"})), false),
    ];
    for (name, provider, wanted) in table {
        let mut picture = ClusterView::new(in_play(&[provider]));
        let seen = see_pod(&mut picture, pod("app-h-1", "app"));
        assert_eq!(seen[0].ends_with("in play"), wanted, "{name}");
    }
    let both = in_play(&[kubernetes(json!({"ns": "b"})), kubernetes(json!({"name": "x"}))]);
    assert_eq!(both.namespaces().collect::<Vec<_>>(), ["b", "default"]);
}

#[test]
fn notes_about_objects_in_play() {
    let mut picture = ClusterView::new(in_play(&[kubernetes(json!({"name": "app"}))]));
    see_pod(&mut picture, pod("app-h-1", "app"));
    let event = |kind: &str, name: &str| {
        whole(
            json!({"metadata": {"name": "e", "namespace": "default"}, "reason": "Unhealthy", "type": "Warning",
                     "count": 2, "involvedObject": {"kind": kind, "name": name, "namespace": "default"}}),
        )
    };
    let table = [
        ("Pod", "app-h-1", true),
        ("Pod", "app-h-new", true),
        ("Pod", "other-h-1", false),
        ("Pod", "app-server-h-1", false),
        ("ReplicaSet", "app-h", true),
        ("Deployment", "app", true),
        ("Deployment", "other", false),
        ("Service", "svc", false),
    ];
    for (kind, name, wanted) in table {
        assert_eq!(picture.event(&event(kind, name)).is_some(), wanted, "{kind} {name}");
    }
    picture.service(&whole(service("svc", "app", 1)));
    assert!(picture.event(&event("Service", "svc")).is_some());
}

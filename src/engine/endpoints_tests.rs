//! Which endpoints are requested, and how.

use super::*;
use crate::{engine::Headers, test_support::request};
use pyvalue::Map;

/// An experiment that requests `/invoke` with a header, and expects a 404 from `/admin`.
const EXPERIMENT: &str = r#"{
    "title": "t", "description": "d",
    "steady-state-hypothesis": {"title": "h", "probes": [
        {"type": "probe", "name": "hidden", "tolerance": 404,
         "provider": {"type": "http", "url": "http://shop:80/admin"}}
    ]},
    "method": [
        {"type": "probe", "name": "ask", "provider": {"type": "http", "url": "http://shop/invoke", "timeout": 3,
         "verify_tls": false, "headers": {"Authorization": "Bearer ${word}"}, "arguments": {"q": "a b"}}}
    ],
    "rollbacks": []
}"#;

fn found(change: impl FnOnce(&mut WatchSettings)) -> Vec<EndpointSettings> {
    let configuration = Map::from_iter([("word".to_owned(), "abc".into())]);
    let request = RunRequest { configuration, ..request(EXPERIMENT) };
    let mut watch = WatchSettings::default();
    change(&mut watch);
    endpoints(&request, &watch, &Environment::default())
}

fn watching(texts: &[&str]) -> Vec<EndpointSettings> {
    found(|watch| {
        watch.urls = texts.iter().map(|text| (*text).to_owned()).collect();
        watch.before_own = true;
    })
}

/// Whether the endpoint is requested with the experiment's header and trust.
fn is_asked_alike(settings: &EndpointSettings) -> bool {
    let access = format!("{:?}", settings.access);
    access.contains("authorization") && access.contains("Nothing")
}

#[test]
fn the_experiments_own_probe_is_asked_as_it_asks() {
    let own = found(|_| {});
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].url.as_str(), own[0].query.as_str()), ("http://shop/invoke", "q=a+b"));
    assert_eq!(own[0].deadline, Duration::from_secs(3));
    assert!(is_asked_alike(&own[0]) && own[0].tolerance.is_none());
}

#[test]
fn whatever_is_of_the_same_service_is_asked_alike() {
    let found = watching(&["/orders", "http://shop:80/orders", "http://shop/invoke", "http://shop/admin"]);
    assert!(found[..3].iter().all(is_asked_alike), "{found:?}");
    assert_eq!(found[0].url, "http://shop/orders");
    assert_eq!(found[0].deadline, Duration::from_secs(3));
    assert_eq!([0, 1, 2].map(|n: usize| found[n].query.as_str()), ["", "", "q=a+b"]);
    // A page that another probe requests has that probe's settings.
    assert!(found[3].tolerance.is_some() && !is_asked_alike(&found[3]));
    assert!(found[0].tolerance.is_none());
}

#[test]
fn another_service_gets_nothing_of_the_experiments() {
    let found = watching(&["http://other/", "https://shop/invoke", "http://shop:81/invoke"]);
    assert!(!found.iter().any(is_asked_alike), "{found:?}");
}

#[test]
fn headers_and_trust_can_be_given_by_hand() {
    let found = found(|watch| {
        watch.urls = vec!["https://other/".to_owned()];
        watch.before_own = true;
        watch.headers = Headers::new(vec!["X-Key: ${word}".to_owned()]);
        watch.insecure = true;
    });
    let access = found[0].access.as_ref().unwrap();
    assert_eq!(access.hidden().collect::<Vec<_>>(), ["abc"]);
    assert!(format!("{access:?}").contains("Nothing"), "{access:?}");
}

#[test]
fn a_header_without_a_colon_is_refused_without_being_repeated() {
    let found = found(|watch| {
        watch.headers = Headers::new(vec!["geheim".to_owned()]);
        assert!(!format!("{watch:?}").contains("geheim"));
    });
    let refused = found[0].access.as_ref().unwrap_err();
    assert!(refused.contains("NAME:VALUE") && !refused.contains("geheim"), "{refused}");
}

//! Tests of the discovery, against an API server and a service on loopback.

use super::{
    discovery::{DiscoveryTargets, SharedKnownPods, run},
    reading::{Reading, SourceMessage},
    sources::{page_poller::ReaderOutput, usual_pages::NamedSource},
};
use crate::{
    cluster::{
        Connection,
        fake_api::{RecordedRequest, Reply, answering},
        scripted::{Cluster, Fate},
    },
    provider::http::Access,
    session::{
        clock::Clock,
        event::{BreakerState, EventKind, Level, SourceClaim, SourceKind, Timestamp},
        stream::{Stream, stream},
    },
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

/// Longer than anything on loopback takes, even on a busy machine.
const LONG: Duration = Duration::from_secs(30);

struct Rig {
    hears: mpsc::Receiver<SourceMessage>,
    stream: Stream,
    stop: CancellationToken,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Rig {
    fn begin(users: &str, cluster: Option<Connection>, named: &[&str]) -> Self {
        Self::asking(users, cluster, named, Access::default())
    }

    fn asking(users: &str, cluster: Option<Connection>, named: &[&str], access: Access) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (emitter, stream) = stream(Clock::system());
        let (heard, hears) = mpsc::channel(64);
        let stop = CancellationToken::new();
        let named = named.iter().map(|text| NamedSource::parse(text).unwrap()).collect();
        let hunt = DiscoveryTargets {
            service: None,
            users: users.to_owned(),
            cluster,
            access: Ok(access),
            named,
            rules: Vec::new(),
            rate: 2.0,
        };
        let out = ReaderOutput::new(emitter, heard);
        tokio::spawn(run(hunt, Duration::from_millis(50), out, SharedKnownPods::default(), stop.clone()));
        Self { hears, stream, stop }
    }

    async fn reading(&mut self, wanted: impl Fn(&Reading) -> bool) -> Reading {
        let found = async {
            loop {
                if let Some(SourceMessage::Reading(reading)) = self.hears.recv().await
                    && wanted(&reading)
                {
                    return reading;
                }
            }
        };
        timeout(LONG, found).await.expect("the reading comes")
    }

    async fn warning(&mut self) -> String {
        let found = async {
            loop {
                if let Some(EventKind::Logged { level: Level::Warning, message, .. }) =
                    self.stream.next().await.map(|event| event.what)
                {
                    return message;
                }
            }
        };
        timeout(LONG, found).await.expect("a warning comes")
    }
}

fn cluster(asked: &RecordedRequest, proxied: impl Fn(&str, &str) -> Reply) -> Reply {
    if let Some(rest) = asked.path.strip_prefix("/api/v1/namespaces/default/pods/")
        && let Some((pod, path)) = rest.split_once("/proxy")
    {
        return proxied(pod, path);
    }
    if asked.path.as_str() == "/api/v1/namespaces/default/services" {
        Reply::List(
            "Service",
            vec![json!({"metadata": {"name": "consumer", "namespace": "default"},
            "spec": {"selector": {"name": "c"}, "ports": [{"port": 80, "nodePort": 30080}]}})],
        )
    } else {
        let pod = |name: &str| {
            json!({"metadata": {"name": name, "namespace": "default", "uid": name}, "status": {"phase": "Running"},
                "spec": {"containers": [{"name": "main", "ports": [{"containerPort": 8080}]}]}})
        };
        Reply::List("Pod", vec![pod("c-5wz5k"), pod("c-l5522")])
    }
}

#[tokio::test]
async fn each_replica_is_read_on_its_own_and_a_path_that_is_not_there_is_asked_once() {
    let (connection, asked) = answering(|asked| {
        cluster(asked, |pod, path| {
            let state = if pod.starts_with("c-5wz5k") { "open" } else { "closed" };
            match path {
                "/metrics" => {
                    Reply::Text(format!("breaker_state{{name=\"provider\",state=\"{state}\"}} 1\n"))
                }
                // This refusal comes from the pod, not from the API server.
                _ => Reply::Text(String::new()),
            }
        })
    });
    let mut rig = Rig::begin("http://127.0.0.1:30080/invoke", Some(connection), &[]);
    for (pod, state) in [("c-5wz5k", BreakerState::Open), ("c-l5522", BreakerState::Closed)] {
        let reading = rig
            .reading(|reading| reading.source.pod.as_deref() == Some(pod) && !reading.breakers.is_empty())
            .await;
        assert_eq!(reading.breakers[0].says, SourceClaim::State(state), "{pod}");
        assert_eq!(
            (reading.source.kind, reading.source.place.as_str()),
            (SourceKind::Metrics, "8080/metrics")
        );
    }
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|one| one.method == "GET"), "nothing but GET");
    let paths: BTreeSet<&str> =
        asked.iter().filter_map(|one| one.path.split_once("/proxy").map(|(_, path)| path)).collect();
    assert!(paths.contains("/actuator/circuitbreakers") && paths.contains("/hystrix.stream"), "{paths:?}");
    let actuator =
        asked.iter().filter(|one| one.path.ends_with("c-5wz5k:8080/proxy/actuator/circuitbreakers"));
    assert_eq!(actuator.count(), 1);
}

#[tokio::test]
async fn a_breaker_opens_when_it_was_seen_to_whatever_the_clock_of_the_api_server_is() {
    for ahead in [90, -90] {
        let opened: Arc<OnceLock<Timestamp>> = Arc::default();
        let seen = opened.clone();
        let (connection, _) = answering(move |asked| {
            let opened = seen.get().copied();
            let reply = cluster(asked, |_, path| match path {
                "/actuator/circuitbreakers" => {
                    let state = if opened.is_some() { "OPEN" } else { "CLOSED" };
                    Reply::Object(json!({"circuitBreakers": {"provider": {"state": state}}}))
                }
                "/actuator/circuitbreakerevents/provider/STATE_TRANSITION" => {
                    let event = |at: Timestamp| {
                        json!({"circuitBreakerName": "provider", "type": "STATE_TRANSITION",
                        "creationTime": at.to_string(), "stateTransition": "CLOSED_TO_OPEN"})
                    };
                    let events: Vec<_> = opened.into_iter().map(event).collect();
                    Reply::Object(json!({"circuitBreakerEvents": events}))
                }
                _ => Reply::Text(String::new()),
            });
            // The pods send no `Date`, so the API server adds its own.
            Reply::Dated(ahead, Box::new(reply))
        });
        let mut rig = Rig::begin("http://127.0.0.1:30080/invoke", Some(connection), &[]);
        let said = |reading: &Reading, state: BreakerState| {
            reading.breakers.first().is_some_and(|breaker| breaker.says == SourceClaim::State(state))
        };
        rig.reading(|reading| said(reading, BreakerState::Closed)).await;
        let at = *opened.get_or_init(Timestamp::now);
        let reading = rig.reading(|reading| said(reading, BreakerState::Open)).await;
        let moments: Vec<Timestamp> = reading.breakers[0].transitions.iter().map(|one| one.at).collect();
        assert_eq!(moments, [at], "{ahead}");
    }
}

#[tokio::test]
async fn a_denied_right_is_said_once_with_what_to_grant_and_the_users_address_is_asked() {
    let (connection, _) = answering(|asked| {
        cluster(asked, |pod, _| {
            let name = pod.split(':').next().unwrap_or_default();
            let message = format!(
                "pods \"{name}\" is forbidden: User \"u\" cannot get resource \"pods/proxy\" in API group \"\" in the namespace \"default\""
            );
            Reply::Refused(403, "Forbidden", message)
        })
    });
    let mut rig = Rig::begin("http://127.0.0.1:30080/invoke", Some(connection), &[]);
    let warning = rig.warning().await;
    assert!(warning.contains("pods/proxy") && warning.contains("chaos-tui rbac"), "{warning}");
}

#[tokio::test]
async fn the_admin_page_of_an_envoy_on_loopback_is_a_source() {
    let page = "# TYPE envoy_cluster_outlier_detection_ejections_active gauge\n\
        envoy_cluster_outlier_detection_ejections_active{envoy_cluster_name=\"provider\"} 1\n";
    let cluster = Cluster::of(&[("a", Fate::Page(page))]);
    let mut rig = Rig::begin("http://web/", Some(cluster.connection().await), &["9990/mine"]);
    let reading = rig.reading(|reading| reading.source.kind == SourceKind::Mesh).await;
    assert_eq!(
        (reading.source.place.as_str(), reading.source.pod.as_deref()),
        ("9901/stats/prometheus", Some("a"))
    );
    rig.reading(|reading| reading.source.place == "9990/mine").await;
}

#[tokio::test]
async fn a_port_that_no_pod_declares_is_asked_by_a_port_forward_alone_and_a_declared_one_by_the_proxy() {
    let (connection, asked) = answering(|asked| {
        cluster(asked, |_, path| match path {
            "/my/circuitbreakers" => {
                Reply::Object(json!({"circuitBreakers": {"provider": {"state": "HALF_OPEN"}}}))
            }
            _ => Reply::Text(String::new()),
        })
    });
    let mut rig =
        Rig::begin("http://127.0.0.1:30080/", Some(connection), &["9999/metrics", "8080/my/circuitbreakers"]);
    let warning = rig.warning().await;
    assert!(warning.starts_with("port 9999 of pod c-"), "{warning}");
    assert!(warning.contains("is not read: port-forward broken"), "{warning}");
    let reading = rig.reading(|reading| reading.source.kind == SourceKind::Actuator).await;
    assert_eq!(reading.source.place, "8080/my/circuitbreakers");
    assert_eq!(reading.breakers[0].says, SourceClaim::State(BreakerState::HalfOpen));
    drop(rig);
    assert!(asked.lock().unwrap().iter().all(|one| !one.path.contains(":9999")));
}

#[tokio::test]
async fn a_service_that_answers_every_path_does_not_hide_its_pages() {
    let page = "# TYPE breaker_state gauge\nbreaker_state{name=\"provider\",state=\"open\"} 1\n";
    let router = axum::Router::new()
        .route("/metrics", axum::routing::get(async move || page))
        .route("/prometheus", axum::routing::get(async || "ok"))
        .fallback(async || axum::Json(json!({"id": 7, "item": "bread"})));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/invoke", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut rig = Rig::begin(&url, None, &["/internal/nothing"]);
    let metrics = rig
        .reading(|reading| reading.source.kind == SourceKind::Metrics && !reading.breakers.is_empty())
        .await;
    assert_eq!(metrics.source.place, "/metrics");
    assert_eq!(metrics.breakers[0].says, SourceClaim::State(BreakerState::Open));
    // Beside it the page that was named is read, in any order.
    rig.reading(|reading| reading.source.kind == SourceKind::Health && reading.source.place == "/health")
        .await;
}

fn secretive() -> Access {
    let access = Access::default().with_header("authorization", "Bearer of-the-users").unwrap();
    access.with_header("x-crumb", "of-the-users").unwrap()
}

#[tokio::test]
async fn nothing_of_the_experiment_goes_to_the_api_server() {
    let (connection, asked) = answering(|asked| {
        cluster(asked, |_, path| match path {
            "/metrics" => Reply::Text("breaker_state{name=\"provider\",state=\"open\"} 1\n".to_owned()),
            _ => Reply::Text(String::new()),
        })
    });
    let users = "http://127.0.0.1:30080/invoke";
    let mut rig = Rig::asking(users, Some(connection), &["/internal/breakers"], secretive());
    rig.reading(|reading| reading.source.pod.is_some() && !reading.breakers.is_empty()).await;
    drop(rig);
    let asked = asked.lock().unwrap();
    let proxied: Vec<&RecordedRequest> = asked.iter().filter(|one| one.path.contains("/proxy/")).collect();
    assert!(!proxied.is_empty());
    for one in asked.iter() {
        assert!(!one.headers.iter().any(|(_, value)| value.contains("of-the-users")), "{one:?}");
    }
    for one in proxied {
        let names: Vec<&str> = one.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.iter().all(|name| ["accept", "user-agent", "host"].contains(name)), "{names:?}");
    }
}

#[tokio::test]
async fn the_users_headers_go_to_their_own_server_and_no_other() {
    let serve = async || {
        let seen = Arc::<std::sync::Mutex<Vec<bool>>>::default();
        let log = seen.clone();
        let router = axum::Router::new().fallback(async move |headers: axum::http::HeaderMap| {
            log.lock()
                .unwrap()
                .push(headers.contains_key("authorization") || headers.contains_key("x-crumb"));
            "breaker_state{name=\"provider\",state=\"open\"} 1\n"
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, seen)
    };
    let ((own, of_own), (other, of_other)) = (serve().await, serve().await);
    let named = [format!("{own}/first?token=geheim"), format!("{other}/second?token=geheim")];
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let mut rig = Rig::asking(&format!("{own}/invoke"), None, &named, secretive());
    for place in ["/first?token=…", "/second?token=…"] {
        rig.reading(|reading| reading.source.place == place && !reading.breakers.is_empty()).await;
    }
    drop(rig);
    assert!(of_own.lock().unwrap().iter().all(|sent| *sent));
    assert!(of_other.lock().unwrap().iter().all(|sent| !*sent) && !of_other.lock().unwrap().is_empty());
}

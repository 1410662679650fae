//! Tests of the ways to a Service, against a scripted API server and addresses of this machine.

use super::*;
use crate::cluster::fake_api::{RecordedRequest, Reply, answering};
use serde_json::{Value, json};

/// A cluster with this Service, whose node is this machine.
async fn reach(service: &Value, ingress: &Value, text: &str) -> Result<ReachedService, Error> {
    let (service, ingress) = (service.clone(), ingress.clone());
    let (connection, _) = answering(move |asked: &RecordedRequest| match asked.path.rsplit('/').next() {
        Some("services") if asked.path.contains("/shop/") => Reply::List("Service", vec![service.clone()]),
        Some("services") => Reply::List("Service", vec![]),
        Some("nodes") => Reply::List(
            "Node",
            vec![json!({"metadata": {"name": "n"}, "status": {"addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": "n"}]}})],
        ),
        Some("ingresses") if ingress.is_object() => Reply::List("Ingress", vec![ingress.clone()]),
        _ => Reply::Refused(403, "Forbidden", "ingresses is forbidden".to_owned()),
    });
    let namespaces = ["default".to_owned(), "shop".to_owned()];
    reach_named(&connection, &ServiceAddress::parse(text).unwrap(), &namespaces, &Forwards::default()).await
}

fn service(node_port: u16, balancer: &Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"name": "web"}, "ports": [{"name": "dns", "port": 53, "protocol": "UDP"},
            {"name": "http", "port": 80, "nodePort": node_port}]},
        "status": {"loadBalancer": balancer}})
}

#[tokio::test]
async fn the_first_address_that_answers_is_used_else_a_port_forward() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let open = listener.local_addr().unwrap().port();
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let none = json!({});
    let node = reach(&service(open, &none), &Value::Null, "service/web/a").await.unwrap();
    assert_eq!((node.kind, node.url), (RouteKind::NodePort, format!("http://127.0.0.1:{open}")));
    assert_eq!((node.namespace.as_str(), node.forward.is_none()), ("shop", true));

    let forward = reach(&service(closed, &none), &Value::Null, "service/web.shop:http").await.unwrap();
    assert_eq!(
        (forward.kind, forward.to_string().as_str()),
        (RouteKind::PortForward, "port-forward to service/web")
    );
    assert!(forward.url.starts_with("http://127.0.0.1:"), "{}", forward.url);

    let mut balanced = service(closed, &json!({"ingress": [{"ip": "127.0.0.1"}]}));
    balanced["spec"]["ports"][1]["port"] = open.into();
    let balanced = reach(&balanced, &Value::Null, "service/web").await.unwrap();
    assert_eq!((balanced.kind, balanced.url), (RouteKind::LoadBalancer, format!("http://127.0.0.1:{open}")));

    let udp = reach(&service(open, &none), &Value::Null, "service/web:53").await.unwrap_err().to_string();
    assert!(udp.contains("no port 53"), "{udp}");
    let missing = reach(&service(open, &none), &Value::Null, "service/other").await.unwrap_err().to_string();
    assert!(missing.contains("default, shop"), "{missing}");
}

#[tokio::test]
async fn an_ingress_is_asked_by_its_host_or_at_its_address_with_the_host_as_a_header() {
    let found = async |host: &str, tls: &Value| {
        let ingress: Ingress = serde_json::from_value(json!({"metadata": {"name": "i"},
            "spec": {"tls": tls, "rules": [
                {"host": "other.invalid", "http": {"paths": [{"pathType": "Prefix", "path": "/",
                    "backend": {"service": {"name": "other", "port": {"number": 80}}}}]}},
                {"host": host, "http": {"paths": [{"pathType": "Prefix", "path": "/",
                    "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}))
        .unwrap();
        let ingress = serde_json::to_value(ingress).unwrap();
        let (connection, _) = answering(move |_| Reply::List("Ingress", vec![ingress.clone()]));
        let service: Service = serde_json::from_value(service(0, &json!({}))).unwrap();
        let port = service.spec.as_ref().unwrap().ports.as_ref().unwrap()[1].clone();
        let found = ingress_addresses(&connection, &service, &port).await;
        found.into_iter().map(|it| (it.url, it.host)).collect::<Vec<_>>()
    };
    let at = |url: &str, host: Option<&str>| vec![(url.to_owned(), host.map(str::to_owned))];
    assert_eq!(found("localhost", &json!([])).await, at("http://localhost", None));
    assert_eq!(found("localhost", &json!([{"hosts": ["localhost"]}])).await, at("https://localhost", None));
    assert_eq!(found("shop.invalid", &json!([])).await, at("http://192.0.2.7", Some("shop.invalid")));
    assert_eq!(found("shop.invalid", &json!([{"hosts": ["shop.invalid"]}])).await, vec![]);
    assert_eq!(found("*.invalid", &json!([])).await, at("http://192.0.2.7", None));
}

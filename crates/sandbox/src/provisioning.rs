//! Allocation of a Service's cluster IP and node ports. Done before the object is stored, so that the response to a
//! create request already contains them, as on a real cluster.

use super::{
    network::{NODE_PORTS, Network, ServiceKey},
    store::{Cause, Resource, Status},
};
use serde_json::{Value, json};

/// The annotation that explains why a Service got another node port than the requested one.
pub(super) const DISPLACED: &str = "chaos-tui/node-port-taken";

/// Completes a Service that is created (`before` is `None`) or changed. Repeated calls give the same result.
///
/// # Errors
/// Returns 422 where a real server refuses an address or port; 500 when this machine has no free address or port.
pub(super) fn provision_service(
    network: &Network,
    before: Option<&Value>,
    service: &mut Value,
) -> Result<(), Status> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&service["metadata"]["name"]);
    let key: ServiceKey = (text(&service["metadata"]["namespace"]), name.clone());
    let kind = service["spec"]["type"].as_str().unwrap_or("ClusterIP").to_owned();
    if kind == "ExternalName" {
        return Ok(());
    }
    if service["spec"]["clusterIP"] == "None" {
        service["spec"]["clusterIPs"] = json!(["None"]);
        return Ok(());
    }
    let failed = |error: super::network::NetworkError| Status::internal(error.to_string());
    let ports: Vec<u16> = service["spec"]["ports"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|port| u16::try_from(port["port"].as_u64()?).ok())
        .collect();
    let ip = network.cluster_ip(&key, &ports).map_err(failed)?.to_string();
    let asked = service["spec"]["clusterIP"].as_str().unwrap_or_default();
    if !asked.is_empty() && asked != ip {
        let (field, why) = match before {
            Some(_) => ("spec.clusterIPs[0]", "may not change once set"),
            None => ("spec.clusterIPs", "failed to allocate IP: the provided IP is not in the valid range"),
        };
        return Err(Status::invalid(
            Resource::Services,
            &name,
            vec![Cause::invalid(field, &json!(asked), why)],
        ));
    }
    service["spec"]["clusterIP"] = ip.as_str().into();
    service["spec"]["clusterIPs"] = json!([ip]);
    if kind == "NodePort" || kind == "LoadBalancer" {
        provision_node_ports(network, &key, service)
    } else {
        for port in service["spec"]["ports"].as_array_mut().into_iter().flatten() {
            port.as_object_mut().map(|port| port.shift_remove("nodePort"));
        }
        Ok(())
    }
}

fn provision_node_ports(network: &Network, key: &ServiceKey, service: &mut Value) -> Result<(), Status> {
    let mut displaced = Vec::new();
    for (place, port) in service["spec"]["ports"].as_array_mut().into_iter().flatten().enumerate() {
        let Some(number) = port["port"].as_u64().and_then(|port| u16::try_from(port).ok()) else { continue };
        let asked = port["nodePort"].as_u64().filter(|port| *port > 0);
        let refuse = |why: &str| {
            let cause = Cause::invalid(format!("spec.ports[{place}].nodePort"), &json!(asked), why);
            Err(Status::invalid(Resource::Services, &key.1, vec![cause]))
        };
        let asked_port = asked.map(|port| u16::try_from(port).unwrap_or(0));
        if asked_port.is_some_and(|port| !NODE_PORTS.contains(&port)) {
            return refuse(
                "provided port is not in the valid range. The range of valid ports is 30000-32767",
            );
        }
        let holder = asked_port.and_then(|port| network.node_port_owner(port));
        if holder.is_some_and(|holder| holder != *key) {
            return refuse("provided port is already allocated");
        }
        let given = network
            .node_port(key, number, asked_port)
            .map_err(|error| Status::internal(error.to_string()))?;
        if let Some(asked) = asked_port.filter(|asked| *asked != given) {
            displaced.push(format!(
                "node port {asked} is in use by another program on this machine; {given} is used instead"
            ));
        }
        port["nodePort"] = given.into();
    }
    let words = displaced.join("; ");
    if !words.is_empty() {
        service["metadata"]["annotations"][DISPLACED] = words.into();
    } else if let Some(annotations) = service["metadata"]["annotations"].as_object_mut() {
        annotations.shift_remove(DISPLACED);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::network::Delays, *};

    fn service(kind: &str, port: Value) -> Value {
        json!({
            "metadata": {"namespace": "default", "name": "web"},
            "spec": {"type": kind, "ports": [port]},
        })
    }

    #[tokio::test]
    async fn a_service_gets_an_address_and_keeps_it() {
        let network = Network::new(Delays::NONE);
        let mut created = service("ClusterIP", json!({"port": 8080}));
        provision_service(&network, None, &mut created).unwrap();
        let ip = created["spec"]["clusterIP"].clone();
        assert_eq!(created["spec"]["clusterIPs"], json!([ip]));
        let mut replaced = service("NodePort", json!({"port": 8080}));
        provision_service(&network, Some(&created), &mut replaced).unwrap();
        assert_eq!(replaced["spec"]["clusterIP"], ip);
        assert!(replaced["spec"]["ports"][0]["nodePort"].is_u64());
        let mut back = service("ClusterIP", replaced["spec"]["ports"][0].clone());
        provision_service(&network, Some(&replaced), &mut back).unwrap();
        assert!(back["spec"]["ports"][0]["nodePort"].is_null());
    }

    #[tokio::test]
    async fn what_a_real_server_refuses_is_refused() {
        let network = Network::new(Delays::NONE);
        let mut first = service("NodePort", json!({"port": 8080}));
        provision_service(&network, None, &mut first).unwrap();
        let held = first["spec"]["ports"][0]["nodePort"].clone();
        let mut second = service("NodePort", json!({"port": 8080, "nodePort": held}));
        second["metadata"]["name"] = "other".into();
        for (mut wrong, words) in [
            (second, "already allocated"),
            (service("NodePort", json!({"port": 8080, "nodePort": 80})), "valid range"),
        ] {
            let status = provision_service(&network, None, &mut wrong).unwrap_err();
            assert_eq!(status.code, 422);
            assert!(status.message.contains(words), "{}", status.message);
        }
        let mut moved = first.clone();
        moved["spec"]["clusterIP"] = "10.0.0.1".into();
        assert!(
            provision_service(&network, Some(&first), &mut moved)
                .unwrap_err()
                .message
                .contains("may not change")
        );
    }

    #[tokio::test]
    async fn a_node_port_in_use_elsewhere_is_replaced_and_explained() {
        let network = Network::new(Delays::NONE);
        let taken =
            (30000..30100).find_map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).ok()).unwrap();
        let asked = taken.local_addr().unwrap().port();
        let mut web = service("NodePort", json!({"port": 8080, "nodePort": asked}));
        provision_service(&network, None, &mut web).unwrap();
        assert_ne!(web["spec"]["ports"][0]["nodePort"], asked);
        let words = web["metadata"]["annotations"][DISPLACED].as_str().unwrap();
        assert!(words.starts_with(&format!("node port {asked} is in use")), "{words}");
        drop(taken);
        let mut again = web.clone();
        again["spec"]["ports"][0]["nodePort"] = asked.into();
        provision_service(&network, Some(&web), &mut again).unwrap();
        assert_eq!(again["spec"]["ports"][0]["nodePort"], asked, "once it is free it is given");
        assert!(again["metadata"]["annotations"][DISPLACED].is_null());
    }

    #[tokio::test]
    async fn services_without_an_address_are_left_alone() {
        let network = Network::new(Delays::NONE);
        let mut external = service("ExternalName", json!({"port": 80}));
        provision_service(&network, None, &mut external).unwrap();
        assert!(external["spec"]["clusterIP"].is_null());
        let mut headless = service("ClusterIP", json!({"port": 80}));
        headless["spec"]["clusterIP"] = "None".into();
        provision_service(&network, None, &mut headless).unwrap();
        assert_eq!(headless["spec"]["clusterIPs"], json!(["None"]));
    }
}

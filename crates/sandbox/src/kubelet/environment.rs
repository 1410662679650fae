//! The environment variables of a container: Services, the manifest's variables, and the listen address.

use crate::{
    network::{Network, PodAddress},
    store::{Object, Resource, Selectors, Store},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The port of a container that declares none: the default port of the built-in images.
const DEFAULT_PORT: u16 = 8080;

/// Returns the ports on which a container may listen: its declared ports and the value of its `PORT` variable.
pub(super) fn ports(container: &Value) -> Vec<u16> {
    let number = |value: &Value| u16::try_from(value.as_u64()?).ok();
    let declared = container["ports"].as_array().into_iter().flatten();
    let mut ports: Vec<u16> = declared.filter_map(|port| number(&port["containerPort"])).collect();
    let variables = container["env"].as_array().into_iter().flatten();
    let port_variable = variables
        .filter(|variable| variable["name"] == "PORT")
        .find_map(|v| v["value"].as_str()?.parse().ok());
    ports.extend(port_variable.filter(|port| !ports.contains(port)));
    if ports.is_empty() {
        ports.push(DEFAULT_PORT);
    }
    ports
}

/// Returns the environment variables of a container's process.
///
/// # Errors
/// Returns a message for the pod's status when a variable cannot be resolved.
pub(super) fn of(
    store: &Store,
    network: &Network,
    pod: &Object,
    container: &Value,
    address: &PodAddress,
) -> Result<Vec<(String, String)>, String> {
    let value = pod.value();
    let mut variables = BTreeMap::from([
        ("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("HOSTNAME".to_owned(), pod.name.clone()),
    ]);
    services(store, network, &pod.namespace, &mut variables);
    for source in container["envFrom"].as_array().into_iter().flatten() {
        from_config_map(store, &pod.namespace, source, &mut variables)?;
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = variable["name"].as_str().unwrap_or_default().to_owned();
        let content = match variable.get("valueFrom").filter(|source| source.is_object()) {
            Some(source) => referenced(store, &pod.namespace, &value, source, address)?,
            None => Some(expand(variable["value"].as_str().unwrap_or_default(), &variables)),
        };
        if let Some(content) = content {
            variables.insert(name, content);
        }
    }
    let port_variable = variables.get("PORT").and_then(|port| port.parse().ok());
    let port = port_variable.or_else(|| ports(container).first().copied()).unwrap_or(DEFAULT_PORT);
    variables.insert("PORT".to_owned(), address.port(port).to_string());
    variables.insert("POD_IP".to_owned(), address.ip().to_string());
    Ok(variables.into_iter().collect())
}

/// Adds the variables for the Services of the pod's namespace, and for the Service `kubernetes`.
fn services(store: &Store, network: &Network, namespace: &str, variables: &mut BTreeMap<String, String>) {
    let mut all = store.list(Resource::Services, Some(namespace), &Selectors::default()).objects;
    all.extend(store.get(Resource::Services, "default", "kubernetes"));
    for object in all {
        let service = object.value();
        let Some(ip) = service["spec"]["clusterIP"].as_str().filter(|ip| !ip.is_empty() && *ip != "None")
        else {
            continue;
        };
        let prefix = object.name.to_uppercase().replace(['-', '.'], "_");
        variables.insert(format!("{prefix}_SERVICE_HOST"), ip.to_owned());
        for (place, port) in service["spec"]["ports"].as_array().into_iter().flatten().enumerate() {
            let Some(number) = port["port"].as_u64().and_then(|port| u16::try_from(port).ok()) else {
                continue;
            };
            let real = network.service_socket(&object.key(), number).map_or(number, |socket| socket.port());
            if place == 0 {
                variables.insert(format!("{prefix}_SERVICE_PORT"), real.to_string());
                variables.insert(format!("{prefix}_PORT"), format!("tcp://{ip}:{real}"));
            }
            if let Some(name) = port["name"].as_str() {
                let name = name.to_uppercase().replace('-', "_");
                variables.insert(format!("{prefix}_SERVICE_PORT_{name}"), real.to_string());
            }
            let link = format!("{prefix}_PORT_{number}_TCP");
            variables.insert(format!("{link}_ADDR"), ip.to_owned());
            variables.insert(format!("{link}_PORT"), real.to_string());
            variables.insert(format!("{link}_PROTO"), "tcp".to_owned());
            variables.insert(link, format!("tcp://{ip}:{real}"));
        }
    }
}

fn from_config_map(
    store: &Store,
    namespace: &str,
    source: &Value,
    variables: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let Some(name) = source["configMapRef"]["name"].as_str() else {
        return Err("the sandbox supports envFrom for ConfigMaps only".to_owned());
    };
    let Some(map) = store.get(Resource::ConfigMaps, namespace, name) else {
        return if source["configMapRef"]["optional"] == true {
            Ok(())
        } else {
            Err(format!("configmap \"{name}\" not found"))
        };
    };
    let prefix = source["prefix"].as_str().unwrap_or_default();
    for (key, value) in map.value()["data"].as_object().into_iter().flatten() {
        variables.insert(format!("{prefix}{key}"), value.as_str().unwrap_or_default().to_owned());
    }
    Ok(())
}

/// Resolves a `valueFrom`; `None` when the value is optional and does not exist.
fn referenced(
    store: &Store,
    namespace: &str,
    pod: &Value,
    source: &Value,
    address: &PodAddress,
) -> Result<Option<String>, String> {
    if let Some(path) = source["fieldRef"]["fieldPath"].as_str() {
        return field(pod, path, address).map(Some);
    }
    let reference = &source["configMapKeyRef"];
    let (Some(name), Some(key)) = (reference["name"].as_str(), reference["key"].as_str()) else {
        return Err("the sandbox supports valueFrom for fields and ConfigMaps only".to_owned());
    };
    let map = store.get(Resource::ConfigMaps, namespace, name);
    let found = map.as_ref().and_then(|map| map.value()["data"][key].as_str().map(str::to_owned));
    match found {
        None if reference["optional"] == true => Ok(None),
        None if map.is_none() => Err(format!("configmap \"{name}\" not found")),
        None => Err(format!("couldn't find key {key} in ConfigMap {namespace}/{name}")),
        found => Ok(found),
    }
}

fn field(pod: &Value, path: &str, address: &PodAddress) -> Result<String, String> {
    let text = |value: &Value| Ok(value.as_str().unwrap_or_default().to_owned());
    match path {
        "status.podIP" | "status.podIPs" => Ok(address.ip().to_string()),
        "status.hostIP" | "status.hostIPs" => Ok("127.0.0.1".to_owned()),
        "metadata.name"
        | "metadata.namespace"
        | "metadata.uid"
        | "spec.nodeName"
        | "spec.serviceAccountName" => {
            text(pod.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null))
        }
        _ => {
            let key = |kind: &str| path.strip_prefix(&format!("metadata.{kind}['"))?.strip_suffix("']");
            match (key("labels"), key("annotations")) {
                (Some(key), _) => text(&pod["metadata"]["labels"][key]),
                (_, Some(key)) => text(&pod["metadata"]["annotations"][key]),
                _ => Err(format!("the sandbox does not support the field {path}")),
            }
        }
    }
}

/// Replaces `$(NAME)` by the value of a variable that is already defined; `$$` yields `$`.
fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        rest = if let Some((name, behind)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match variables.get(name) {
                Some(value) => result.push_str(value),
                None => result.push_str(&format!("$({name})")),
            }
            behind
        } else {
            result.push('$');
            after.strip_prefix('$').unwrap_or(after)
        };
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Delays;
    use serde_json::json;

    #[test]
    fn ports_are_declared_or_told_or_the_default() {
        for (container, expected) in [
            (json!({}), vec![8080]),
            (json!({"ports": [{"containerPort": 80}, {"containerPort": 81}]}), vec![80, 81]),
            (
                json!({"ports": [{"containerPort": 80}], "env": [{"name": "PORT", "value": "9000"}]}),
                vec![80, 9000],
            ),
        ] {
            assert_eq!(ports(&container), expected, "{container}");
        }
    }

    #[test]
    fn references_to_other_variables_are_replaced() {
        let variables = BTreeMap::from([("HOST".to_owned(), "h".to_owned())]);
        for (text, expected) in
            [("http://$(HOST):80", "http://h:80"), ("$(NO)", "$(NO)"), ("$$(HOST) $", "$(HOST) $"), ("", "")]
        {
            assert_eq!(expand(text, &variables), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_container_is_told_of_services_fields_and_maps() {
        let store = Store::new();
        let create = |resource, name: &str, object: Value| {
            store.mutate(resource, "default", name, |_| Ok(Some(object))).unwrap().object().unwrap().clone()
        };
        create(
            Resource::Services,
            "my-provider-service",
            json!({"spec": {"clusterIP": "127.9.0.1", "ports": [{"name": "http", "port": 8080}]}}),
        );
        create(Resource::ConfigMaps, "settings", json!({"data": {"colour": "green"}}));
        let container = json!({
            "ports": [{"containerPort": 8080}],
            "envFrom": [{"configMapRef": {"name": "settings"}}],
            "env": [
                {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
                {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
                {"name": "URL", "value": "http://$(MY_PROVIDER_SERVICE_SERVICE_HOST)/"},
            ],
        });
        let pod = create(
            Resource::Pods,
            "a",
            json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}),
        );
        let network = Network::new(Delays::NONE);
        let address = network.allocate_address(&pod.uid, &[8080]).unwrap();
        let told: BTreeMap<_, _> =
            of(&store, &network, &pod, &container, &address).unwrap().into_iter().collect();
        for (name, expected) in [
            ("MY_PROVIDER_SERVICE_SERVICE_HOST", "127.9.0.1"),
            ("MY_PROVIDER_SERVICE_SERVICE_PORT", "8080"),
            ("MY_PROVIDER_SERVICE_PORT_8080_TCP_ADDR", "127.9.0.1"),
            ("NAME", "a"),
            ("LABEL", "web"),
            ("colour", "green"),
            ("COLOUR", "green"),
            ("URL", "http://127.9.0.1/"),
            ("PORT", &address.port(8080).to_string()),
            ("POD_IP", &address.ip().to_string()),
        ] {
            assert_eq!(told.get(name).map(String::as_str), Some(expected), "{name}");
        }
        let missing =
            json!({"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "no", "key": "k"}}}]});
        assert_eq!(of(&store, &network, &pod, &missing, &address).unwrap_err(), "configmap \"no\" not found");
    }
}

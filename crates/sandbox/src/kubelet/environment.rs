//! The environment variables of a container: Services, the manifest's variables, and the listen address.

use crate::{
    network::{Network, PodAddress},
    store::{Object, Resource, Selectors, Store},
};
use base64::{Engine, prelude::BASE64_STANDARD};
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
) -> Result<BTreeMap<String, String>, String> {
    let value = pod.value();
    let mut variables = BTreeMap::from([
        ("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("HOSTNAME".to_owned(), pod.name.clone()),
    ]);
    services(store, network, &pod.namespace, &mut variables);
    for source in container["envFrom"].as_array().into_iter().flatten() {
        from_map(store, &pod.namespace, source, &mut variables)?;
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
    Ok(variables)
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

/// Adds all values of a `ConfigMap` or Secret (`envFrom`).
fn from_map(
    store: &Store,
    namespace: &str,
    source: &Value,
    variables: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let Some((reference, kind)) = reference(source, ["configMapRef", "secretRef"]) else {
        return Err("the sandbox supports envFrom for ConfigMaps and Secrets only".to_owned());
    };
    let prefix = source["prefix"].as_str().unwrap_or_default();
    match kind.find(store, namespace, reference) {
        Ok(map) => {
            for (key, value) in map["data"].as_object().into_iter().flatten() {
                variables.insert(format!("{prefix}{key}"), kind.text(value));
            }
            Ok(())
        }
        Err(_) if reference["optional"] == true => Ok(()),
        Err(why) => Err(why),
    }
}

/// The kinds of objects with values for variables.
#[derive(Clone, Copy)]
enum MapKind {
    ConfigMap,
    Secret,
}

/// Returns the part of a variable's source that refers to a `ConfigMap` (the first key) or a Secret (the second).
fn reference<'a>(source: &'a Value, keys: [&str; 2]) -> Option<(&'a Value, MapKind)> {
    let [map, secret] = keys.map(|key| &source[key]);
    let found = [(map, MapKind::ConfigMap), (secret, MapKind::Secret)];
    found.into_iter().find(|(reference, _)| reference["name"].is_string())
}

impl MapKind {
    fn resource(self) -> Resource {
        match self {
            Self::ConfigMap => Resource::ConfigMaps,
            Self::Secret => Resource::Secrets,
        }
    }

    fn find(self, store: &Store, namespace: &str, reference: &Value) -> Result<Value, String> {
        let name = reference["name"].as_str().unwrap_or_default();
        let map = store.get(self.resource(), namespace, name);
        let word = self.resource().descriptor().singular;
        map.map(|map| map.value()).ok_or_else(|| format!("{word} \"{name}\" not found"))
    }

    /// Returns a value as text; the values of Secrets are stored in base64.
    fn text(self, value: &Value) -> String {
        let text = value.as_str().unwrap_or_default();
        match self {
            Self::ConfigMap => text.to_owned(),
            Self::Secret => {
                let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    }
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
    let Some((reference, kind)) = reference(source, ["configMapKeyRef", "secretKeyRef"]) else {
        return Err("the sandbox supports valueFrom for fields, ConfigMaps and Secrets only".to_owned());
    };
    let (name, key) = (&reference["name"], reference["key"].as_str().unwrap_or_default());
    let found = kind.find(store, namespace, reference).and_then(|map| match &map["data"][key] {
        Value::Null => {
            let (word, name) = (kind.resource().kind(), name.as_str().unwrap_or_default());
            Err(format!("couldn't find key {key} in {word} {namespace}/{name}"))
        }
        value => Ok(kind.text(value)),
    });
    match found {
        Err(_) if reference["optional"] == true => Ok(None),
        found => found.map(Some),
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
pub(super) fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
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
        create(Resource::Secrets, "db", json!({"data": {"password": "czM="}}));
        let container = json!({
            "ports": [{"containerPort": 8080}],
            "envFrom": [
                {"configMapRef": {"name": "settings"}},
                {"secretRef": {"name": "db"}, "prefix": "DB_"},
                {"secretRef": {"name": "no", "optional": true}},
            ],
            "env": [
                {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
                {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
                {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                {"name": "NOT", "valueFrom": {"secretKeyRef": {"name": "no", "key": "k", "optional": true}}},
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
        let told = of(&store, &network, &pod, &container, &address).unwrap();
        for (name, expected) in [
            ("MY_PROVIDER_SERVICE_SERVICE_HOST", "127.9.0.1"),
            ("MY_PROVIDER_SERVICE_SERVICE_PORT", "8080"),
            ("MY_PROVIDER_SERVICE_PORT_8080_TCP_ADDR", "127.9.0.1"),
            ("NAME", "a"),
            ("LABEL", "web"),
            ("colour", "green"),
            ("COLOUR", "green"),
            ("PASSWORD", "s3"),
            ("DB_password", "s3"),
            ("URL", "http://127.9.0.1/"),
            ("PORT", &address.port(8080).to_string()),
            ("POD_IP", &address.ip().to_string()),
        ] {
            assert_eq!(told.get(name).map(String::as_str), Some(expected), "{name}");
        }
        assert_eq!(told.get("NOT"), None);
        for (source, expected) in [
            (json!({"configMapKeyRef": {"name": "no", "key": "k"}}), "configmap \"no\" not found"),
            (json!({"secretKeyRef": {"name": "no", "key": "k"}}), "secret \"no\" not found"),
            (json!({"secretKeyRef": {"name": "db", "key": "k"}}), "couldn't find key k in Secret default/db"),
        ] {
            let missing = json!({"env": [{"name": "X", "valueFrom": source}]});
            assert_eq!(of(&store, &network, &pod, &missing, &address).unwrap_err(), expected);
        }
        let missing = json!({"envFrom": [{"secretRef": {"name": "no"}}]});
        assert_eq!(of(&store, &network, &pod, &missing, &address).unwrap_err(), "secret \"no\" not found");
    }
}

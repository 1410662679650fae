//! A replacement for a Gremlin shutdown attack if Gremlin is not available: deletes the pods that the attack would hit.

use super::preview::{containers, number};
use crate::{cluster::Connection, provider::kubernetes::kit::save_containers};
use pyvalue::{Map, Value};

/// The provider of an action that deletes pods of the one workload whose containers the attack names. `None` for
/// attacks that leave their containers running, and if the workload cannot be determined.
pub async fn substitute_action(arguments: &Map, connection: &Connection) -> Option<Map> {
    let command = arguments.get("command").and_then(|command| command.get("type")).and_then(Value::as_str);
    let (namespace, names) = containers(arguments);
    if command != Some("shutdown") || names.is_empty() {
        return None;
    }
    let saved = save_containers(connection, &namespace, &names).await.ok()??;
    let mut selectors = saved.manifests.iter().filter_map(|manifest| manifest.selector());
    let selector = selectors.next().filter(|_| selectors.next().is_none())?;
    let mut chosen = Map::from_iter([("label_selector".to_owned(), selector.into())]);
    match number(arguments) {
        Some(number) => {
            chosen.insert("qty".to_owned(), Value::Int(i64::try_from(number).ok()?));
            chosen.insert("rand".to_owned(), true.into());
        }
        None => drop(chosen.insert("all".to_owned(), true.into())),
    }
    chosen.insert("ns".to_owned(), namespace.into());
    let provider = [
        ("type", "python".into()),
        ("module", "chaosk8s.pod.actions".into()),
        ("func", "terminate_pods".into()),
        ("arguments", Value::Map(chosen)),
    ];
    Some(provider.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

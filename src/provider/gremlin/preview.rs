//! Predicts the effect of an attack from its arguments and the cluster.

use crate::{
    cluster::Connection,
    provider::kubernetes::preview::{CardDraft, on_containers},
};
use pyvalue::{Map, Value};

/// The default namespace of the containers; a label may name another one.
const NAMESPACE: &str = "default";

/// Builds the target card of an attack. Gremlin itself chooses the container; the card shows all candidates.
pub(crate) async fn preview(arguments: &Map, connection: Option<&Connection>) -> CardDraft {
    let command = arguments.get("command").and_then(|command| command.get("type")).and_then(Value::as_str);
    let command = command.unwrap_or("attack");
    let (namespace, names) = containers(arguments);
    let looked_up = match (connection, command) {
        (_, _) if names.is_empty() => {
            Err("it selects no container: Gremlin chooses among its hosts".to_owned())
        }
        (None, _) => Err("no cluster is connected".to_owned()),
        (Some(connection), _) => on_containers(connection, &namespace, &names, number(arguments)).await,
    };
    match looked_up {
        Ok(draft) if command == "shutdown" => {
            CardDraft { headline: format!("{}, through Gremlin's shutdown", draft.headline), ..draft }
        }
        Ok(draft) => CardDraft {
            headline: format!("ATTACK with Gremlin: {command}"),
            consequences: vec!["the containers keep running during the attack".to_owned()],
            comes_back: "when the attack ends".to_owned(),
            undo: "halt it in Gremlin; rollbacks".to_owned(),
            ..draft
        },
        Err(why) => CardDraft {
            headline: format!("ATTACK with Gremlin: {command}"),
            objects: names.clone(),
            share: None,
            consequences: vec![why],
            comes_back: "not known".to_owned(),
            undo: "halt it in Gremlin; rollbacks".to_owned(),
            confirm: names.into_iter().next().unwrap_or_default(),
        },
    }
}

/// The labels of the target, in the API format of 2017 and in the current one.
fn labels(arguments: &Map) -> impl Iterator<Item = (&String, &Value)> {
    let today = || arguments.get("target")?.get("containers")?.get("multiSelectLabels");
    [arguments.get("labels"), today()].into_iter().flatten().filter_map(Value::as_map).flatten()
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    value
        .as_list()
        .unwrap_or(std::slice::from_ref(value))
        .iter()
        .filter_map(|value| value.as_str().map(str::to_owned))
}

/// The names of the containers that an attack selects.
pub(crate) fn container_names(arguments: &Map) -> Vec<String> {
    labels(arguments)
        .filter(|(key, _)| key.ends_with("container.name"))
        .flat_map(|(_, value)| texts(value))
        .collect()
}

/// The namespace and the names of the containers that an attack selects from.
pub(crate) fn containers(arguments: &Map) -> (String, Vec<String>) {
    let namespace = label(arguments, "pod.namespace").unwrap_or_else(|| NAMESPACE.to_owned());
    (namespace, container_names(arguments))
}

fn label(arguments: &Map, ending: &str) -> Option<String> {
    labels(arguments).find(|(key, _)| key.ends_with(ending)).and_then(|(_, value)| texts(value).next())
}

/// The number of targets: 1 for a random target in the API format of 2017, `exact` if it is given; `None` means all.
pub(super) fn number(arguments: &Map) -> Option<usize> {
    let target = arguments.get("target")?;
    match target.get("exact") {
        Some(Value::Int(exact)) => usize::try_from(*exact).ok(),
        _ => (target.get("type").and_then(Value::as_str) == Some("Random")).then_some(1),
    }
}

//! Title, description, tags, extensions: rules 2 to 5.

use super::invalid;
use crate::experiment::findings::Collector;
use pyvalue::{Map, Value, place::Place};

pub(super) fn check(experiment: &Map, collector: &mut Collector<'_>) {
    for (key, code) in [("title", "E-TITLE"), ("description", "E-DESC")] {
        if !experiment.get(key).is_some_and(Value::truthy) {
            let refusal = invalid(code, format!("experiment requires a {key}"));
            collector.refuse(
                Place::at("$").key(key),
                refusal.remedy(format!("add a `{key}` that says what this is about")),
            );
        }
    }
    tags(experiment.get("tags"), collector);
    extensions(experiment.get("extensions"), collector);
}

fn tags(tags: Option<&Value>, collector: &mut Collector<'_>) {
    let bad =
        || invalid("E-TAG", "experiment tags must be a non-empty string").remedy("write each tag as a text");
    match tags.filter(|tags| tags.truthy()) {
        None => {}
        // Python iterates a text character by character and a mapping key by key, so both pass.
        Some(Value::Text(_)) => {}
        Some(Value::Map(map)) if map.keys().all(|key| !key.is_empty()) => {}
        Some(Value::List(list)) => {
            for (index, tag) in list.iter().enumerate() {
                if tag.as_str().is_none_or(str::is_empty) {
                    collector.refuse(Place::at("$.tags").item(index), bad());
                }
            }
        }
        Some(Value::Map(_)) => collector.refuse("$.tags", bad()),
        Some(_) => collector.refuse_type("$.tags", "a list of texts"),
    }
}

fn extensions(extensions: Option<&Value>, collector: &mut Collector<'_>) {
    let path = &Place::at("$.extensions");
    let Some(extensions) = extensions.filter(|extensions| extensions.truthy()) else { return };
    let Some(list) = extensions.as_list() else {
        return collector.refuse_type(path, "a list of mappings, each with a `name`");
    };
    for (index, extension) in list.iter().enumerate() {
        let place = path.item(index);
        if extension.as_map().is_none() {
            collector.refuse_type(place, "a mapping with a `name`");
            continue;
        }
        match extension.get("name").filter(|name| name.truthy()) {
            Some(Value::Text(name)) if !name.trim().is_empty() => {}
            None | Some(Value::Text(_)) => {
                let refusal = invalid("E-EXT", "All extensions require a non-empty name");
                collector.refuse(place.key("name"), refusal.remedy("give the extension a `name`"));
            }
            Some(_) => collector.refuse_type(place.key("name"), "a text"),
        }
    }
}

//! Builds the typed experiment from the tree of values.

use super::{
    Activity, ActivityDefect, ActivityKind, Control, Entry, Hypothesis, NotRunnable, Pauses, Provider,
    ProviderKind, model::name_of,
};
use pyvalue::{Map, Value, place::Place};
use std::collections::HashMap;

/// The activities that a `ref` can name. If several have the same name, the last one wins; hypothesis probes come after
/// the method (format 8.3).
pub(super) struct NamedActivities<'a>(HashMap<&'a str, Declared<'a>, foldhash::fast::RandomState>);

/// A full declaration: its list, its index in the list, and its mapping.
type Declared<'a> = (&'static Place<'static>, usize, &'a Map);

impl<'a> NamedActivities<'a> {
    pub(super) fn of(experiment: &'a Map) -> Self {
        let mut named = HashMap::default();
        for (entries, list) in [(method(experiment), &METHOD), (probes(experiment), &PROBES)] {
            for (index, entry) in entries.iter().enumerate() {
                let name = entry.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
                if let (Some(map), Some(name)) = (entry.as_map(), name) {
                    named.insert(name, (list, index, map));
                }
            }
        }
        Self(named)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }
}

pub(super) static METHOD: Place<'static> = Place::at("$.method");
pub(super) static PROBES: Place<'static> = Place::at("$.steady-state-hypothesis.probes");
pub(super) static ROLLBACKS: Place<'static> = Place::at("$.rollbacks");

/// All entries of the three lists of activities: the list, the index, and the entry.
pub(super) fn activities(experiment: &Map) -> impl Iterator<Item = (&'static Place<'static>, usize, &Value)> {
    let lists =
        [(probes(experiment), &PROBES), (method(experiment), &METHOD), (rollbacks(experiment), &ROLLBACKS)];
    lists.into_iter().flat_map(|(entries, list)| {
        entries.iter().enumerate().map(move |(index, entry)| (list, index, entry))
    })
}

pub(super) fn method(experiment: &Map) -> &[Value] {
    list(experiment.get("method"))
}

pub(super) fn probes(experiment: &Map) -> &[Value] {
    list(experiment.get("steady-state-hypothesis").and_then(|hypothesis| hypothesis.get("probes")))
}

pub(super) fn rollbacks(experiment: &Map) -> &[Value] {
    list(experiment.get("rollbacks"))
}

pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}

/// The hypothesis, unless there is none or it is empty.
pub(super) fn hypothesis(experiment: &Map, named: &NamedActivities<'_>) -> Option<Hypothesis> {
    let raw = experiment.get("steady-state-hypothesis")?.as_map().filter(|raw| !raw.is_empty())?;
    let title = raw.get("title").map_or_else(|| "None".to_owned(), pyvalue::python_text);
    let probes = entries(probes(experiment), &PROBES, named);
    Some(Hypothesis { raw: raw.clone(), title, probes, controls: Control::list(raw.get("controls")) })
}

/// The entries of a list of activities.
pub(super) fn entries(declared: &[Value], list: &Place<'_>, named: &NamedActivities<'_>) -> Vec<Entry> {
    let numbered = declared.iter().enumerate();
    numbered.map(|(index, value)| entry(value, list.item(index).to_string(), named)).collect()
}

fn entry(value: &Value, place: String, named: &NamedActivities<'_>) -> Entry {
    let Some(declared) = value.as_map() else {
        let activity = unplayable(format!("{place} is no mapping, so there is nothing to run"));
        return Entry { declared: Map::default(), reference: None, activity, background: false, place };
    };
    let reference = declared.get("ref").filter(|reference| reference.truthy());
    let activity = match reference {
        None => Ok(flawed(declared, &place)),
        Some(Value::Text(name)) => match named.0.get(name.as_str()) {
            Some((list, index, target)) => activity(target, &list.item(*index).to_string()),
            None => unplayable(format!("could not find referenced activity '{name}'")),
        },
        Some(other) => {
            unplayable(format!("could not find referenced activity '{}'", pyvalue::python_text(other)))
        }
    };
    let tolerance = declared.get("tolerance").cloned();
    Entry {
        declared: declared.clone(),
        reference: reference.map(pyvalue::python_text),
        activity: activity.map(|activity| Activity { tolerance, ..activity }),
        background: declared.get("background").is_some_and(Value::truthy),
        place,
    }
}

fn unplayable(message: String) -> Result<Activity, NotRunnable> {
    Err(NotRunnable { message })
}

/// Builds an activity from a full declaration; the error is the reason why it cannot be run.
pub(super) fn activity(raw: &Map, place: &str) -> Result<Activity, NotRunnable> {
    let activity = flawed(raw, place);
    match &activity.flaw {
        None => Ok(activity),
        Some(flaw) => Err(flaw.why().clone()),
    }
}

/// Builds an activity from a full declaration; a missing or unknown part is recorded in `flaw`.
pub(super) fn flawed(raw: &Map, place: &str) -> Activity {
    let name = name_of(raw);
    let missing = |what: &str| NotRunnable { message: format!("activity '{name}' at {place} {what}") };
    let declared_kind = raw.get("type").and_then(Value::as_str);
    let provider = raw.get("provider").and_then(Value::as_map);
    let declared_provider = provider.and_then(|provider| provider.get("type"));
    let provider_kind = match declared_provider.and_then(Value::as_str) {
        Some("http") => Some(ProviderKind::Http),
        Some("process") => Some(ProviderKind::Process),
        Some("python") => Some(ProviderKind::Python),
        _ => None,
    };
    let flaw = match (declared_kind, provider, declared_provider, provider_kind) {
        (None, ..) => Some(ActivityDefect::MissingType(missing("has no type"))),
        (_, None, ..) => Some(ActivityDefect::MissingProvider(missing("has no provider"))),
        (_, _, None, _) => Some(ActivityDefect::MissingProvider(missing("has a provider without type"))),
        (_, _, Some(other), None) => {
            let unknown = format!("has the unknown provider type '{}'", pyvalue::python_text(other));
            Some(ActivityDefect::UnknownProvider(missing(&unknown)))
        }
        (.., Some(_)) => None,
    };
    Activity {
        kind: if declared_kind == Some("probe") { ActivityKind::Probe } else { ActivityKind::Action },
        provider: Provider {
            kind: provider_kind.unwrap_or(ProviderKind::Python),
            raw: provider.cloned().unwrap_or_default(),
        },
        tolerance: raw.get("tolerance").cloned(),
        background: raw.get("background").is_some_and(Value::truthy),
        pauses: Pauses(raw.get("pauses").cloned()),
        controls: Control::list(raw.get("controls")),
        dry: raw.get("dry").cloned(),
        place: place.to_owned(),
        raw: raw.clone(),
        flaw,
        name,
    }
}

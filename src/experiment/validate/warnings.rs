//! Warnings about experiments that run, but probably not as intended.

use super::{CachedChecks, KEY, suggest};
use crate::experiment::{
    Described,
    build::{self, NamedActivities},
    findings::Collector,
    signatures::Advice,
};
use pyvalue::{Map, Part, Value, place::Place};
use std::collections::{HashMap, HashSet};

const MAPPING_ARGUMENTS: &str = "Process arguments should now be a list to keep the ordering of the arguments. \
    Dictionary arguments are deprecated for process activities.";
const VAULT_PATH: &str = "Vault secrets must now specify the `path` property. The `key` property is now a key of a \
    Vault secret rather than the actual path. For instance: {'my-key': {'type': 'vault', 'key': 'foo'}} now becomes: \
    {'my-key': {'type': 'vault', 'path': 'foo'}}";

/// The reference's two deprecation warnings.
pub(super) fn deprecated(experiment: &Map, collector: &mut Collector<'_>) {
    let mapping = activities(experiment).find(|(_, _, activity)| {
        let provider = activity.get("provider");
        provider.and_then(|provider| provider.get("type")).and_then(Value::as_str) == Some("process")
            && provider
                .and_then(|provider| provider.get("arguments"))
                .is_some_and(|given| given.as_map().is_some())
    });
    if let Some((_, path, _)) = mapping {
        let provider = path.key("provider");
        let place = provider.key("arguments");
        let said = Some(MAPPING_ARGUMENTS.to_owned());
        collector.warn_as(
            "W-PROC-MAPPING",
            place,
            Part::Value,
            MAPPING_ARGUMENTS,
            "write a list of texts",
            said,
        );
    }
    let scopes = experiment.get("secrets").and_then(Value::as_map);
    let secrets = Place::at("$.secrets");
    for (scope, names) in scopes.into_iter().flatten() {
        for (name, secret) in names.as_map().into_iter().flatten() {
            let vault = secret.get("type").and_then(Value::as_str) == Some("vault");
            if vault && secret.get("key").is_some() && secret.get("path").is_none() {
                let scope = secrets.key(scope);
                let place = scope.key(name);
                let said = Some(VAULT_PATH.to_owned());
                collector.warn_as("W-VAULT-PATH", place, Part::Value, VAULT_PATH, "add `path`", said);
            }
        }
    }
}

/// The warnings that only chaos-tui reports.
pub(super) async fn check(
    experiment: &Map,
    named: &NamedActivities<'_>,
    memo: &CachedChecks<'_>,
    collector: &mut Collector<'_>,
) {
    endpoint(experiment, collector);
    unknown_references(experiment, named, collector);
    ambiguous_names(experiment, collector);
    for (list, path, activity) in activities(experiment) {
        ignored_keys(list, &path, activity, collector);
    }
    functions(experiment, memo, collector).await;
}

/// All full activities with their list and JSON path: hypothesis, method, rollbacks.
fn activities(experiment: &Map) -> impl Iterator<Item = (&'static Place<'static>, Place<'static>, &Map)> {
    let full = build::activities(experiment);
    full.filter_map(|(list, index, activity)| Some((list, list.item(index), activity.as_map()?)))
}

/// Warns about a hypothesis without a probe of a user-facing HTTP endpoint.
fn endpoint(experiment: &Map, collector: &mut Collector<'_>) {
    let probes = build::probes(experiment);
    let http = |probe: &Value| {
        let kind = probe.get("provider").and_then(|provider| provider.get("type")).and_then(Value::as_str);
        kind == Some("http") || probe.get("ref").is_some_and(|reference| !reference.is_null())
    };
    if !probes.is_empty() && !probes.iter().any(http) {
        let message = "no probe of the hypothesis requests a user-facing HTTP endpoint, so user impact may go unnoticed";
        let remedy = "add an http probe of what users call";
        collector.warn("W-SSH-NO-ENDPOINT", build::PROBES, KEY, message, remedy);
    }
}

/// Warns about references that pass validation but fail in the run.
fn unknown_references(experiment: &Map, named: &NamedActivities<'_>, collector: &mut Collector<'_>) {
    let lists =
        [(build::probes(experiment), &build::PROBES), (build::rollbacks(experiment), &build::ROLLBACKS)];
    for (list, path) in lists {
        for (index, activity) in list.iter().enumerate() {
            let Some(name) = activity.get("ref").and_then(Value::as_str) else { continue };
            if !named.contains(name) {
                let message = format!(
                    "no activity of the method or the hypothesis is called '{name}': the run ends here"
                );
                let otherwise = "name an activity, or declare it in full";
                let suggested = || suggest::did_you_mean(name, named.names(), otherwise);
                let remedy = collector.has_room().then(suggested).unwrap_or_default();
                let place = path.item(index);
                collector.warn("W-REF-UNKNOWN", place.key("ref"), Part::Value, message, remedy);
            }
        }
    }
}

fn text<'a>(activity: &'a Map, key: &str) -> Option<&'a str> {
    activity.get(key).and_then(Value::as_str)
}

/// Warns about a referenced name that several activities have.
fn ambiguous_names(experiment: &Map, collector: &mut Collector<'_>) {
    let used: HashSet<&str> =
        activities(experiment).filter_map(|(.., activity)| text(activity, "ref")).collect();
    if used.is_empty() {
        return;
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let referable = build::method(experiment).iter().chain(build::probes(experiment));
    for name in
        referable.filter_map(|activity| text(activity.as_map()?, "name")).filter(|name| used.contains(name))
    {
        *counts.entry(name).or_default() += 1;
    }
    let mut reported = HashSet::new();
    for (_, path, activity) in activities(experiment) {
        let Some(name) = text(activity, "ref") else { continue };
        if counts.get(name).is_some_and(|count| *count > 1) && reported.insert(name) {
            let message = format!("several activities are called '{name}'; this refers to the last one");
            let remedy = "give the activities different names";
            collector.warn("W-REF-AMBIGUOUS", path.key("ref"), Part::Value, message, remedy);
        }
    }
}

/// Warns about keys that have no effect although they look as if they had.
fn ignored_keys(list: &Place<'_>, path: &Place<'_>, activity: &Map, collector: &mut Collector<'_>) {
    if let Some(declared) = activity.get("dry")
        && !activity.get("ref").is_some_and(Value::truthy)
    {
        dry(path.key("dry"), declared, collector);
    }
    let mut ignored = |place: Place<'_>, code, message: &str, remedy: &str| {
        collector.warn(code, place, KEY, message, remedy);
    };
    if activity.get("ref").is_some_and(Value::truthy) {
        let used = ["ref", "background", "tolerance", "name"];
        for key in activity.keys().filter(|key| !used.contains(&key.as_str())) {
            let message = format!("'{key}' is ignored next to a `ref`: the target's value is used");
            ignored(path.key(key), "W-REF-IGNORED", &message, "move it to the target, or declare in full");
        }
    }
    if activity.contains_key("tolerance") && *list != build::PROBES {
        let message = "a tolerance is only looked at in the hypothesis; here it is ignored";
        ignored(path.key("tolerance"), "W-TOL-METHOD", message, "move the probe into the hypothesis");
    }
    if activity.get("timeout").is_some_and(|timeout| !timeout.is_null()) {
        let message = "an activity's own timeout has no effect";
        ignored(path.key("timeout"), "W-TIMEOUT", message, "move it under `provider`");
    }
    for key in ["secrets", "configuration"] {
        if activity.contains_key(key) {
            let message = format!("an activity's own {key} has no effect");
            ignored(
                path.key(key),
                "W-IGNORED",
                &message,
                "move `secrets` under `provider`; configuration is always there",
            );
        }
    }
    let Some(provider) = activity.get("provider").and_then(Value::as_map) else { return };
    let provider_place = path.key("provider");
    match provider.get("type").and_then(Value::as_str) {
        Some("http") if provider.contains_key("expected_status") => {
            let message = "`expected_status` has no effect";
            let remedy = "use a `tolerance` in the hypothesis";
            ignored(provider_place.key("expected_status"), "W-EXPECTED-STATUS", message, remedy);
        }
        Some("process") if provider.contains_key("env") => {
            let message = "a process's `env` has no effect: it inherits the environment";
            ignored(provider_place.key("env"), "W-PROC-ENV", message, "set the variables before the run");
        }
        _ => {}
    }
}

/// Warns about `dry`. The reference executes every activity with a `dry` key, whatever its value.
fn dry(place: Place<'_>, declared: &Value, collector: &mut Collector<'_>) {
    const WORDS: [&str; 4] = ["activities", "actions", "probes", "pause"];
    let known = |word: &str| WORDS.contains(&word);
    let (code, message, remedy) = match declared {
        Value::Text(word) if word == "pause" => (
            "W-DRY-IGNORED",
            "`dry: pause` has no effect on an activity",
            "leave it out, or run with --dry pause",
        ),
        Value::Text(word) if !word.is_empty() && !known(word) => (
            "W-DRY-WORD",
            "the activity is not executed: this value of `dry` is unknown and treated as true",
            "write true, actions or probes, or leave it out",
        ),
        other if other.truthy() => (
            "W-DRY",
            "the activity is not executed where its `dry` applies; `chaos run` executes it, whatever the value",
            "leave `dry` out to have it executed",
        ),
        _ => (
            "W-DRY-IGNORED",
            "this `dry` has no effect: `run --dry` still applies to the activity; only `chaos run` exempts it",
            "leave it out",
        ),
    };
    collector.warn(code, place, Part::Value, message, remedy);
}

/// Warns about known problems of the functions used, and about a lasting effect without rollbacks.
async fn functions(experiment: &Map, memo: &CachedChecks<'_>, collector: &mut Collector<'_>) {
    let mut lasting = None;
    for (list, path, activity) in activities(experiment) {
        let Some(provider) = activity.get("provider").and_then(Value::as_map) else { continue };
        let text = |key: &str| provider.get(key).and_then(Value::as_str);
        let ("python", Some(module), Some(func)) =
            (text("type").unwrap_or_default(), text("module"), text("func"))
        else {
            continue;
        };
        let Described::Function { advice, .. } = memo.function(module, func).await else {
            continue;
        };
        let provider = path.key("provider");
        let place = provider.key("func");
        for item in advice {
            match item {
                Advice::Broken(why) => {
                    let message = format!("{module}.{func} does not work: {why}");
                    collector.warn("W-FUNC-BROKEN", place, Part::Value, message, "use another function");
                }
                Advice::Deprecated(why) => {
                    let message = format!("{module}.{func} is deprecated: {why}");
                    collector.warn("W-FUNC-DEPRECATED", place, Part::Value, message, "use the newer one");
                }
                Advice::Lasting if *list == build::METHOD => {
                    lasting.get_or_insert_with(|| (place.to_string(), func.to_owned()));
                }
                Advice::Lasting => {}
            }
        }
    }
    if let Some((place, func)) = lasting
        && build::rollbacks(experiment).is_empty()
    {
        let message = format!("the effect of {func} remains after the run, and there are no rollbacks");
        collector.warn("W-NO-ROLLBACK", place, Part::Value, message, "add a rollback that reverts it");
    }
}

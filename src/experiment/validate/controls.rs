//! Rules 38 to 43: controls.

use super::{CachedChecks, KEY, refusal};
use crate::experiment::{ControlCheck, build, findings::Collector};
use pyvalue::{
    Map, Part, Value,
    place::{self, Place},
    python_text,
};
use std::collections::HashSet;

pub(super) async fn check(experiment: &Map, memo: &CachedChecks<'_>, collector: &mut Collector<'_>) {
    let mut declared = Vec::new();
    for (place, control) in all(experiment) {
        match control {
            Ok(control) => declared.push((place, control)),
            Err(expected) => collector.refuse_type(place, expected),
        }
    }
    let named: HashSet<String> = declared
        .iter()
        .filter(|(_, control)| !control.contains_key("ref"))
        .filter_map(|(_, control)| control.get("name").map(Value::to_json))
        .collect();
    for (place, control) in &declared {
        check_one(control, &Place::at(place), &named, memo, collector).await;
    }
}

/// What is wrong with the first declaration of controls that has the wrong kind, on which the reference crashes even
/// without validation: nothing may run without controls that were asked for.
pub fn malformed_controls(experiment: &Map) -> Option<String> {
    let wrong =
        |(place, control): (String, Result<_, _>)| Some(format!("`{place}` must be {}", control.err()?));
    all(experiment).into_iter().find_map(wrong)
}

/// All controls with their JSON paths, in the reference's order, or what must stand there instead.
fn all<'a>(experiment: &'a Map) -> Vec<(String, Result<&'a Map, &'static str>)> {
    let mut found = Vec::new();
    let mut take = |holder: Option<&'a Value>, path: &Place<'_>| {
        let Some(controls) = holder else { return };
        let place = path.key("controls");
        if controls.as_map().is_some_and(Map::is_empty) {
            return;
        }
        let Some(list) = controls.as_list() else {
            return found.push((
                place.to_string(),
                Err("a list of controls, each a mapping with `name` and `provider`"),
            ));
        };
        for (index, control) in list.iter().enumerate() {
            let place = place.item(index);
            found.push((place.to_string(), control.as_map().ok_or("a mapping with `name` and `provider`")));
        }
    };
    take(experiment.get("controls"), &place::ROOT);
    let hypothesis = experiment.get("steady-state-hypothesis");
    take(
        hypothesis.and_then(|hypothesis| hypothesis.get("controls")),
        &Place::at("$.steady-state-hypothesis"),
    );
    for (list, index, activity) in build::activities(experiment) {
        take(activity.get("controls"), &list.item(index));
    }
    found
}

async fn check_one(
    control: &Map,
    path: &Place<'_>,
    named: &HashSet<String>,
    memo: &CachedChecks<'_>,
    collector: &mut Collector<'_>,
) {
    let bad = |code, message: String| refusal(code, "InvalidControl", message);
    if let Some(reference) = control.get("ref").filter(|reference| !named.contains(&reference.to_json())) {
        let message = "Control reference '{}' declaration cannot be found".to_owned();
        let said = format!("no control is called '{}'", python_text(reference));
        let refusal = bad("E-CTL-REF", message).saying(said);
        collector.refuse(path.key("ref"), refusal.remedy("name a control that is declared in full"));
    }
    if !control.contains_key("name") {
        let refusal = bad("E-CTL-NAME", "A control must have a `name` property".to_owned());
        collector.refuse(path, refusal.remedy("give it a `name`"));
    }
    let name = control.get("name").map_or_else(|| "None".to_owned(), python_text);
    let provider_place = path.key("provider");
    let provider = match control.get("provider") {
        None => {
            let refusal = bad("E-CTL-PROV", format!("Control '{name}' must have a `provider` property"));
            collector.refuse(path, refusal.remedy("add `provider`: {type: python, module: ...}"));
            None
        }
        Some(Value::Map(provider)) => Some(provider),
        Some(_) => {
            collector.refuse_type(provider_place, "a mapping with a `type`");
            None
        }
    };
    let scope = control.get("scope").filter(|scope| scope.truthy());
    if scope.is_some_and(|scope| !matches!(scope.as_str(), Some("before" | "after"))) {
        let message = format!("Control '{name}' scope property must be 'before' or 'after' only");
        let remedy = "write before or after, or leave it out for both";
        collector.refuse(path.key("scope"), bad("E-CTL-SCOPE", message).remedy(remedy));
    }
    let Some(provider) = provider else { return };
    if provider.get("type").and_then(Value::as_str) != Some("python") {
        let message = "only python controls do anything; this one is ignored";
        return collector.warn("W-CTL-TYPE", provider_place, KEY, message, "use type: python");
    }
    let module_place = provider_place.key("module");
    match provider.get("module").filter(|module| module.truthy()) {
        None => {
            let message = format!("Control '{name}' must have a module path");
            let refusal = refusal("E-CTL-MODULE", "InvalidActivity", message);
            collector.refuse(module_place, refusal.remedy("add `module`"));
        }
        Some(Value::Text(module)) => ask(module, control, &name, module_place, memo, collector).await,
        Some(_) => collector.refuse_type(module_place, "a text"),
    }
}

async fn ask(
    module: &str,
    control: &Map,
    name: &str,
    place: Place<'_>,
    memo: &CachedChecks<'_>,
    collector: &mut Collector<'_>,
) {
    match memo.control(module, &Value::Map(control.clone())).await {
        ControlCheck::Accepted => {}
        ControlCheck::ImportError(reason) => {
            let message = format!(
                "Could not find Python module '{module}' in control '{name}'. Did you install the Python module? The \
                 experiment will carry on running nonetheless."
            );
            let remedy = format!("install the package that has it, or drop the control ({reason})");
            collector.warn_as("W-CTL-IMPORT", place, Part::Value, message.clone(), remedy, Some(message));
        }
        ControlCheck::Refused(message) => {
            let refusal = refusal("E-CTL-CUSTOM", "InvalidControl", message);
            collector
                .refuse(place, refusal.remedy("this is what the control itself says about its declaration"));
        }
        ControlCheck::Unknown => {
            let message = format!("the control module {module} was not checked: no Python is available");
            collector.warn("W-PY-UNKNOWN", place, Part::Value, message, "validate where Python is installed");
        }
    }
}

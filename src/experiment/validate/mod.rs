//! Checks all rules of experiment-format 3 and reports all findings at once, in the order of the reference's checks.

mod activity;
mod controls;
mod fields;
mod header;
mod memo;
mod provider;
mod suggest;
mod tolerance;
mod variables;
mod warnings;

use super::{
    Environment, Experiment, Signatures,
    build::{self, NamedActivities},
    findings::{Collector, Findings, Refusal},
};
pub use controls::malformed_controls;
use memo::CachedChecks;
use pyvalue::{Document, Map, Part, Value, place::Place};
pub use suggest::nearest;

/// The sources that validation queries.
#[derive(Clone, Copy)]
pub struct ValidationChecks<'a> {
    /// The variables for `env` entries, and `PATH`.
    pub environment: &'a Environment,
    /// Descriptions of Python functions and checks of controls.
    pub signatures: &'a dyn Signatures,
}

/// The result of validation.
#[derive(Debug)]
pub struct Validation {
    /// Errors and warnings.
    pub findings: Findings,
    /// The experiment if there are no errors, else the document.
    pub experiment: Result<Experiment, Box<Document>>,
}

/// Checks a document against every rule. No activity is run, but secrets are actually read and Python is actually
/// queried.
pub async fn validate(document: Document, means: ValidationChecks<'_>) -> Validation {
    let findings = check(&document, means).await;
    if !findings.valid() {
        return Validation { findings, experiment: Err(Box::new(document)) };
    }
    let experiment = Experiment::unchecked(document).map_err(|refused| refused.document);
    Validation { findings, experiment }
}

/// Like [`validate`], but returns only the findings, without an experiment to run.
pub async fn check(document: &Document, means: ValidationChecks<'_>) -> Findings {
    let mut collector = Collector::new(document);
    let root = document.root();
    match root.as_map().filter(|map| !map.is_empty()) {
        None => empty(root, &mut collector),
        Some(map) => {
            let checker = Checker { map, named: NamedActivities::of(map), memo: CachedChecks::new(means) };
            checker.check(&mut collector).await;
        }
    }
    collector.finish()
}

fn empty(root: &Value, collector: &mut Collector<'_>) {
    if root.truthy() {
        return collector.refuse_type("$", "a mapping with `title`, `description` and `method`");
    }
    collector.refuse(
        "$",
        invalid("E-EMPTY", "an empty experiment is not an experiment")
            .remedy("write at least `title`, `description` and `method`"),
    );
}

/// The inputs common to all rules.
struct Checker<'a> {
    map: &'a Map,
    named: NamedActivities<'a>,
    memo: CachedChecks<'a>,
}

impl Checker<'_> {
    async fn check(&self, collector: &mut Collector<'_>) {
        self.shapes(collector);
        header::check(self.map, collector);
        let configuration = variables::configuration(self.map, self.memo.environment(), collector);
        variables::secrets(self.map, &configuration, self.memo.environment(), collector).await;
        self.hypothesis(collector).await;
        if self.map.get("method").is_none() {
            let message = "an experiment requires a method, which can be empty for only checking steady state hypothesis ";
            let remedy = "add `method`; an empty list is enough";
            collector.refuse("$", invalid("E-METHOD", message).remedy(remedy));
        }
        for (index, activity) in build::method(self.map).iter().enumerate() {
            let place = build::METHOD.item(index);
            activity::check(activity, &place, &self.memo, collector).await;
            self.reference(activity, &place, collector);
        }
        for (index, activity) in build::rollbacks(self.map).iter().enumerate() {
            activity::check(activity, &build::ROLLBACKS.item(index), &self.memo, collector).await;
        }
        warnings::deprecated(self.map, collector);
        controls::check(self.map, &self.memo, collector).await;
        fields::check(self.map, collector);
        warnings::check(self.map, &self.named, &self.memo, collector).await;
    }

    /// Reports containers of the wrong type, on which the reference crashes before it checks any rule.
    fn shapes(&self, collector: &mut Collector<'_>) {
        let list = "a list of activities";
        for (key, path) in [("method", build::METHOD), ("rollbacks", build::ROLLBACKS)] {
            if let Some(value) = self.map.get(key) {
                activities_shape(value, &path, list, collector);
            }
        }
        match self.map.get("steady-state-hypothesis") {
            None => {}
            Some(Value::Map(hypothesis)) => match hypothesis.get("probes") {
                None => {}
                Some(probes) => activities_shape(probes, &build::PROBES, "a list of probes", collector),
            },
            Some(_) => {
                collector.refuse_type("$.steady-state-hypothesis", "a mapping with `title` and `probes`");
            }
        }
    }

    async fn hypothesis(&self, collector: &mut Collector<'_>) {
        let path = Place::at("$.steady-state-hypothesis");
        let Some(hypothesis) = self.map.get("steady-state-hypothesis").and_then(Value::as_map) else {
            return;
        };
        if !hypothesis.get("title").is_some_and(Value::truthy) {
            let remedy = "give the hypothesis a `title`";
            collector.refuse(
                path.key("title"),
                invalid("E-SSH-TITLE", "hypothesis requires a title").remedy(remedy),
            );
        }
        for (index, probe) in build::probes(self.map).iter().enumerate() {
            let path = build::PROBES.item(index);
            activity::check(probe, &path, &self.memo, collector).await;
            let Some(probe) = probe.as_map().filter(|probe| !probe.is_empty()) else { continue };
            let tolerance_place = path.key("tolerance");
            match probe.get("tolerance") {
                Some(tolerance) => tolerance::check(tolerance, &tolerance_place, &self.memo, collector).await,
                None => collector.refuse(
                    tolerance_place,
                    bad_activity("E-TOL-MISSING", "hypothesis probe must have a tolerance entry")
                        .remedy("add `tolerance`: 200 for an http probe, for example"),
                ),
            }
        }
    }

    /// Checks that a reference in the method names an existing activity.
    fn reference(&self, activity: &Value, path: &Place<'_>, collector: &mut Collector<'_>) {
        let Some(name) = activity.get("ref").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
            return;
        };
        if self.named.contains(name) {
            return;
        }
        let message = format!("referenced activity '{name}' could not be found in the experiment");
        let otherwise = "name an activity of the method or the hypothesis";
        let suggested = || suggest::did_you_mean(name, self.named.names(), otherwise);
        let remedy = collector.has_room().then(suggested).unwrap_or_default();
        collector.refuse(path.key("ref"), bad_activity("E-REF-UNKNOWN", message).remedy(remedy));
    }
}

fn activities_shape(value: &Value, path: &Place<'_>, expected: &str, collector: &mut Collector<'_>) {
    let Some(list) = value.as_list() else {
        // Callers pass only keys that are present; a null value is reported.
        return collector.refuse_type(path, expected);
    };
    for (index, item) in list.iter().enumerate() {
        let place = path.item(index);
        if item.as_map().is_none() {
            collector.refuse_type(place, "a mapping that declares an activity");
        }
        // The reference uses the names of activities as keys of a table for references.
        let name = item.get("name").filter(|_| *path != build::ROLLBACKS);
        if matches!(name, Some(Value::List(_) | Value::Map(_))) {
            collector.refuse_type(place.key("name"), "a text");
        }
    }
}

/// An `InvalidExperiment` error with the reference's message.
fn invalid(code: &'static str, message: impl Into<String>) -> Refusal {
    refusal(code, "InvalidExperiment", message)
}

/// An `InvalidActivity` error with the reference's message.
fn bad_activity(code: &'static str, message: impl Into<String>) -> Refusal {
    refusal(code, "InvalidActivity", message)
}

fn refusal(code: &'static str, class: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { code, class, reference: Some(message.into()), message: None, remedy: String::new() }
}

/// An error at a value on which the reference crashes.
fn crash(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { code, class: "", reference: None, message: Some(message.into()), remedy: String::new() }
}

impl Refusal {
    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Sets chaos-tui's own message instead of the reference's.
    fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

/// For findings whose position is the key of an entry.
const KEY: Part = Part::Key;

#[cfg(test)]
mod tests;

//! Lays out the experiment as a list of steps.

use super::{RunOptions, RunRequest, consent::needs_consent, dry::is_skipped};
use crate::{
    experiment::{Activity, ActivityKind, Entry, Experiment, ProviderKind, Secrets, substitute},
    provider::{Effect, Providers},
    session::event::{Plan, Section, Step, StepRef},
};
use pyvalue::{Map, Value, python_text};

/// Lays out a request in the order of its steps, without the hypothesis passes that its strategy leaves out.
pub(crate) fn plan(request: &RunRequest, providers: &Providers) -> Plan {
    steps_of_plan(&request.experiment, &request.options, &request.configuration, providers)
}

/// Lays out the current experiment, which controls may have changed.
pub(super) fn steps_of_plan(
    experiment: &Experiment,
    options: &RunOptions,
    configuration: &Map,
    providers: &Providers,
) -> Plan {
    let planner = Planner { options, configuration, providers };
    let probes = experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice()).unwrap_or_default();
    let parts = [
        (Section::Before, if options.hypothesis.before() { probes } else { &[] }),
        (Section::Method, experiment.method()),
        (Section::After, if options.hypothesis.after() { probes } else { &[] }),
        (Section::Rollbacks, experiment.rollbacks()),
    ];
    let title = substitute(experiment.title(), configuration, &Secrets::default());
    Plan {
        title: python_text(&title),
        hypothesis: experiment.hypothesis().map(|hypothesis| hypothesis.title.clone()),
        steps: parts.into_iter().flat_map(|(section, entries)| planner.steps(section, entries)).collect(),
    }
}

struct Planner<'a> {
    options: &'a RunOptions,
    configuration: &'a Map,
    providers: &'a Providers,
}

impl Planner<'_> {
    fn steps(&self, section: Section, entries: &[Entry]) -> Vec<Step> {
        let numbered = entries.iter().enumerate();
        numbered.map(|(index, entry)| self.step(StepRef { section, index }, entry)).collect()
    }

    fn step(&self, at: StepRef, entry: &Entry) -> Step {
        let activity = entry.activity.as_ref().ok();
        let configuration = self.configuration;
        let pretended = activity.is_some_and(|activity| is_skipped(activity, self.options.dry));
        let effect = match activity {
            Some(activity) if !pretended => self.providers.effect(activity),
            _ => Effect::Reads,
        };
        let hypothesis = matches!(at.section, Section::Before | Section::After);
        Step {
            at,
            name: activity.map_or_else(|| entry.name(), |activity| activity.name.clone()),
            kind: activity.map_or(ActivityKind::Probe, |activity| activity.kind),
            provider: activity.map_or(ProviderKind::Python, |activity| activity.provider.kind),
            label: activity.map(|activity| self.providers.label(activity, configuration)).unwrap_or_default(),
            reference: entry.reference.is_some(),
            background: entry.background && !hypothesis,
            destructive: needs_consent(effect, at.section),
            pretended,
            pause_before: activity.and_then(|activity| self.pause(activity, "before")),
            pause_after: activity.and_then(|activity| self.pause(activity, "after")),
            limit: activity.and_then(|activity| self.limit(activity)),
            tolerance: activity
                .filter(|it| hypothesis || at.section == Section::Method && it.kind == ActivityKind::Probe)
                .and_then(|it| it.tolerance.as_ref())
                .map(tolerance),
        }
    }

    fn pause(&self, activity: &Activity, side: &str) -> Option<f64> {
        let pauses = self.substituted(activity.pauses.0.as_ref()?);
        self.seconds(pauses.get(side))
    }

    fn substituted(&self, declared: &Value) -> Value {
        substitute(declared, self.configuration, &Secrets::default())
    }

    /// Returns a positive number of seconds, if the configuration determines one.
    fn seconds(&self, declared: Option<&Value>) -> Option<f64> {
        match self.substituted(declared?) {
            Value::Int(seconds) => Some(seconds as f64),
            Value::Float(seconds) => Some(seconds),
            _ => None,
        }
        .filter(|seconds| *seconds > 0.0)
    }

    fn limit(&self, activity: &Activity) -> Option<f64> {
        let provider = &activity.provider.raw;
        let declared = match activity.provider.kind {
            ProviderKind::Http | ProviderKind::Process => provider.get("timeout"),
            ProviderKind::Python => provider.get("arguments").and_then(|arguments| arguments.get("timeout")),
        };
        match declared {
            Some(Value::List(pair)) => self.seconds(pair.get(1)),
            declared => self.seconds(declared),
        }
    }
}

/// Returns a short text for the tolerance.
fn tolerance(declared: &Value) -> String {
    match declared {
        Value::Map(declared) => kind_of_tolerance(declared),
        Value::List(list) => list.iter().map(python_text).collect::<Vec<_>>().join(" or "),
        scalar => python_text(scalar),
    }
}

fn kind_of_tolerance(declared: &Map) -> String {
    let text = |key: &str| declared.get(key).map(python_text).unwrap_or_default();
    let target = declared.get("target").map(|target| format!("{} ", python_text(target))).unwrap_or_default();
    match declared.get("type").and_then(Value::as_str) {
        Some("regex") => format!("{target}~ {}", text("pattern")),
        Some("jsonpath") => format!("{target}{}", text("path")),
        Some("range") => {
            let bounds = declared.get("range").and_then(Value::as_list).unwrap_or_default();
            format!("{target}{}", bounds.iter().map(python_text).collect::<Vec<_>>().join(" to "))
        }
        Some("probe") => format!("probe {}", text("name")),
        _ => "?".to_owned(),
    }
}

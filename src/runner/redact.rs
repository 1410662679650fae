//! Masks the texts of secrets in everything that a run emits.

use crate::{
    experiment::Secrets,
    session::{
        EventKind,
        event::{Plan, Step},
    },
};
use pyvalue::{Map, Value};

/// Minimum length of a masked text: shorter texts would be found everywhere.
const SHORTEST: usize = 4;

/// The replacement for a secret.
const MASK: &str = "***";

/// Replaces the texts of secrets.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret within a longer one leaves no part of it unmasked.
    texts: Vec<String>,
}

impl Redactor {
    /// Takes every text among the secrets that is not too short to be masked.
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let long = secrets.texts().into_iter().filter(|text| text.chars().count() >= SHORTEST);
        let mut texts: Vec<String> = long.map(str::to_owned).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self { texts }
    }

    /// Returns the text with secrets masked.
    pub(crate) fn text(&self, text: String) -> String {
        let hidden = |text: String, secret: &String| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), MASK) } else { text }
        };
        self.texts.iter().fold(text, hidden)
    }

    pub(super) fn value(&self, value: Value) -> Value {
        if self.texts.is_empty() {
            return value;
        }
        match value {
            Value::Text(text) => Value::Text(self.text(text)),
            Value::List(list) => list.into_iter().map(|item| self.value(item)).collect::<Vec<_>>().into(),
            Value::Map(map) => {
                map.into_iter().map(|(key, item)| (self.text(key), self.value(item))).collect::<Map>().into()
            }
            other => other,
        }
    }

    /// Returns an event of the run with secrets masked.
    pub(super) fn event(&self, what: EventKind) -> EventKind {
        if self.texts.is_empty() {
            return what;
        }
        match what {
            EventKind::RunStarted { title, hypothesis_strategy, rollback_strategy, dry, experiment } => {
                let (title, experiment) = (self.text(title), self.value(experiment));
                EventKind::RunStarted { title, hypothesis_strategy, rollback_strategy, dry, experiment }
            }
            EventKind::ActivityStarted { run, step, name, entry } => {
                EventKind::ActivityStarted { run, step, name, entry: self.value(entry) }
            }
            EventKind::ActivityProgressed { run, text } => {
                EventKind::ActivityProgressed { run, text: self.text(text) }
            }
            EventKind::ActivityEnded { run, step, mut outcome, entry } => {
                outcome.summary = self.text(outcome.summary);
                outcome.trouble = outcome.trouble.map(|trouble| self.text(trouble));
                EventKind::ActivityEnded { run, step, outcome, entry: self.value(entry) }
            }
            EventKind::EntryAmended { run, entry } => {
                EventKind::EntryAmended { run, entry: self.value(entry) }
            }
            EventKind::PassAmended { phase, pass } => {
                EventKind::PassAmended { phase, pass: self.value(pass) }
            }
            EventKind::EntriesAmended { section, entries } => {
                EventKind::EntriesAmended { section, entries: self.value(entries) }
            }
            EventKind::ExperimentAmended { experiment, reassigned } => {
                let (experiment, reassigned) = (self.value(experiment), reassigned.clone());
                EventKind::ExperimentAmended { experiment, reassigned }
            }
            EventKind::Planned(plan) => EventKind::Planned(self.plan(plan)),
            EventKind::JournalAmended { journal } => {
                EventKind::JournalAmended { journal: self.value(journal) }
            }
            EventKind::Logged { level, target, message } => {
                EventKind::Logged { level, target, message: self.text(message) }
            }
            EventKind::Interrupted { reason, level } => {
                EventKind::Interrupted { reason: self.text(reason), level }
            }
            EventKind::Aborted { message } => EventKind::Aborted { message: self.text(message) },
            EventKind::FaultFired { step, what, targets } => EventKind::FaultFired {
                step,
                what: self.text(what),
                targets: targets.into_iter().map(|target| self.text(target)).collect(),
            },
            EventKind::FaultRefused { step, reason } => {
                EventKind::FaultRefused { step, reason: self.text(reason) }
            }
            EventKind::FaultUnconfirmed { step, reason } => {
                EventKind::FaultUnconfirmed { step, reason: self.text(reason) }
            }
            EventKind::StepSkipped { step, name } => EventKind::StepSkipped { step, name: self.text(name) },
            other => other,
        }
    }

    /// Masks a plan: a control may write a secret into any of its texts.
    fn plan(&self, plan: Plan) -> Plan {
        let step = |step: Step| Step {
            name: self.text(step.name),
            label: self.text(step.label),
            tolerance: step.tolerance.map(|tolerance| self.text(tolerance)),
            ..step
        };
        Plan {
            title: self.text(plan.title),
            hypothesis: plan.hypothesis.map(|title| self.text(title)),
            steps: plan.steps.into_iter().map(step).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Redactor;
    use crate::experiment::Secrets;
    use pyvalue::parse_json;

    fn redactor(secrets: &str) -> Redactor {
        Redactor::new(&Secrets::new(parse_json(secrets).unwrap().as_map().unwrap().clone()))
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let redactor = redactor(r#"{"a": {"key": "hunter2", "pin": "123", "long": "hunter2-hunter2"}}"#);
        let output =
            r#"{"out": ["key is hunter2!", {"hunter2": 1}], "n": 5, "x": "hunter2-hunter2", "pin": "123"}"#;
        let shown = r#"{"out": ["key is ***!", {"***": 1}], "n": 5, "x": "***", "pin": "123"}"#;
        assert_eq!(redactor.value(parse_json(output).unwrap()), parse_json(shown).unwrap());
    }
}

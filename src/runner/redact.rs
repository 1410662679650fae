//! Keeps the texts of secrets out of everything a run tells.

use crate::{
    experiment::Secrets,
    session::{
        What,
        event::{Plan, Step},
    },
};
use pyvalue::{Map, Value};

/// Shorter texts are not looked for: they would be found everywhere.
const SHORTEST: usize = 4;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// Replaces the texts of secrets.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret within a secret leaves nothing behind.
    texts: Vec<String>,
}

impl Redactor {
    /// Looks for every text among the secrets that is not too short to be told from others.
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let long = secrets.texts().into_iter().filter(|text| text.chars().count() >= SHORTEST);
        let mut texts: Vec<String> = long.map(str::to_owned).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self { texts }
    }

    /// The text without secrets.
    pub(crate) fn text(&self, text: String) -> String {
        let hidden = |text: String, secret: &String| match text.contains(secret.as_str()) {
            true => text.replace(secret.as_str(), MASK),
            false => text,
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

    /// A fact of the run, fit to be told.
    pub(super) fn what(&self, what: What) -> What {
        if self.texts.is_empty() {
            return what;
        }
        match what {
            What::RunStarted { title, hypothesis_strategy, rollback_strategy, dry, experiment } => {
                let (title, experiment) = (self.text(title), self.value(experiment));
                What::RunStarted { title, hypothesis_strategy, rollback_strategy, dry, experiment }
            }
            What::ActivityStarted { run, step, name, entry } => {
                What::ActivityStarted { run, step, name, entry: self.value(entry) }
            }
            What::ActivityProgressed { run, text } => What::ActivityProgressed { run, text: self.text(text) },
            What::ActivityEnded { run, step, mut outcome, entry } => {
                outcome.summary = self.text(outcome.summary);
                outcome.trouble = outcome.trouble.map(|trouble| self.text(trouble));
                What::ActivityEnded { run, step, outcome, entry: self.value(entry) }
            }
            What::EntryAmended { run, entry } => What::EntryAmended { run, entry: self.value(entry) },
            What::PassAmended { phase, pass } => What::PassAmended { phase, pass: self.value(pass) },
            What::EntriesAmended { section, entries } => {
                What::EntriesAmended { section, entries: self.value(entries) }
            }
            What::ExperimentAmended { experiment, reassigned } => {
                let (experiment, reassigned) = (self.value(experiment), reassigned.clone());
                What::ExperimentAmended { experiment, reassigned }
            }
            What::Planned(plan) => What::Planned(self.plan(plan)),
            What::JournalAmended { journal } => What::JournalAmended { journal: self.value(journal) },
            What::Logged { level, target, message } => {
                What::Logged { level, target, message: self.text(message) }
            }
            What::Interrupted { reason, level } => What::Interrupted { reason: self.text(reason), level },
            What::Aborted { message } => What::Aborted { message: self.text(message) },
            What::FaultFired { step, what, targets } => What::FaultFired {
                step,
                what: self.text(what),
                targets: targets.into_iter().map(|target| self.text(target)).collect(),
            },
            What::FaultRefused { step, reason } => What::FaultRefused { step, reason: self.text(reason) },
            What::FaultUnconfirmed { step, reason } => {
                What::FaultUnconfirmed { step, reason: self.text(reason) }
            }
            What::StepSkipped { step, name } => What::StepSkipped { step, name: self.text(name) },
            other => other,
        }
    }

    /// A control may write a secret into any text of a plan.
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
        let told =
            r#"{"out": ["key is hunter2!", {"hunter2": 1}], "n": 5, "x": "hunter2-hunter2", "pin": "123"}"#;
        let shown = r#"{"out": ["key is ***!", {"***": 1}], "n": 5, "x": "***", "pin": "123"}"#;
        assert_eq!(redactor.value(parse_json(told).unwrap()), parse_json(shown).unwrap());
    }
}

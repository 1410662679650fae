//! The operator's own rule for a series: the label or the number that holds the state, and the meaning of its values.

use super::super::{Families, breaker_and_process, ground, text::Sample};
use crate::session::event::{BreakerState, NamedBreaker, SourceClaim};
use std::collections::BTreeMap;

/// A rule: a metric, an optional label that holds the state, and the meaning of each of its words or numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    metric: String,
    label: Option<String>,
    states: Vec<(String, BreakerState)>,
}

impl Rule {
    /// A rule for a metric. Without a label the value itself is looked up.
    pub fn new(metric: String, label: Option<String>, states: Vec<(String, BreakerState)>) -> Self {
        Self { metric, label, states }
    }

    /// A rule whose states are given as words.
    ///
    /// # Errors
    /// Returns an error text if one of them is no state of a breaker.
    pub fn declared(
        metric: String,
        label: Option<String>,
        states: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, String> {
        let state = |(said, word): (String, String)| match super::super::super::state_words::state(&word)
            .flatten()
        {
            Some(state) => Ok((said, state)),
            None => Err(format!(
                "says '{said}' means '{word}', which is no state: closed, open, half-open, disabled, forced-open, metrics-only"
            )),
        };
        Ok(Self::new(metric, label, states.map(state).collect::<Result<_, _>>()?))
    }

    /// The metric that the rule reads.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// Removes the series from the page and reads it.
    pub(super) fn read(&self, families: &mut Families) -> Vec<NamedBreaker> {
        let Some(family) = families.remove(&self.metric) else { return Vec::new() };
        match &self.label {
            Some(label) => self.by_label(label, &family.samples),
            None => family.samples.iter().map(|sample| self.by_number(sample)).collect(),
        }
    }

    /// The rule in the syntax of the config file.
    pub fn written(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let states: Vec<String> = self
            .states
            .iter()
            .map(|(said, state)| {
                format!("{}: {}", text(said), text(&super::super::super::state_words::word(*state)))
            })
            .collect();
        let label = self.label.as_ref().map(|label| format!("label: {}, ", text(label))).unwrap_or_default();
        format!("{{metric: {}, {label}states: {{{}}}}}", text(&self.metric), states.join(", "))
    }

    fn by_label(&self, label: &str, samples: &[Sample]) -> Vec<NamedBreaker> {
        let mut groups: BTreeMap<(String, Option<String>), Vec<&Sample>> = BTreeMap::new();
        for sample in samples {
            groups.entry(breaker_and_process(&self.metric, sample, &[label])).or_default().push(sample);
        }
        let read = |((breaker, process), samples): ((String, Option<String>), Vec<&Sample>)| {
            let hot: Vec<&str> = samples
                .iter()
                .filter(|sample| sample.value == 1.0)
                .filter_map(|sample| sample.label(label))
                .collect();
            let word = match hot.as_slice() {
                [word] => *word,
                _ => "",
            };
            self.named_breaker(breaker, process, word)
        };
        groups.into_iter().map(read).collect()
    }

    fn by_number(&self, sample: &Sample) -> NamedBreaker {
        let (breaker, process) = breaker_and_process(&self.metric, sample, &[]);
        self.named_breaker(breaker, process, &sample.value.to_string())
    }

    fn named_breaker(&self, breaker: String, process: Option<String>, word: &str) -> NamedBreaker {
        let number = |text: &str| text.parse::<f64>().ok();
        let means = |said: &str| {
            said.eq_ignore_ascii_case(word) || number(said).is_some() && number(said) == number(word)
        };
        let state = self.states.iter().find(|(said, _)| means(said)).map(|(_, state)| *state);
        let value = match state {
            Some(state) => {
                format!("{word} ({}, by your rule)", super::super::super::state_words::word(state))
            }
            None => format!("{word}, which your rule does not list"),
        };
        let ground = ground(&self.metric, &breaker, process.as_deref(), &value);
        let says = state.map_or(SourceClaim::Nothing, SourceClaim::State);
        NamedBreaker { process, ..NamedBreaker::new(breaker, says, ground) }
    }
}

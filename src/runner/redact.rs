//! Masks the texts of secrets in everything that a run emits.

use crate::{
    experiment::{Secrets, is_word, word_places},
    printing::without_url_passwords,
    session::{
        EventKind,
        event::{Plan, Step},
    },
};
use pyvalue::{Map, Value};
use serde_json::Value as Json;
use std::borrow::Cow;

/// Minimum length of a masked text: shorter texts would be found everywhere.
const SHORTEST: usize = 4;
/// Words of journals and console lines, and of JSON, which stay even where a secret is such a word.
const FIXED: [&str; 34] = [
    "aborted",
    "action",
    "actions",
    "activity",
    "always",
    "arguments",
    "background",
    "completed",
    "continuously",
    "default",
    "deviated",
    "experiment",
    "failed",
    "false",
    "http",
    "interrupted",
    "method",
    "name",
    "never",
    "none",
    "null",
    "output",
    "probe",
    "process",
    "provider",
    "python",
    "rollbacks",
    "skipped",
    "start",
    "status",
    "succeeded",
    "title",
    "true",
    "type",
];

/// The replacement for a secret.
const MASK: &str = "***";

/// Replaces the texts of secrets.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret within a longer one leaves no part of it unmasked.
    texts: Vec<Hidden>,
}

/// A text to mask.
#[derive(Clone, PartialEq)]
struct Hidden {
    text: String,
    /// Whether it is masked only where it stands as a word; all others are masked wherever they stand.
    as_word: bool,
}

impl Hidden {
    fn is_token_in(&self, text: &str) -> bool {
        !self.as_word && text.contains(self.text.as_str())
    }
}

impl Redactor {
    /// Takes every text and number among the secrets that is not too short to be masked.
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let texts = secrets.hidden_texts().into_iter().map(|text| Hidden { as_word: is_word(&text), text });
        let numbers = secrets.hidden_numbers().into_iter().map(|text| Hidden { as_word: true, text });
        let long = |hidden: &Hidden| hidden.text.chars().count() >= SHORTEST;
        let mut texts: Vec<Hidden> = texts
            .chain(numbers)
            .filter(|hidden| !FIXED.contains(&hidden.text.as_str()))
            .filter(long)
            .collect();
        texts.sort_by(|one, other| (other.text.len(), &other.text).cmp(&(one.text.len(), &one.text)));
        texts.dedup();
        Self { texts }
    }

    /// Whether there is nothing to mask but the passwords in URLs.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Returns a text of ours with secrets masked, and with the passwords in URLs: words where they stand as words, all
    /// others wherever they stand.
    pub(crate) fn text(&self, text: String) -> String {
        let text = self.without_secrets(text);
        match without_url_passwords(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => hidden,
        }
    }

    fn without_secrets(&self, text: String) -> String {
        self.texts.iter().fold(text, |text, Hidden { text: secret, as_word }| {
            if !text.contains(secret.as_str()) {
                text
            } else if *as_word {
                without_word(&text, secret)
            } else {
                text.replace(secret.as_str(), MASK)
            }
        })
    }

    /// Masks the beginning of a secret at the end of a text that was cut off.
    fn without_cut(&self, text: String) -> String {
        let begins = text.char_indices().map(|(at, _)| at).find(|&at| {
            let end = text.get(at..).unwrap_or_default();
            end.chars().count() >= SHORTEST && self.texts.iter().any(|hidden| hidden.text.starts_with(end))
        });
        begins.map_or(text.clone(), |at| format!("{}{MASK}", text.get(..at).unwrap_or_default()))
    }

    /// Returns the key of a mapping, masked only if it contains a secret that is no word.
    fn key(&self, key: String) -> String {
        let tokens = self.texts.iter().filter(|hidden| !hidden.as_word);
        tokens.fold(
            key,
            |key, Hidden { text, .. }| {
                if key.contains(text.as_str()) { key.replace(text.as_str(), MASK) } else { key }
            },
        )
    }

    /// Returns the value with secrets masked in all its texts.
    pub(crate) fn value(&self, value: Value) -> Value {
        if self.texts.is_empty() {
            return value;
        }
        match value {
            Value::Text(text) => Value::Text(self.without_secrets(text)),
            Value::List(list) => list.into_iter().map(|item| self.value(item)).collect::<Vec<_>>().into(),
            Value::Map(map) => {
                map.into_iter().map(|(key, item)| (self.key(key), self.value(item))).collect::<Map>().into()
            }
            // A function may make a number of a secret's text.
            Value::Int(number) if self.texts.iter().any(|hidden| hidden.text == number.to_string()) => {
                MASK.into()
            }
            other => other,
        }
    }

    /// Returns an event of whoever emits it with the secrets masked that are no words, which may be names of objects too. The
    /// run masks its own events by [`Redactor::event`] before they reach its listeners.
    pub(crate) fn of_the_stream(&self, what: EventKind) -> EventKind {
        let what = match what {
            EventKind::Answered(mut answer) => {
                answer.excerpt = answer.excerpt.map(|excerpt| self.without_cut(self.text(excerpt)));
                EventKind::Answered(answer)
            }
            what => what,
        };
        let Ok(mut json) = serde_json::to_value(&what) else { return what };
        if !self.mask_tokens(&mut json) {
            return what;
        }
        // Names of variants and moments hold no secret that is no word, so that what was an event is one.
        serde_json::from_value(json).unwrap_or(what)
    }

    /// Masks secrets that are no words in all texts of a value. Returns whether there was one.
    fn mask_tokens(&self, json: &mut Json) -> bool {
        match json {
            Json::String(text) => {
                let found: Vec<&Hidden> =
                    self.texts.iter().filter(|hidden| hidden.is_token_in(text)).collect();
                for Hidden { text: secret, .. } in &found {
                    *text = text.replace(secret.as_str(), MASK);
                }
                !found.is_empty()
            }
            Json::Array(items) => self.mask_all(items.iter_mut()),
            Json::Object(members) => self.mask_all(members.values_mut()),
            _ => false,
        }
    }

    fn mask_all<'a>(&self, values: impl Iterator<Item = &'a mut Json>) -> bool {
        // All of them, also after the first that holds a secret.
        values.map(|value| usize::from(self.mask_tokens(value))).sum::<usize>() > 0
    }

    /// Returns an event of the run with secrets masked.
    pub(super) fn event(&self, what: EventKind) -> EventKind {
        match what {
            EventKind::RunStarted { title, hypothesis_strategy, rollback_strategy, dry, experiment } => {
                let (title, experiment) = (self.text(title), self.value(experiment));
                EventKind::RunStarted { title, hypothesis_strategy, rollback_strategy, dry, experiment }
            }
            EventKind::HypothesisStarted { phase, title } => {
                EventKind::HypothesisStarted { phase, title: self.text(title) }
            }
            EventKind::HypothesisEnded { phase, met, deviating, skipped } => {
                let deviating = deviating.map(|name| self.text(name));
                EventKind::HypothesisEnded { phase, met, deviating, skipped }
            }
            EventKind::ActivityStarted { run, step, name, entry } => {
                EventKind::ActivityStarted { run, step, name: self.text(name), entry: self.value(entry) }
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

fn without_word(text: &str, word: &str) -> String {
    let (mut masked, mut from) = (String::new(), 0);
    for at in word_places(text, word) {
        // Places of one word do not overlap: between two of them is a character that is part of no word, or the end.
        masked.push_str(text.get(from..at).unwrap_or_default());
        masked.push_str(MASK);
        from = at + word.len();
    }
    masked + text.get(from..).unwrap_or_default()
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

    #[test]
    fn a_secret_that_is_a_word_is_masked_as_a_word_and_never_as_a_key_or_a_word_of_ours() {
        let redactor = redactor(r#"{"k": {"context": "minikube", "user": "user", "kind": "status"}}"#);
        let output =
            r#"{"status": "ready", "user": "user", "at": "https://user:x@minikube/users", "minikube": 1}"#;
        let shown = r#"{"status": "ready", "user": "***", "at": "https://***:x@***/users", "minikube": 1}"#;
        assert_eq!(redactor.value(parse_json(output).unwrap()), parse_json(shown).unwrap());
        assert_eq!(redactor.text("status of our users: user".to_owned()), "status of our users: ***");
    }

    #[test]
    fn common_words_and_short_texts_change_nothing() {
        let words = r#"["default", "status", "web", "true", "1", "deviated", "succeeded", "", "null"]"#;
        let redactor = redactor(&format!(r#"{{"k": {{"all": {words}, "count": 1, "on": true}}}}"#));
        let output = r#"{"status": "succeeded", "ns": "default", "web": "web", "n": 1, "ok": true,
            "stdout": "{\"status\": true, \"deviated\": null, \"web\": 1}"}"#;
        assert_eq!(redactor.value(parse_json(output).unwrap()), parse_json(output).unwrap());
    }

    #[test]
    fn a_word_is_masked_as_a_whole_and_a_token_in_all_its_forms() {
        let redactor = redactor(
            r#"{"k": {"verb": "kill", "token": "t0k/n-47", "pin": 471108, "pem": "--KEY--\nMIIEvQIBADANBgkq\n"}}"#,
        );
        let cases = [
            ("kill", "***"),
            ("kill it, skill", "*** it, skill"),
            ("https://kill@x/kill?kill=1", "https://***@x/***?***=1"),
            ("Authorization: Bearer t0k/n-47", "Authorization: Bearer ***"),
            ("x?key=t0k%2Fn-47&a", "x?key=***&a"),
            ("dXNlcjp0MGsvbi00Nw==", "dXNlcjp***w=="),
            ("pin 471108, not 4711081", "pin ***, not 4711081"),
            ("  MIIEvQIBADANBgkq  ", "  ***  "),
        ];
        for (text, shown) in cases {
            assert_eq!(redactor.text(text.to_owned()), shown);
        }
        assert_eq!(
            redactor.value(parse_json("[471108, 4711]").unwrap()),
            parse_json(r#"["***", 4711]"#).unwrap()
        );
    }

    #[test]
    fn what_observers_emit_shows_no_secret() {
        use crate::session::{
            EventKind,
            event::{Answer, AnswerKind, EndpointId, Level, PodKey, RequestId},
        };
        let redactor = redactor(r#"{"k": {"user": "hunter", "token": "t0k\"n-47"}}"#);
        let answer = |excerpt: &str| {
            EventKind::Answered(Answer {
                endpoint: EndpointId(0),
                request: RequestId(1),
                waited_ms: 1.5,
                kind: AnswerKind::Real,
                status: Some(200),
                shape: u64::MAX,
                excerpt: Some(excerpt.to_owned()),
                retry_after: false,
            })
        };
        assert_eq!(
            redactor.of_the_stream(answer(r#"{"user": "hunter", "token": "t0k\"n-47"}"#)),
            answer(r#"{"user": "***", "token": "***"}"#)
        );
        assert_eq!(
            redactor.of_the_stream(answer(r#"{"a": 1, "token": "t0k\"n-"#)),
            answer(r#"{"a": 1, "token": "***"#),
            "an excerpt ends anywhere"
        );
        let gone = |name: &str| {
            EventKind::PodGone(PodKey {
                namespace: "default".to_owned(),
                name: name.to_owned(),
                uid: "1".to_owned(),
            })
        };
        assert_eq!(redactor.of_the_stream(gone("hunter")), gone("hunter"), "a word may be a name");
        let logged = |message: &str| EventKind::Logged {
            level: Level::Info,
            target: "users".to_owned(),
            message: message.to_owned(),
        };
        assert_eq!(redactor.of_the_stream(logged("is t0k\"n-47 known?")), logged("is *** known?"));
    }

    #[test]
    fn what_the_operator_types_shows_no_secret() {
        use crate::session::{Command, EventKind, command::Annotation};
        let redactor = redactor(r#"{"k": {"token": "t0ken-4711"}}"#);
        let note = |text: &str| EventKind::Commanded(Command::from(Annotation::Note(text.to_owned())));
        assert_eq!(redactor.of_the_stream(note("is t0ken-4711 known?")), note("is *** known?"));
    }

    #[test]
    fn the_passwords_of_urls_are_masked_in_our_own_texts_and_stay_in_values() {
        let redactor = redactor("{}");
        assert_eq!(redactor.text("GET http://u:pw@h/".to_owned()), "GET http://u:***@h/");
        let value = parse_json(r#"{"url": "http://u:pw@h/"}"#).unwrap();
        assert_eq!(redactor.value(value.clone()), value, "the journal has the experiment as it is");
    }

    #[test]
    fn a_word_that_the_experiment_writes_itself_is_no_secret() {
        let map = |json: &str| parse_json(json).unwrap().as_map().unwrap().clone();
        let secrets =
            Secrets::new(map(r#"{"k": {"context": "staging", "account": "robot", "token": "s3cret"}}"#));
        let file = map(r#"{"title": "Is staging well?", "secrets": {"k": {"account": "robot"}},
                "method": [{"arguments": {"token": "s3cret"}}]}"#);
        let redactor = Redactor::new(&secrets.with_plain_words_of(&file));
        assert_eq!(redactor.text("staging robot s3cret".to_owned()), "staging *** ***");
    }
}

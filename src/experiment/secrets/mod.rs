//! Secrets in a type that cannot be shown by accident.

mod forms;
mod references;
mod resolve;
mod vault;

use pyvalue::{Map, Value, python_text};
pub use references::{secret_references, with_literals};
pub use resolve::{Resolved, SecretsError, resolve};

/// The resolved secrets: scope to name to value. Has no `Display` and no `Serialize`; its `Debug` hides the values.
#[derive(Clone, Default, PartialEq)]
pub struct Secrets {
    scopes: Map,
    /// Values that are plain words which the experiment uses itself, outside of its secrets.
    plain_words: Vec<String>,
}

impl Secrets {
    /// Wraps a resolved mapping of scopes.
    pub fn new(scopes: Map) -> Self {
        Self { scopes, plain_words: Vec::new() }
    }

    /// Notes which values are words that the experiment writes in plain text elsewhere, such as the context `default` beside
    /// an argument `default`: masking them would hide nothing, and would rewrite the experiment in its own journal.
    #[must_use]
    pub fn with_plain_words_of(self, experiment: &Map) -> Self {
        let words = self.texts().into_iter().filter(|text| is_word(text)).chain(self.numbers());
        let plain_words = words
            .filter(|word| {
                let mut elsewhere = experiment.iter().filter(|(key, _)| *key != "secrets");
                elsewhere.any(|(key, value)| holds_word(key, word) || uses_word(value, word))
            })
            .collect();
        Self { plain_words, ..self }
    }

    /// The scopes in file order, for code that must use a secret: substitution, a provider's call.
    pub fn expose(&self) -> &Map {
        &self.scopes
    }

    /// Whether no scope is declared.
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The texts that are to be masked, in every form in which programs show them: all but plain words of the experiment.
    pub fn hidden_texts(&self) -> Vec<String> {
        let texts = self.texts().into_iter().filter(|text| !self.is_plain(text));
        texts.flat_map(|text| forms::of(&text)).filter(|text| !self.is_plain(text)).collect()
    }

    /// The numbers that are to be masked where they stand by themselves: all but those that the experiment uses in plain.
    pub fn hidden_numbers(&self) -> Vec<String> {
        self.numbers().into_iter().filter(|text| !self.is_plain(text)).collect()
    }

    fn is_plain(&self, text: &str) -> bool {
        self.plain_words.iter().any(|word| word == text)
    }

    /// All text values of the secrets.
    pub fn texts(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.leaves(&text)
    }

    fn numbers(&self) -> Vec<String> {
        self.leaves(&|value| {
            matches!(value, Value::Int(_) | Value::Float(_) | Value::Time(_)).then(|| python_text(value))
        })
    }

    fn leaves(&self, shown: &dyn Fn(&Value) -> Option<String>) -> Vec<String> {
        fn collect(value: &Value, shown: &dyn Fn(&Value) -> Option<String>, found: &mut Vec<String>) {
            match value {
                Value::List(list) => list.iter().for_each(|item| collect(item, shown, found)),
                Value::Map(map) => map.values().for_each(|item| collect(item, shown, found)),
                leaf => found.extend(shown(leaf)),
            }
        }
        let mut found = Vec::new();
        self.scopes.values().for_each(|scope| collect(scope, shown, &mut found));
        found
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} scopes)", self.scopes.len())
    }
}

/// The longest word: longer texts of letters alone are taken for generated tokens.
const LONGEST_WORD: usize = 20;

/// Whether a text is a word, as context names, user names and account types are, rather than a generated token.
pub fn is_word(text: &str) -> bool {
    text.chars().count() <= LONGEST_WORD && text.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '_'))
}

/// Whether a text holds a word, with no letter, digit or `_` next to it.
fn holds_word(text: &str, word: &str) -> bool {
    word_places(text, word).next().is_some()
}

/// The byte offsets at which a word stands in a text, with no letter, digit or `_` next to it.
pub fn word_places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let (before, after) = (text.get(..at), text.get(at + word.len()..));
        !before.is_some_and(|text| text.ends_with(joins))
            && !after.is_some_and(|text| text.starts_with(joins))
    })
}

fn uses_word(value: &Value, word: &str) -> bool {
    match value {
        Value::Text(text) => holds_word(text, word),
        Value::List(list) => list.iter().any(|item| uses_word(item, word)),
        Value::Map(map) => map.iter().any(|(key, item)| holds_word(key, word) || uses_word(item, word)),
        Value::Int(_) | Value::Float(_) | Value::Time(_) => python_text(value) == word,
        _ => false,
    }
}

#[cfg(test)]
mod tests;

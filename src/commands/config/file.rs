//! Parses the config file and reports all its errors, each with its position and a remedy.

use super::{Preferences, table::SETTINGS};
use crate::{
    experiment::{Finding, Severity, findings, nearest, text_list},
    tui::keymap::{Chord, Keymap, KeymapError, TABLE},
};
use pyvalue::{Document, Map, Part, Value, place};

/// The name of the section of key bindings.
const KEYS: &str = "keys";

/// Parses a config file. Settings that it leaves out keep their defaults.
///
/// # Errors
/// If the file has errors: all of them, rendered for printing.
pub(super) fn parse(source: &str, text: &str) -> Result<Preferences, String> {
    let document = match Document::yaml(source, text) {
        Ok(document) => document,
        Err(error) => return Err(format!("{source}: {error}")),
    };
    let mut reader =
        Reader { document: &document, preferences: Preferences::default(), found: String::new() };
    match document.root() {
        Value::Null => {}
        Value::Map(map) => reader.settings(map),
        _ => reader.add_error(
            "$",
            Part::Value,
            "a config file holds settings such as `theme: light`",
            String::new(),
        ),
    }
    if reader.found.is_empty() { Ok(reader.preferences) } else { Err(reader.found) }
}

struct Reader<'a> {
    document: &'a Document,
    preferences: Preferences,
    /// The errors found so far, rendered for printing.
    found: String,
}

impl Reader<'_> {
    fn settings(&mut self, map: &Map) {
        for (name, value) in map {
            let path = place::key("$", name);
            match (SETTINGS.iter().find(|setting| setting.name == name), name.as_str()) {
                (Some(setting), _) => {
                    if let Err(wanted) = (setting.parse)(&mut self.preferences, value) {
                        let message = format!("`{name}` {wanted}");
                        self.add_error(&path, Part::Value, &message, setting.about.to_owned());
                    }
                }
                (None, KEYS) => self.keys(&path, value),
                (None, _) => {
                    let names = SETTINGS.iter().map(|setting| setting.name).chain([KEYS]);
                    let remedy =
                        suggestion(name, names, "`chaos-tui config --print-default` shows every setting");
                    self.add_error(&path, Part::Key, &format!("there is no setting `{name}`"), remedy);
                }
            }
        }
    }

    /// Reads the section of key bindings: each entry maps an action to one key or a list of keys.
    fn keys(&mut self, path: &str, value: &Value) {
        let map = match value {
            Value::Null => return,
            Value::Map(map) => map,
            _ => {
                let message = "`keys` holds actions with their keys, such as `zoom: \"Z\"`";
                return self.add_error(path, Part::Value, message, String::new());
            }
        };
        let mut own: Vec<(&str, Vec<String>)> = Vec::new();
        for (name, value) in map {
            let path = place::key(path, name);
            if !TABLE.iter().any(|binding| binding.name == name) {
                let names = TABLE.iter().map(|binding| binding.name);
                let remedy = suggestion(name, names, "`chaos-tui config --print-default` shows every action");
                self.add_error(&path, Part::Key, &format!("there is no action `{name}`"), remedy);
                continue;
            }
            match chords(value) {
                Ok(chords) => own.push((name.as_str(), chords)),
                Err(message) => {
                    let remedy = "write it in quotes, such as \"n\", \"CTRL+N\" or [\"n\", \"F5\"]";
                    self.add_error(&path, Part::Value, &message, remedy.to_owned());
                }
            }
        }
        match Keymap::with(own.iter().map(|(name, chords)| (*name, chords.as_slice()))) {
            Ok(keymap) => self.preferences.keys = keymap,
            Err(error) => {
                let (name, remedy) = match &error {
                    KeymapError::Conflict { one, other, .. } => {
                        (if map.contains_key(*one) { one } else { other }, "")
                    }
                    KeymapError::Reserved { action, .. } | KeymapError::Needed { action } => (action, ""),
                    // Cannot happen: names and keys were checked above.
                    KeymapError::UnknownAction(_) | KeymapError::UnknownKey(_) => (&KEYS, ""),
                };
                self.add_error(&place::key(path, name), Part::Value, &error.to_string(), remedy.to_owned());
            }
        }
    }

    fn add_error(&mut self, path: &str, part: Part, message: &str, remedy: String) {
        let position = self.document.position(path, part);
        let finding = Finding {
            code: "E-CONFIG",
            severity: Severity::Error,
            place: path.to_owned(),
            position,
            message: message.to_owned(),
            remedy,
            class: "",
            reference_message: None,
        };
        let line = self.document.line(position.line);
        self.found += &findings::render(&finding, self.document.source(), Some(line));
    }
}

/// Parses the keys of an action. Fails if one of them is not a key.
fn chords(value: &Value) -> Result<Vec<String>, String> {
    // YAML parses an unquoted digit as a number, but here it means a key.
    let digit = |value: &Value| match value {
        Value::Int(digit @ 0..=9) => Value::Text(digit.to_string()),
        other => other.clone(),
    };
    let value = match value {
        Value::List(items) => Value::List(items.iter().map(digit).collect()),
        other => digit(other),
    };
    let texts = text_list(&value).map_err(|_| "this is not a key".to_owned())?;
    match texts.iter().find_map(|text| Chord::parse(text).err()) {
        None => Ok(texts),
        Some(error) => Err(error.to_string()),
    }
}

fn suggestion<'a>(word: &str, names: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(word, names).map_or_else(|| otherwise.to_owned(), |near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::{Action, Context};

    fn refused(text: &str) -> String {
        parse("config.yaml", text).unwrap_err()
    }

    #[test]
    fn what_a_file_says_stands_over_the_defaults() {
        let text = "
theme: light
mouse: true
rate: 5
limit: 0.3
budget: 30
watch: http://127.0.0.1:9/invoke
allow-contexts: [staging]
keys:
  next: [ENTER, Y]
  mark: 9
";
        let read = parse("config.yaml", text).unwrap();
        assert_eq!((read.theme.as_str(), read.mouse, read.ascii, read.budget), ("light", true, None, 30));
        assert_eq!((read.watch.rate, read.watch.limit), (5.0, 0.3));
        assert_eq!(
            (read.watch.urls, read.allow_contexts),
            (vec!["http://127.0.0.1:9/invoke".to_owned()], vec!["staging".to_owned()])
        );
        assert_eq!(read.keys.action(Chord::char('Y'), Context::Screen), Some(Action::Next));
        assert_eq!(read.keys.action(Chord::char(' '), Context::Screen), None);
        assert_eq!(read.keys.action(Chord::char('9'), Context::Screen), Some(Action::Mark));
        for nothing in ["", "# only a comment\n", "keys:\n"] {
            assert!(parse("config.yaml", nothing).is_ok(), "{nothing:?}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_place() {
        let errors =
            refused("theme: neon\nmuose: true\nrate: fast\nbudget: 0\nkeys:\n  nxet: g\n  mark: mm\n");
        for wanted in [
            "config.yaml:1:8",
            "one of auto, dark, light, colour-blind, mono",
            "config.yaml:2:1",
            "did you mean `mouse`?",
            "config.yaml:3:7",
            "must be a number above 0",
            "config.yaml:4:9",
            "config.yaml:6:3",
            "did you mean `next`?",
            "config.yaml:7:9",
            "`mm` is not a key",
        ] {
            assert!(errors.contains(wanted), "{wanted} in\n{errors}");
        }
    }

    #[test]
    fn keys_that_would_hurt_are_refused() {
        for (text, wanted) in [
            ("keys: {next: q}", "q would be bound to both"),
            ("keys: {next: g, fire: SPACE}", "SPACE never fires"),
            ("keys: {next: g, fire: f}", "cannot fire without SHIFT"),
            ("keys: {abort: []}", "`abort` must have a key"),
            ("keys: [a]", "holds actions with their keys"),
            ("- theme", "a config file holds settings"),
        ] {
            let errors = refused(text);
            assert!(errors.contains(wanted) && errors.contains("config.yaml:1:"), "{wanted} in\n{errors}");
        }
        assert!(refused("a: [").contains("config.yaml"));
    }
}

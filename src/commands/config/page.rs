//! Prints a config file: every setting with an explanation.

use super::{
    Preferences,
    table::{SETTINGS, list},
};
use crate::tui::keymap::{Binding, Chord, Group};
use std::fmt::Write;

/// Maximum width of the explanations, in columns.
const WIDTH: usize = 100;

/// Returns the config file that holds these preferences.
pub(super) fn page(preferences: &Preferences) -> String {
    let mut page = String::new();
    for setting in SETTINGS {
        let _ = writeln!(
            page,
            "{}{}: {}\n",
            comment("", setting.about),
            setting.name,
            (setting.print)(preferences)
        );
    }
    page += &comment("", KEYS);
    page += "keys:\n";
    for group in Group::ALL {
        let _ = writeln!(page, "  # {}", group.title());
        for (keys, binding) in preferences.keys.rows().filter(|(_, binding)| binding.group == group) {
            let _ = writeln!(page, "  {} # {}", key(binding, keys), binding.text);
        }
    }
    page
}

const KEYS: &str = "What each key does: an action with one key or several. A letter in upper case is SHIFT and the \
letter; CTRL+X, ALT+X, F5, SPACE, ENTER, ESC, TAB, UP, PAGEUP, HOME and the like have names. Actions that are left out \
keep their keys.";

fn key(binding: &Binding, keys: &[Chord]) -> String {
    let keys: Vec<String> = keys.iter().map(Chord::to_string).collect();
    let line = match keys.as_slice() {
        [one] => format!("{}: {}", binding.name, serde_json::Value::from(one.as_str())),
        several => format!("{}: {}", binding.name, list(several)),
    };
    format!("{line:<28}")
}

/// Returns the text as lines of comment, wrapped at spaces.
fn comment(indent: &str, text: &str) -> String {
    let lines = crate::tui::wrapped(text, WIDTH - 2 - indent.len());
    lines.into_iter().map(|line| format!("{indent}# {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::config::file::parse;

    #[test]
    fn the_default_file_says_the_defaults() {
        let defaults = Preferences::default();
        let page = page(&defaults);
        let read = parse("config.yaml", &page).unwrap_or_else(|error| panic!("{error}\n{page}"));
        assert_eq!(
            format!("{read:?}").replace("Owned", "Borrowed"),
            format!("{defaults:?}").replace("Owned", "Borrowed")
        );
        assert!(page.lines().all(|line| line.chars().count() <= 110), "{page}");
        let (settings, keys) = page.split_once("keys:\n").unwrap();
        insta::assert_snapshot!(settings);
        assert!(keys.contains("  fire: \"F\"  "), "{keys}");
    }

    #[test]
    fn other_preferences_are_read_back_too() {
        let text = "theme: mono\nwatch: ['http://x/\"a\" #b']\nkeys: {next: [Y, F5], mark: \"#\"}\n";
        let preferences = parse("config.yaml", text).unwrap();
        let again = parse("config.yaml", &page(&preferences)).unwrap();
        assert_eq!(
            format!("{again:?}").replace("Owned", "Borrowed"),
            format!("{preferences:?}").replace("Owned", "Borrowed")
        );
    }
}

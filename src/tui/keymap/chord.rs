//! A key with its modifiers, as pressed and as written: `SHIFT+F`, `CTRL+C`, `SPACE`, `?`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key; letters carry their own case.
    pub code: KeyCode,
    /// CTRL and ALT; SHIFT only with keys that have no upper case.
    pub modifiers: KeyModifiers,
}

/// A chord that cannot be parsed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a key: write a character, a name such as SPACE, TAB, ESC, ENTER, UP, PAGEUP, F1, and CTRL+ or ALT+ before it"
)]
pub struct UnknownKey(String);

const NAMED: &[(&str, KeyCode)] = &[
    ("SPACE", KeyCode::Char(' ')),
    ("TAB", KeyCode::Tab),
    ("SHIFT+TAB", KeyCode::BackTab),
    ("ENTER", KeyCode::Enter),
    ("ESC", KeyCode::Esc),
    ("UP", KeyCode::Up),
    ("DOWN", KeyCode::Down),
    ("LEFT", KeyCode::Left),
    ("RIGHT", KeyCode::Right),
    ("PAGEUP", KeyCode::PageUp),
    ("PAGEDOWN", KeyCode::PageDown),
    ("HOME", KeyCode::Home),
    ("END", KeyCode::End),
    ("DELETE", KeyCode::Delete),
    ("BACKSPACE", KeyCode::Backspace),
];

impl Chord {
    /// A key without modifiers.
    pub const fn key(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    /// A character; an upper-case letter includes SHIFT.
    pub const fn char(c: char) -> Self {
        Self::key(KeyCode::Char(c))
    }

    /// A character with CTRL.
    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
    }

    /// The chord of a key event, with SHIFT normalized: terminals differ in whether they report SHIFT along with `F`.
    pub fn of(event: &KeyEvent) -> Self {
        let kept = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match event.code {
            KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::SHIFT) => {
                KeyCode::Char(c.to_uppercase().next().unwrap_or(c))
            }
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            other => other,
        };
        let code = match code {
            // CTRL+C and CTRL+SHIFT+C are the same key here.
            KeyCode::Char(c) if kept.contains(KeyModifiers::CONTROL) => KeyCode::Char(c.to_ascii_lowercase()),
            other => other,
        };
        Self { code, modifiers: kept }
    }

    /// The chord for a sentence: a capital letter is written with SHIFT.
    pub fn with_shift(&self) -> String {
        match self.code {
            KeyCode::Char(c) if c.is_uppercase() && self.modifiers.is_empty() => format!("SHIFT+{c}"),
            _ => self.to_string(),
        }
    }

    /// Parses the format that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Result<Self, UnknownKey> {
        let unknown = || UnknownKey(text.to_owned());
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text.trim();
        loop {
            let upper = rest.to_ascii_uppercase();
            if let Some(key) = NAMED.iter().find(|(name, _)| *name == upper) {
                return without_shift(Self { code: key.1, modifiers }).ok_or_else(unknown);
            }
            let (modifier, length) = match () {
                () if upper.starts_with("CTRL+") => (KeyModifiers::CONTROL, 5),
                () if upper.starts_with("ALT+") => (KeyModifiers::ALT, 4),
                () if upper.starts_with("SHIFT+") => (KeyModifiers::SHIFT, 6),
                () => break,
            };
            modifiers |= modifier;
            rest = rest.get(length..).ok_or_else(unknown)?;
        }
        if let Some(number) = rest.strip_prefix(['F', 'f']).and_then(|n| n.parse().ok())
            && (1..=12).contains(&number)
        {
            return without_shift(Self { code: KeyCode::F(number), modifiers }).ok_or_else(unknown);
        }
        let mut chars = rest.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => Ok(Self::of(&KeyEvent::new(KeyCode::Char(c), modifiers))),
            _ => Err(unknown()),
        }
    }
}

/// Returns a chord of a named key unless it has SHIFT, which [`Chord::of`] does not tell apart for those keys.
fn without_shift(chord: Chord) -> Option<Chord> {
    (!chord.modifiers.contains(KeyModifiers::SHIFT)).then_some(chord)
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("CTRL+")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("ALT+")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["SPACE", "SHIFT+TAB", "CTRL+C", "ALT+x", "A", "a", "?", "[", "F5", "ESC", "+", "CTRL++"]
        {
            let chord = Chord::parse(text).unwrap();
            assert_eq!(chord.to_string(), text, "{chord:?}");
        }
        assert_eq!(Chord::parse("shift+f").unwrap(), Chord::char('F'));
        assert_eq!(Chord::parse("F").unwrap(), Chord::char('F'));
        assert_eq!(Chord::parse("ctrl+c").unwrap(), Chord::ctrl('c'));
    }

    #[test]
    fn refuses_what_no_keyboard_has() {
        for text in ["", "SPCE", "F13", "CTRL+", "ab", "\u{7}", "SHIFT+UP", "SHIFT+F5"] {
            assert!(Chord::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_capital_is_the_same_with_and_without_a_reported_shift() {
        for event in [
            KeyEvent::new(KeyCode::Char('F'), KeyModifiers::SHIFT),
            KeyEvent::new(KeyCode::Char('F'), KeyModifiers::NONE),
            KeyEvent::new(KeyCode::Char('f'), KeyModifiers::SHIFT),
        ] {
            assert_eq!(Chord::of(&event), Chord::char('F'));
        }
        let tab = KeyEvent::new(KeyCode::Tab, KeyModifiers::SHIFT);
        assert_eq!(Chord::of(&tab), Chord::key(KeyCode::BackTab));
    }
}

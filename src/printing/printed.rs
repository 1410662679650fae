//! Text that may be written to a terminal.

use super::clean::{clean_lines, escape_json, without_url_passwords};
use std::{borrow::Cow, fmt};

/// The colours that the program gives its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Colour {
    /// The escape sequence that selects the colour.
    fn sequence(self) -> &'static str {
        match self {
            Self::Red => "\u{1b}[31m",
            Self::Green => "\u{1b}[32m",
            Self::Yellow => "\u{1b}[33m",
            Self::Cyan => "\u{1b}[36m",
        }
    }
}

/// Selects the terminal's own colour again.
const OWN_COLOUR: &str = "\u{1b}[39m";

/// Text for a terminal, a pipe or a log file. Whatever is put in is cleaned, of escape sequences, of control characters
/// other than tab and line end, of direction overrides, and of the passwords in URLs; only [`Colour`]s add sequences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Printed(String);

impl Printed {
    /// JSON, in which these characters are escaped rather than removed.
    pub(crate) fn json(text: &str) -> Self {
        Self(escape_json(&without_url_passwords(text)).into_owned())
    }

    /// Text that a library has coloured, if the texts that it was made of hold nothing to clean; else the same text
    /// cleaned, without colours.
    pub(crate) fn coloured_by_library(
        coloured: String,
        sources: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        let is_clean = |source: &str| printable(source) == source;
        if sources.into_iter().all(|source| is_clean(source.as_ref())) {
            Self(coloured)
        } else {
            Self::from(coloured)
        }
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &str) {
        self.0.push_str(&printable(text));
    }

    /// Appends text in a colour, if there is one.
    pub(crate) fn push_in(&mut self, colour: Option<Colour>, text: &str) {
        match colour {
            None => self.push(text),
            Some(colour) => {
                self.0.push_str(colour.sequence());
                self.push(text);
                self.0.push_str(OWN_COLOUR);
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn printable(text: &str) -> Cow<'_, str> {
    match clean_lines(text) {
        Cow::Borrowed(text) => without_url_passwords(text),
        // First cleaned: a character that is removed may stand within a URL.
        Cow::Owned(text) => Cow::Owned(without_url_passwords(&text).into_owned()),
    }
}

impl From<&str> for Printed {
    fn from(text: &str) -> Self {
        Self(printable(text).into_owned())
    }
}

impl From<String> for Printed {
    fn from(text: String) -> Self {
        match printable(&text) {
            Cow::Borrowed(_) => Self(text),
            Cow::Owned(clean) => Self(clean),
        }
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_colours_are_printed() {
        let mut line = Printed::default();
        line.push_in(Some(Colour::Red), "FAIL \u{1b}[32m");
        line.push_in(None, "a \u{1b}[31mname\u{1b}[0m ");
        line.push("\u{9b}31m\u{202e}end\n");
        assert_eq!(line.as_str(), "\u{1b}[31mFAIL \u{1b}[39ma name end\n");
    }

    #[test]
    fn a_librarys_colours_stay_unless_what_it_shows_has_some_too() {
        let shown = |word: &str| {
            Printed::coloured_by_library(format!("\u{1b}[1merror\u{1b}[0m: {word}"), [word]).to_string()
        };
        assert_eq!(shown("--x"), "\u{1b}[1merror\u{1b}[0m: --x");
        assert_eq!(shown("--\u{1b}[31mx"), "error: --x");
        assert_eq!(shown("--\u{202e}x"), "error: --x");
        assert_eq!(shown("http://u:p@h"), "error: http://u:***@h");
    }
}

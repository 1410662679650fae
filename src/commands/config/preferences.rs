//! What a person likes: how the screen looks, which key does what, how users are watched.
//!
//! Two layers, each over the one before: what we think best, and the config file. The command line goes before both.

use crate::{
    engine::WatchSettings,
    tui::{Depth, Theme, UnknownTheme, keymap::Keymap},
};

/// All that the config file can say.
#[derive(Clone, Debug)]
pub(crate) struct Preferences {
    /// Name of the theme.
    pub theme: String,
    /// `auto`, `always` or `never`.
    pub color: String,
    /// Nothing beyond ASCII.
    pub ascii: bool,
    /// Whether the mouse is ours from the start.
    pub mouse: bool,
    /// Whether the terminal's bell rings.
    pub bell: bool,
    /// How users are asked, and which pages are read.
    pub watch: WatchSettings,
    /// Bad user-seconds that may be spent.
    pub budget: u32,
    /// Contexts in which a fire needs no typed name, besides those that live on this machine.
    pub allow_contexts: Vec<String>,
    pub keys: Keymap,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: "dark".to_owned(),
            color: "auto".to_owned(),
            ascii: false,
            mouse: false,
            bell: false,
            watch: WatchSettings::default(),
            budget: 120,
            allow_contexts: Vec::new(),
            keys: Keymap::default(),
        }
    }
}

impl Preferences {
    /// The theme for this terminal.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) fn look(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Theme, UnknownTheme> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let named = Theme::named(&self.theme)?;
        let depth = match self.color.as_str() {
            "never" => Depth::None,
            "auto" if set("NO_COLOR").is_some() => Depth::None,
            when => match Depth::of(set("TERM").as_deref(), set("COLORTERM").as_deref()) {
                // `always` is meant for terminals that say less than they can.
                Depth::None if when == "always" => Depth::Sixteen,
                depth => depth,
            },
        };
        let theme = named.with_depth(depth);
        Ok(if self.ascii { theme.ascii() } else { theme })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_and_the_terminal_decide_unless_told_otherwise() {
        let look = |color: &str, variables: &[(&str, &str)]| {
            let preferences = Preferences { color: color.to_owned(), ..Preferences::default() };
            let find =
                |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            preferences.look(find).unwrap()
        };
        let mono = Theme::named("mono").unwrap();
        assert_eq!(look("auto", &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), mono);
        assert_eq!(look("auto", &[("TERM", "dumb")]), mono);
        assert_eq!(look("never", &[("TERM", "xterm-256color")]), mono);
        assert_eq!(look("auto", &[("TERM", "xterm"), ("NO_COLOR", "")]), Theme::default(), "empty is unset");
        assert_eq!(look("always", &[("TERM", "xterm"), ("NO_COLOR", "1")]), Theme::default());
        assert_eq!(look("always", &[("TERM", "dumb")]), Theme::default());
    }

    #[test]
    fn a_theme_that_is_not_there_is_refused_with_those_that_are() {
        let preferences = Preferences { theme: "neon".to_owned(), ..Preferences::default() };
        let error = preferences.look(|_| None).unwrap_err().to_string();
        assert!(error.contains("neon") && error.contains("colour-blind"), "{error}");
    }
}

//! The preferences of a user: appearance of the screen, key bindings, and how users are watched.
//!
//! The config file overrides the defaults; the command line overrides both.

use super::locale::without_utf8;
use crate::{
    engine::WatchSettings,
    tui::{Background, Depth, Theme, ThemeByBackground, UnknownTheme, keymap::Keymap},
};

/// The setting that chooses the theme by the terminal's background.
const AUTO: &str = "auto";
/// The values of the setting `theme`.
pub(super) const THEMES: [&str; Theme::NAMES.len() + 1] = {
    let [dark, light, colour_blind, mono] = Theme::NAMES;
    [AUTO, dark, light, colour_blind, mono]
};
/// The values of the setting `ground`: the background of the theme or that of the terminal.
pub(super) const GROUNDS: [&str; 2] = ["theme", "terminal"];

/// The settings of the config file.
#[derive(Clone, Debug)]
pub(crate) struct Preferences {
    /// Name of the theme, or `auto`.
    pub theme: String,
    /// The background behind text, one of [`GROUNDS`].
    pub ground: String,
    /// `auto`, `always` or `never`.
    pub color: String,
    /// Whether to draw ASCII only; if `None`, the locale decides.
    pub ascii: Option<bool>,
    /// Whether the mouse is captured from the start.
    pub mouse: bool,
    /// Whether the terminal's bell rings.
    pub bell: bool,
    /// How users are simulated and which sources of the breaker are read.
    pub watch: WatchSettings,
    /// Bad seconds allowed.
    pub budget: u32,
    /// Contexts in which a fire needs no typed name, besides those of local clusters.
    pub allow_contexts: Vec<String>,
    pub keys: Keymap,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: AUTO.to_owned(),
            ground: "theme".to_owned(),
            color: "auto".to_owned(),
            ascii: None,
            mouse: false,
            bell: false,
            watch: WatchSettings::default(),
            budget: 120,
            allow_contexts: Vec::new(),
            keys: Keymap::default(),
        }
    }
}

/// The appearance that results from the preferences on this terminal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Appearance {
    /// The initial theme.
    pub theme: Theme,
    /// The theme for each background, if the terminal must be queried for it.
    pub theme_by_background: Option<ThemeByBackground>,
    /// A note for the operator about a limited display.
    pub note: Option<String>,
}

impl Preferences {
    /// Returns the appearance on this terminal; `variable` reads an environment variable.
    ///
    /// # Errors
    /// If no theme has the configured name.
    pub(crate) fn appearance(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Appearance, UnknownTheme> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let depth = match self.color.as_str() {
            "never" => Depth::None,
            "auto" if set("NO_COLOR").is_some() => Depth::None,
            when => match Depth::of(set("TERM").as_deref(), set("COLORTERM").as_deref()) {
                // `always` is for terminals that support more than their variables state.
                Depth::None if when == "always" => Depth::Sixteen,
                depth => depth,
            },
        };
        let lacking = without_utf8(&variable).filter(|_| self.ascii.is_none());
        let ascii = self.ascii.unwrap_or(lacking.is_some());
        let here = |theme: Theme| {
            let theme = theme.with_depth(depth);
            let theme = if self.ground == "terminal" { theme.on_own_ground() } else { theme };
            if ascii { theme.ascii() } else { theme }
        };
        let grounds = if self.theme == AUTO {
            Some(ThemeByBackground { dark: here(Theme::named("dark")?), light: here(Theme::named("light")?) })
        } else {
            None
        };
        let theme = match grounds {
            Some(grounds) => {
                let background = set("COLORFGBG").as_deref().and_then(Background::environment_background);
                grounds.on(background.unwrap_or(Background::Dark))
            }
            None => here(Theme::named(&self.theme)?),
        };
        // Without colours the dark and the light theme look the same.
        let grounds = grounds.filter(|_| depth != Depth::None);
        let note =
            lacking.map(|why| format!("ASCII only, since {why} is not UTF-8 (--ascii=false draws all)"));
        Ok(Appearance { theme, theme_by_background: grounds, note })
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
            preferences.appearance(find).unwrap().theme
        };
        let (mono, sixteen) =
            (Theme::default().with_depth(Depth::None), Theme::default().with_depth(Depth::Sixteen));
        assert_eq!(look("auto", &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), mono);
        assert_eq!(look("auto", &[("TERM", "dumb")]), mono);
        assert_eq!(look("never", &[("TERM", "xterm-256color")]), mono);
        assert_eq!(look("auto", &[("TERM", "xterm"), ("NO_COLOR", "")]), sixteen, "empty is unset");
        assert_eq!(look("always", &[("TERM", "xterm"), ("NO_COLOR", "1")]), sixteen);
        assert_eq!(look("always", &[("TERM", "dumb")]), sixteen);
    }

    #[test]
    fn where_nobody_chose_a_theme_the_terminal_is_asked() {
        let look = |theme: &str, variables: &[(&str, &str)]| {
            let preferences = Preferences { theme: theme.to_owned(), ..Preferences::default() };
            let find =
                |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            preferences.appearance(find).unwrap()
        };
        let xterm = ("TERM", "xterm-256color");
        let here = |name: &str| Theme::named(name).unwrap().with_depth(Depth::Indexed);
        let (dark, light) = (here("dark"), here("light"));
        let asked = look("auto", &[xterm]);
        assert_eq!((asked.theme, asked.theme_by_background), (dark, Some(ThemeByBackground { dark, light })));
        assert_eq!(look("auto", &[xterm, ("COLORFGBG", "0;15")]).theme, light, "until it answers");
        assert_eq!(
            look("auto", &[xterm, ("NO_COLOR", "1")]).theme_by_background,
            None,
            "it would change nothing"
        );
        for named in Theme::NAMES {
            assert_eq!(look(named, &[xterm]).theme_by_background, None, "{named}");
        }
        assert_eq!(look("light", &[xterm, ("COLORFGBG", "15;0")]).theme, light);
    }

    #[test]
    fn text_stands_on_the_terminals_ground_where_that_is_wanted() {
        let look = |ground: &str| {
            let preferences = Preferences { ground: ground.to_owned(), ..Preferences::default() };
            preferences.appearance(|name| (name == "TERM").then(|| "xterm-256color".to_owned())).unwrap()
        };
        let own = look("terminal");
        assert_eq!(own.theme, Theme::default().with_depth(Depth::Indexed).on_own_ground());
        assert_ne!(own.theme, look("theme").theme);
        assert!(
            own.theme_by_background
                .is_some_and(|grounds| grounds.light != look("theme").theme_by_background.unwrap().light)
        );
    }

    #[test]
    fn a_locale_without_utf8_takes_ascii_and_says_so_unless_somebody_decided() {
        let look = |ascii, lang: &str| {
            let find = |name: &str| (name == "LANG").then(|| lang.to_owned());
            Preferences { ascii, ..Preferences::default() }.appearance(find).unwrap()
        };
        let plain = look(None, "C");
        assert_eq!(plain.theme, Theme::default().with_depth(Depth::Sixteen).ascii());
        assert!(plain.theme_by_background.unwrap().light.ascii);
        let note = plain.note.unwrap();
        assert!(note.contains("LANG=C is not UTF-8") && note.chars().count() < 70, "{note}");
        let all = Theme::default().with_depth(Depth::Sixteen);
        assert_eq!((look(None, "C.UTF-8").theme, look(None, "C.UTF-8").note), (all, None));
        assert_eq!((look(Some(false), "C").theme, look(Some(false), "C").note), (all, None));
        assert_eq!((look(Some(true), "C").theme, look(Some(true), "C").note), (all.ascii(), None));
    }

    #[test]
    fn a_theme_that_is_not_there_is_refused_with_those_that_are() {
        let preferences = Preferences { theme: "neon".to_owned(), ..Preferences::default() };
        let error = preferences.appearance(|_| None).unwrap_err().to_string();
        assert!(error.contains("neon") && error.contains("colour-blind"), "{error}");
    }
}

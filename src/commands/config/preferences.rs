//! What a person likes: how the screen looks, which key does what, how users are watched.
//!
//! Three layers, each over the one before: what we think best, the config file, the command line.

use crate::{
    commands::live::{Looks, Watching},
    observe::breaker::{NamedSource, SeriesRule},
    tui::{Depth, Theme, UnknownTheme, keymap::Keymap},
};

/// All that the config file can say.
#[derive(Clone, Debug)]
pub struct Preferences {
    /// Name of the theme.
    pub theme: String,
    /// `auto`, `always` or `never`.
    pub color: String,
    /// Nothing beyond ASCII.
    pub ascii: bool,
    /// Whether the mouse is ours from the start.
    pub mouse: bool,
    /// URLs that users ask.
    pub watch: Vec<String>,
    /// Whether `watch` is from the command line, and so goes before the experiment's own probe.
    pub watch_named: bool,
    /// Headers sent to each of them, `NAME:VALUE`.
    pub watch_headers: Headers,
    /// Whether every certificate is accepted of them.
    pub watch_insecure: bool,
    /// Whether nobody is asked, and only pages are read.
    pub passive: bool,
    /// Requests a second to each of them.
    pub rate: f64,
    /// What users accept to wait, in seconds.
    pub limit: f64,
    /// Bad user-seconds that may be spent.
    pub budget: u32,
    /// Where the breaker's state is told, besides the usual places.
    pub breaker_sources: Vec<NamedSource>,
    /// Own series that tell it.
    pub breaker_series: Vec<SeriesRule>,
    /// Contexts in which a fire needs no typed name, besides those that live on this machine.
    pub allow_contexts: Vec<String>,
    /// Keys.
    pub keys: Keymap,
}

/// Headers as they were written; their values are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<String>);

impl Headers {
    /// Of these texts.
    pub fn new(texts: Vec<String>) -> Self {
        Self(texts)
    }

    /// The same for whoever may see them.
    pub fn shown(&self) -> Vec<String> {
        let name = |text: &String| text.split_once(':').map_or("", |(name, _)| name).trim().to_owned();
        self.0.iter().map(|text| format!("{}: ***", name(text))).collect()
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.shown()).finish()
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a String;
    type IntoIter = std::slice::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: "dark".to_owned(),
            color: "auto".to_owned(),
            ascii: false,
            mouse: false,
            watch: Vec::new(),
            watch_named: false,
            watch_headers: Headers::default(),
            watch_insecure: false,
            passive: false,
            rate: 4.0,
            limit: 1.0,
            budget: 120,
            breaker_sources: Vec::new(),
            breaker_series: Vec::new(),
            allow_contexts: Vec::new(),
            keys: Keymap::default(),
        }
    }
}

impl Preferences {
    /// The same with what the command line says about looks.
    #[must_use]
    pub fn looking(mut self, looks: &Looks) -> Self {
        set(&mut self.theme, looks.theme.clone());
        set(&mut self.color, looks.color.clone());
        set(&mut self.ascii, looks.ascii);
        set(&mut self.mouse, looks.mouse);
        self
    }

    /// The same with what the command line says about watching.
    #[must_use]
    pub fn watching(mut self, watching: &Watching) -> Self {
        if !watching.watch.is_empty() {
            self.watch.clone_from(&watching.watch);
            self.watch_named = true;
        }
        self.watch_headers.0.extend(watching.watch_header.iter().cloned());
        self.watch_insecure |= watching.watch_insecure;
        self.passive |= watching.passive;
        set(&mut self.rate, watching.rate);
        set(&mut self.limit, watching.limit);
        set(&mut self.budget, watching.budget);
        self.breaker_sources.extend(watching.breaker_source.iter().cloned());
        self.allow_contexts.extend(watching.allow_context.iter().cloned());
        self
    }

    /// The theme for this terminal.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn look(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Theme, UnknownTheme> {
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

fn set<T>(place: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *place = said;
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

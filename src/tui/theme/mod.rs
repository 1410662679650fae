//! Colours by role. Panes use roles only; every role is also shown by a word or a letter.
//!
//! Brightness shows importance: a fill marks what is not normal, a tint what is, and no cell is ever dim.

mod palette;

use palette::{COLOUR_BLIND, DARK, LIGHT, Palette};
use ratatui::style::{Color, Modifier, Style};

/// The meaning of a part of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Numbers, names, headings.
    Strong,
    /// Units, axes, ages, zeros.
    Soft,
    /// Frames. Carries no words.
    Line,
    /// The grid of the picture. Carries no words.
    Grid,
    /// The earlier run, drawn behind this one.
    Ghost,
    /// The keyboard focus, keys, the next action.
    Focus,
    /// Real answers, ready pods, a closed breaker.
    Ok,
    /// Users get a fallback: degraded, but an answer.
    Protected,
    /// Users wait, the breaker lets trial calls through, or something is only likely.
    Waiting,
    /// Users get errors, or something unexpected happened.
    Failing,
    /// The injected fault, never to be mistaken for a failure of the system.
    Fault,
    /// Not asked, not observed, or not determinable.
    Unknown,
    /// Text on a fill.
    Ink,
}

/// The number of colours that the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None, or none are wanted.
    None,
    /// The sixteen named colours.
    Sixteen,
    /// The usual palette of 256 colours.
    Indexed,
    True,
}

impl Depth {
    /// Derives the depth from `TERM` and `COLORTERM`; sixteen colours if they name no other.
    pub fn of(term: Option<&str>, color_term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        match color_term {
            _ if term == "dumb" => Depth::None,
            Some("truecolor" | "24bit") => Depth::True,
            _ if term.ends_with("-direct") => Depth::True,
            Some(_) => Depth::Indexed,
            None if term.contains("256color") => Depth::Indexed,
            None => Depth::Sixteen,
        }
    }
}

/// The palettes, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ThemeName {
    Dark,
    Light,
    ColourBlind,
}

impl ThemeName {
    fn palette(self) -> &'static Palette {
        match self {
            ThemeName::Dark => &DARK,
            ThemeName::Light => &LIGHT,
            ThemeName::ColourBlind => &COLOUR_BLIND,
        }
    }
}

/// A theme with as many colours as the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    look: ThemeName,
    pub(crate) depth: Depth,
    /// Whether the terminal's own background is kept instead of the theme's.
    own_ground: bool,
    /// Whether only ASCII is drawn, external text included.
    pub ascii: bool,
}

/// A theme name that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no theme `{0}`; choose one of: {all}", all = Theme::NAMES.join(", "))]
pub struct UnknownTheme(String);

impl Default for Theme {
    fn default() -> Self {
        Self { look: ThemeName::Dark, depth: Depth::True, own_ground: false, ascii: false }
    }
}

impl Theme {
    /// The names that [`Theme::named`] accepts.
    pub const NAMES: [&'static str; 4] = ["dark", "light", "colour-blind", "mono"];

    /// Returns a theme by its name.
    ///
    /// # Errors
    /// When there is no theme of that name.
    pub fn named(name: &str) -> Result<Self, UnknownTheme> {
        let dark = Self::default();
        match name {
            "dark" => Ok(dark),
            "light" => Ok(Self { look: ThemeName::Light, ..dark }),
            "colour-blind" => Ok(Self { look: ThemeName::ColourBlind, ..dark }),
            "mono" => Ok(Self { depth: Depth::None, ..dark }),
            other => Err(UnknownTheme(other.to_owned())),
        }
    }

    /// The same theme with as many colours as the terminal shows. A theme without colours stays without.
    #[must_use]
    pub fn with_depth(self, depth: Depth) -> Self {
        let depth = if self.depth == Depth::None { Depth::None } else { depth };
        Self { depth, ..self }
    }

    /// The same theme in ASCII only.
    #[must_use]
    pub fn ascii(self) -> Self {
        Self { ascii: true, ..self }
    }

    /// The same theme on the terminal's own background.
    #[must_use]
    pub fn on_own_ground(self) -> Self {
        Self { own_ground: true, ..self }
    }

    /// Returns whether the theme has no tints; quiet segments are then drawn as lines.
    pub fn is_flat(&self) -> bool {
        matches!(self.depth, Depth::None | Depth::Sixteen) || self.ascii
    }

    /// Returns whether answers are drawn as letters instead of pixels, because colours or block characters are missing.
    pub fn draws_letters(&self) -> bool {
        self.depth == Depth::None || self.ascii
    }

    /// Returns whether the theme has no colours at all.
    pub fn is_mono(&self) -> bool {
        self.depth == Depth::None
    }

    /// The colour of a role; `None` for the terminal's default.
    pub fn colour(&self, role: Role) -> Option<Color> {
        match (self.depth, self.look) {
            (Depth::None, _) => None,
            (Depth::Sixteen, ThemeName::Dark) => palette::sixteen(role),
            (Depth::Sixteen, ThemeName::Light) => palette::sixteen_on_light(role),
            (Depth::Sixteen, ThemeName::ColourBlind) => palette::sixteen_colour_blind(role),
            _ => Some(self.shown_color(self.look.palette().role(role))),
        }
    }

    /// Converts a colour of the palette to the terminal's colour depth.
    fn shown_color(&self, rgb: palette::Rgb) -> Color {
        if self.depth == Depth::True { palette::exact(rgb) } else { palette::nearest(rgb) }
    }

    /// Returns whether the terminal has a colour for every shade of the palette.
    fn is_full(&self) -> bool {
        matches!(self.depth, Depth::Indexed | Depth::True)
    }

    /// The style of text in a role, on any background.
    pub fn style(&self, role: Role) -> Style {
        self.colour(role).map_or(Style::new(), |colour| Style::new().fg(colour))
    }

    /// The same in bold.
    pub fn bold(&self, role: Role) -> Style {
        self.style(role).add_modifier(Modifier::BOLD)
    }

    /// A fill: the role's colour as background, with ink on it.
    pub fn fill(&self, role: Role) -> Style {
        match (self.colour(role), self.colour(Role::Ink)) {
            (Some(colour), Some(ink)) => Style::new().bg(colour).fg(ink),
            _ => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// A tint: the quiet background of a role, with text in the role's own colour. `None` without tints.
    pub fn tint(&self, role: Role) -> Option<Style> {
        let tinted = || self.style(role).bg(self.shown_color(self.look.palette().tint(role)));
        (!self.is_flat()).then(tinted)
    }

    /// The background of the whole screen, with ordinary text.
    pub fn ground(&self) -> Style {
        let text = self.style(Role::Text);
        if self.is_full() && !self.own_ground {
            text.bg(self.shown_color(self.look.palette().ground))
        } else {
            text
        }
    }

    /// The background of the columns in which the fault was on; `None` without enough colours.
    pub fn band(&self) -> Option<Color> {
        self.is_full().then(|| self.shown_color(self.look.palette().band))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 14] = [
        Role::Text,
        Role::Strong,
        Role::Soft,
        Role::Line,
        Role::Grid,
        Role::Ghost,
        Role::Focus,
        Role::Ok,
        Role::Protected,
        Role::Waiting,
        Role::Failing,
        Role::Fault,
        Role::Unknown,
        Role::Ink,
    ];

    fn styles(theme: &Theme, role: Role) -> Vec<Style> {
        let some = [theme.style(role), theme.bold(role), theme.fill(role), theme.ground()];
        some.into_iter().chain(theme.tint(role)).collect()
    }

    #[test]
    fn mono_has_no_colour_and_keeps_bold_and_inverse() {
        let mono = Theme::named("mono").unwrap().with_depth(Depth::True);
        for role in ROLES {
            for style in styles(&mono, role) {
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            }
        }
        assert!(mono.fill(Role::Failing).add_modifier.contains(Modifier::REVERSED));
        assert!(mono.bold(Role::Strong).add_modifier.contains(Modifier::BOLD));
        assert_eq!((mono.tint(Role::Ok), mono.band()), (None, None));
    }

    #[test]
    fn nothing_is_ever_dim() {
        for theme in Theme::NAMES.map(|name| Theme::named(name).unwrap()) {
            for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
                for role in ROLES {
                    for style in styles(&theme.with_depth(depth), role) {
                        assert!(!style.add_modifier.contains(Modifier::DIM));
                    }
                }
            }
        }
    }

    #[test]
    fn in_colour_no_two_states_look_alike() {
        let depths = [Depth::Sixteen, Depth::Indexed, Depth::True];
        for (name, depth) in
            ["dark", "light", "colour-blind"].into_iter().flat_map(|n| depths.map(|d| (n, d)))
        {
            let theme = Theme::named(name).unwrap().with_depth(depth);
            let states =
                [Role::Ok, Role::Protected, Role::Waiting, Role::Failing, Role::Fault, Role::Unknown];
            for (i, one) in states.iter().enumerate() {
                for other in states.iter().skip(i + 1) {
                    assert_ne!(theme.style(*one).fg, theme.style(*other).fg, "{name}: {one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn terminals_get_no_more_colours_than_they_say_they_show() {
        for (term, color_term, wanted) in [
            (Some("dumb"), Some("truecolor"), Depth::None),
            (Some("linux"), None, Depth::Sixteen),
            (None, None, Depth::Sixteen),
            (Some("xterm-256color"), None, Depth::Indexed),
            (Some("screen-256color"), Some("24bit"), Depth::True),
            (Some("xterm-direct"), None, Depth::True),
            (Some("rxvt"), Some("rxvt"), Depth::Indexed),
        ] {
            assert_eq!(Depth::of(term, color_term), wanted, "{term:?} {color_term:?}");
        }
        for name in Theme::NAMES {
            let theme = Theme::named(name).unwrap();
            for role in ROLES {
                let colours = |depth: Depth| {
                    let styles = styles(&theme.with_depth(depth), role);
                    styles.iter().flat_map(|style| [style.fg, style.bg]).flatten().collect::<Vec<_>>()
                };
                assert_eq!(colours(Depth::None), [], "{name} {role:?}");
                let beyond = |colour: &Color| matches!(colour, Color::Indexed(_) | Color::Rgb(..));
                assert!(!colours(Depth::Sixteen).iter().any(beyond), "{name} {role:?}");
                let beyond = |colour: &Color| matches!(colour, Color::Rgb(..));
                assert!(!colours(Depth::Indexed).iter().any(beyond), "{name} {role:?}");
            }
        }
    }

    #[test]
    fn in_sixteen_colours_the_terminal_keeps_its_ground() {
        let ground = |depth| Theme::default().with_depth(depth).ground().bg;
        assert_eq!((ground(Depth::Sixteen), ground(Depth::None)), (None, None));
        assert!(ground(Depth::True).is_some() && ground(Depth::Indexed).is_some());
        assert_eq!(Theme::default().on_own_ground().ground().bg, None);
    }

    #[test]
    fn every_name_is_a_theme_and_no_other() {
        for name in Theme::NAMES {
            assert!(Theme::named(name).is_ok());
        }
        assert!(Theme::named("neon").unwrap_err().to_string().contains("colour-blind"));
    }
}

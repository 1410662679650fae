//! Colours and symbols by role. Panes know roles only; every role is doubled by a word or a letter on screen.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Plain text.
    Text,
    /// Second to the text around it: borders, axes, units.
    Muted,
    /// Not known, not observed any more.
    Stale,
    /// Headings and what stands out without being good or bad.
    Strong,
    /// Where the keyboard is.
    Focus,
    /// Real answers, ready pods.
    Ok,
    /// Users get less, but get something.
    Protected,
    /// Somebody waits, or something is only likely.
    Waiting,
    /// Users are let down, or something unexpected happened.
    Failing,
    /// The fault we made, and its keys: never to be taken for "the system is broken".
    Fault,
    /// Something is about to happen by itself: a guard ends the run.
    Alarm,
}

/// The characters that are not letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbols {
    /// Whether other characters are replaced too, those of text from outside included.
    pub ascii: bool,
    /// What stands for text that was cut off.
    pub ellipsis: &'static str,
    /// Left edge of the verdict.
    pub edge: &'static str,
    /// Done and not yet done parts of a bar, and its ends.
    pub bar: [&'static str; 4],
    /// Vertical axis, its foot.
    pub axis: [&'static str; 2],
    /// Corners and lines of a box: top left, top right, bottom left, bottom right, horizontal, vertical.
    pub frame: [&'static str; 6],
    /// Shades of the heat map, from none to most.
    pub shades: [&'static str; 5],
    /// The time cursor, and a note or mark on the axis.
    pub cursor: [&'static str; 2],
}

/// Box drawing and blocks.
pub(super) const UNICODE: Symbols = Symbols {
    ascii: false,
    ellipsis: "…",
    edge: "▌",
    bar: ["█", "░", "▕", "▏"],
    axis: ["┤", "└"],
    frame: ["┌", "┐", "└", "┘", "─", "│"],
    shades: [" ", "░", "▒", "▓", "█"],
    cursor: ["│", "▾"],
};

/// Nothing beyond ASCII.
pub(super) const ASCII: Symbols = Symbols {
    ascii: true,
    ellipsis: "~",
    edge: "|",
    bar: ["#", ".", "[", "]"],
    axis: ["|", "+"],
    frame: ["+", "+", "+", "+", "-", "|"],
    shades: [" ", ".", ":", "*", "#"],
    cursor: ["|", "v"],
};

/// Colours for the roles. `None` everywhere is the theme without colour, which keeps its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Palette {
    muted: Option<Color>,
    stale: Option<Color>,
    focus: Option<Color>,
    ok: Option<Color>,
    protected: Option<Color>,
    waiting: Option<Color>,
    failing: Option<Color>,
    fault: Option<Color>,
    /// Text on a bar of one of the colours above.
    on_bar: Option<Color>,
}

/// The sixteen named colours: the operator's own terminal theme decides what they look like. What is second in
/// rank is dim rather than dark grey, which several well-known themes draw in the colour of the background.
const DARK: Palette = Palette {
    muted: None,
    stale: None,
    focus: Some(Color::Cyan),
    ok: Some(Color::Green),
    protected: Some(Color::LightBlue),
    waiting: Some(Color::Yellow),
    failing: Some(Color::LightRed),
    fault: Some(Color::LightMagenta),
    on_bar: Some(Color::Black),
};

/// Darker shades that can be read on white.
const LIGHT: Palette = Palette {
    muted: Some(Color::Indexed(243)),
    stale: Some(Color::Indexed(243)),
    focus: Some(Color::Indexed(25)),
    ok: Some(Color::Indexed(22)),
    protected: Some(Color::Indexed(26)),
    waiting: Some(Color::Indexed(94)),
    failing: Some(Color::Indexed(124)),
    fault: Some(Color::Indexed(90)),
    on_bar: Some(Color::Indexed(231)),
};

/// The Okabe-Ito colours, told apart with every common colour blindness.
const COLOUR_BLIND: Palette = Palette {
    muted: Some(Color::Indexed(245)),
    stale: Some(Color::Indexed(245)),
    focus: Some(Color::Indexed(231)),
    ok: Some(Color::Indexed(36)),
    protected: Some(Color::Indexed(74)),
    waiting: Some(Color::Indexed(227)),
    failing: Some(Color::Indexed(166)),
    fault: Some(Color::Indexed(175)),
    on_bar: Some(Color::Indexed(16)),
};

/// The same for terminals with sixteen colours, in those that are told apart on white.
const LIGHT_16: Palette = Palette {
    muted: None,
    stale: None,
    focus: Some(Color::Blue),
    ok: Some(Color::Green),
    protected: Some(Color::Cyan),
    waiting: Some(Color::Yellow),
    failing: Some(Color::Red),
    fault: Some(Color::Magenta),
    on_bar: Some(Color::White),
};

/// Blue against yellow instead of green against red, in sixteen colours.
const COLOUR_BLIND_16: Palette = Palette {
    muted: None,
    stale: None,
    focus: Some(Color::White),
    ok: Some(Color::Cyan),
    protected: Some(Color::LightBlue),
    waiting: Some(Color::LightYellow),
    failing: Some(Color::Yellow),
    fault: Some(Color::LightMagenta),
    on_bar: Some(Color::Black),
};

/// The Okabe-Ito colours as they are, for terminals that can show them.
const COLOUR_BLIND_TRUE: Palette = Palette {
    muted: Some(Color::Rgb(153, 153, 153)),
    stale: Some(Color::Rgb(153, 153, 153)),
    focus: Some(Color::Rgb(255, 255, 255)),
    ok: Some(Color::Rgb(0, 158, 115)),
    protected: Some(Color::Rgb(86, 180, 233)),
    waiting: Some(Color::Rgb(240, 228, 66)),
    failing: Some(Color::Rgb(213, 94, 0)),
    fault: Some(Color::Rgb(204, 121, 167)),
    on_bar: Some(Color::Rgb(0, 0, 0)),
};

/// No colour at all. Terminals take crossterm's empty colour sequence for "reset all", so a theme either has
/// colours or has none: a filter over a coloured one would lose bold and reverse.
const MONO: Palette = Palette {
    muted: None,
    stale: None,
    focus: None,
    ok: None,
    protected: None,
    waiting: None,
    failing: None,
    fault: None,
    on_bar: None,
};

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None, or none are wanted.
    None,
    /// The sixteen named ones.
    Sixteen,
    /// The 256 of the usual palette.
    Indexed,
    True,
}

impl Depth {
    /// What a terminal says of itself in `TERM` and `COLORTERM`; one that says nothing is trusted with sixteen.
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

/// A look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    palette: Palette,
    /// The characters in use.
    pub symbols: Symbols,
}

/// A theme nobody made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no theme `{0}`; choose one of: {all}", all = Theme::NAMES.join(", "))]
pub struct UnknownTheme(String);

impl Default for Theme {
    fn default() -> Self {
        Self { palette: DARK, symbols: UNICODE }
    }
}

impl Theme {
    /// The names [`Theme::named`] knows.
    pub const NAMES: [&'static str; 4] = ["dark", "light", "colour-blind", "mono"];

    /// A theme by its name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn named(name: &str) -> Result<Self, UnknownTheme> {
        let palette = match name {
            "dark" => DARK,
            "light" => LIGHT,
            "colour-blind" => COLOUR_BLIND,
            "mono" => MONO,
            other => return Err(UnknownTheme(other.to_owned())),
        };
        Ok(Self { palette, symbols: UNICODE })
    }

    /// The same look in as many colours as the terminal shows; the named themes are made for 256.
    #[must_use]
    pub fn with_depth(self, depth: Depth) -> Self {
        let palette = match (depth, self.palette) {
            (Depth::None, _) => MONO,
            (Depth::Sixteen, LIGHT) => LIGHT_16,
            (Depth::Sixteen, COLOUR_BLIND) => COLOUR_BLIND_16,
            (Depth::True, COLOUR_BLIND) => COLOUR_BLIND_TRUE,
            (_, palette) => palette,
        };
        Self { palette, ..self }
    }

    /// The same colours with nothing beyond ASCII.
    pub fn ascii(self) -> Self {
        Self { symbols: ASCII, ..self }
    }

    /// How text of a role looks.
    pub fn style(&self, role: Role) -> Style {
        let p = &self.palette;
        let (colour, modifiers) = match role {
            Role::Text => (None, Modifier::empty()),
            Role::Muted => (p.muted, dim_unless(p.muted)),
            Role::Stale => (p.stale, dim_unless(p.stale)),
            Role::Strong => (None, Modifier::BOLD),
            Role::Focus => (p.focus, Modifier::BOLD),
            Role::Ok => (p.ok, Modifier::empty()),
            Role::Protected => (p.protected, Modifier::empty()),
            Role::Waiting => (p.waiting, Modifier::empty()),
            Role::Failing | Role::Alarm => (p.failing, Modifier::BOLD),
            Role::Fault => (p.fault, Modifier::BOLD),
        };
        let style = Style::new().add_modifier(modifiers);
        match colour {
            Some(colour) => style.fg(colour),
            None => style,
        }
    }

    /// A bar of a role's colour with readable text on it.
    pub fn bar(&self, role: Role) -> Style {
        match (self.style(role).fg, self.palette.on_bar) {
            // White on red, the one bar whose text is not in the palette's usual colour.
            (Some(_), Some(_)) if role == Role::Alarm => {
                Style::new().bg(Color::Red).fg(Color::White).add_modifier(Modifier::BOLD)
            }
            (Some(colour), Some(on_bar)) => Style::new().bg(colour).fg(on_bar).add_modifier(Modifier::BOLD),
            _ => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }
}

/// Without a colour, what is second in rank is dim instead.
fn dim_unless(colour: Option<Color>) -> Modifier {
    if colour.is_some() { Modifier::empty() } else { Modifier::DIM }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 11] = [
        Role::Text,
        Role::Muted,
        Role::Stale,
        Role::Strong,
        Role::Focus,
        Role::Ok,
        Role::Protected,
        Role::Waiting,
        Role::Failing,
        Role::Fault,
        Role::Alarm,
    ];

    #[test]
    fn mono_has_no_colour_and_keeps_its_modifiers() {
        let mono = Theme::named("mono").unwrap();
        for role in ROLES {
            for style in [mono.style(role), mono.bar(role)] {
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            }
        }
        assert!(mono.bar(Role::Failing).add_modifier.contains(Modifier::REVERSED));
        assert!(mono.style(Role::Muted).add_modifier.contains(Modifier::DIM));
    }

    #[test]
    fn in_colour_no_two_states_look_alike() {
        let depths = [Depth::Sixteen, Depth::Indexed, Depth::True];
        for (name, depth) in
            ["dark", "light", "colour-blind"].into_iter().flat_map(|n| depths.map(|d| (n, d)))
        {
            let theme = Theme::named(name).unwrap().with_depth(depth);
            let states = [Role::Ok, Role::Protected, Role::Waiting, Role::Failing, Role::Fault, Role::Stale];
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
                    let (style, bar) =
                        (theme.with_depth(depth).style(role), theme.with_depth(depth).bar(role));
                    [style.fg, style.bg, bar.fg, bar.bg].into_iter().flatten().collect::<Vec<_>>()
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
    fn every_name_is_a_theme_and_no_other() {
        for name in Theme::NAMES {
            assert!(Theme::named(name).is_ok());
        }
        assert!(Theme::named("neon").unwrap_err().to_string().contains("colour-blind"));
    }
}

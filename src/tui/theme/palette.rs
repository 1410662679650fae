//! The colours of each theme, and their equivalents on terminals with fewer colours.
//!
//! Contrast (WCAG 2): text at least 13:1 on the ground, `strong` and `soft` at least 6:1, the other roles at least
//! 4.5:1 on ground and band, ink on every fill at least 5:1, a role on its own tint at least 4.5:1. The tests compute
//! it.

use super::Role;
use ratatui::style::Color;

/// A colour as `0xrrggbb`, sRGB.
pub(super) type Rgb = u32;

/// A theme in true colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    pub(super) ground: Rgb,
    /// Text on a fill.
    pub(super) ink: Rgb,
    /// The background of the columns in which the fault was on.
    pub(super) band: Rgb,
    pub(super) roles: Roles,
    /// Backgrounds of quiet segments, whose text is in the role's own colour.
    pub(super) tints: Tints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) text: Rgb,
    pub(super) strong: Rgb,
    pub(super) soft: Rgb,
    pub(super) line: Rgb,
    pub(super) grid: Rgb,
    pub(super) ghost: Rgb,
    pub(super) focus: Rgb,
    pub(super) ok: Rgb,
    pub(super) protected: Rgb,
    pub(super) waiting: Rgb,
    pub(super) failing: Rgb,
    pub(super) fault: Rgb,
    pub(super) unknown: Rgb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tints {
    pub(super) ok: Rgb,
    pub(super) protected: Rgb,
    pub(super) waiting: Rgb,
    pub(super) failing: Rgb,
    pub(super) fault: Rgb,
    pub(super) unknown: Rgb,
}

pub(super) const DARK: Palette = Palette {
    ground: 0x0f131a,
    ink: 0x0b0e13,
    band: 0x241733,
    roles: Roles {
        text: 0xdfe6ee,
        strong: 0xffffff,
        soft: 0xa9b5c3,
        line: 0x3d4858,
        grid: 0x2b3442,
        ghost: 0x56637a,
        focus: 0x5ccfe6,
        ok: 0x3ddc84,
        protected: 0x4da3ff,
        waiting: 0xffc83d,
        failing: 0xff5d55,
        fault: 0xe08bff,
        unknown: 0xa9b5c3,
    },
    tints: Tints {
        ok: 0x12402a,
        protected: 0x0e2f55,
        waiting: 0x544006,
        failing: 0x471416,
        fault: 0x43215a,
        unknown: 0x2c3442,
    },
};

pub(super) const LIGHT: Palette = Palette {
    ground: 0xfbfcfe,
    ink: 0xffffff,
    band: 0xf5e9fb,
    roles: Roles {
        text: 0x1c232d,
        strong: 0x000000,
        soft: 0x4b5666,
        line: 0xb4bdca,
        grid: 0xdde3ea,
        ghost: 0xa3adbb,
        focus: 0x0b6e8a,
        ok: 0x0a7a3d,
        protected: 0x0b5fc4,
        waiting: 0x946000,
        failing: 0xc4161c,
        fault: 0x8a27b0,
        unknown: 0x4b5666,
    },
    tints: Tints {
        ok: 0xdcf4e6,
        protected: 0xdceafc,
        waiting: 0xfcefd0,
        failing: 0xfde4e2,
        fault: 0xeed6f8,
        unknown: 0xe3e8ef,
    },
};

/// The Okabe-Ito colours on the dark background, distinguishable with every common colour blindness.
pub(super) const COLOUR_BLIND: Palette = Palette {
    ink: 0x000000,
    band: 0x1d1229,
    roles: Roles {
        ok: 0x009e73,
        protected: 0x56b4e9,
        waiting: 0xf0e442,
        failing: 0xd55e00,
        fault: 0xcc79a7,
        focus: 0xffffff,
        ..DARK.roles
    },
    tints: Tints {
        ok: 0x05231a,
        protected: 0x0e2f55,
        waiting: 0x4a4506,
        failing: 0x231003,
        fault: 0x33182a,
        unknown: 0x2c3442,
    },
    ..DARK
};

impl Palette {
    pub(super) fn role(&self, role: Role) -> Rgb {
        let r = &self.roles;
        match role {
            Role::Text => r.text,
            Role::Strong => r.strong,
            Role::Soft => r.soft,
            Role::Line => r.line,
            Role::Grid => r.grid,
            Role::Ghost => r.ghost,
            Role::Focus => r.focus,
            Role::Ok => r.ok,
            Role::Protected => r.protected,
            Role::Waiting => r.waiting,
            Role::Failing => r.failing,
            Role::Fault => r.fault,
            Role::Unknown => r.unknown,
            Role::Ink => self.ink,
        }
    }

    /// The tint of a role; a role without a tint of its own has that of `Unknown`.
    pub(super) fn tint(&self, role: Role) -> Rgb {
        let t = &self.tints;
        match role {
            Role::Ok => t.ok,
            Role::Protected => t.protected,
            Role::Waiting => t.waiting,
            Role::Failing => t.failing,
            Role::Fault => t.fault,
            _ => t.unknown,
        }
    }
}

/// The named colour of a role on a dark terminal of sixteen colours; `None` for the terminal's default.
pub(super) fn sixteen(role: Role) -> Option<Color> {
    Some(match role {
        Role::Text => return None,
        Role::Strong => Color::White,
        Role::Soft | Role::Unknown => Color::Gray,
        Role::Line | Role::Grid | Role::Ghost => Color::DarkGray,
        Role::Focus => Color::LightCyan,
        Role::Ok => Color::LightGreen,
        Role::Protected => Color::LightBlue,
        Role::Waiting => Color::LightYellow,
        Role::Failing => Color::LightRed,
        Role::Fault => Color::LightMagenta,
        Role::Ink => Color::Black,
    })
}

/// The same on a light terminal: the dark half of the sixteen.
pub(super) fn sixteen_on_light(role: Role) -> Option<Color> {
    Some(match role {
        Role::Text | Role::Strong => return None,
        Role::Soft | Role::Unknown => Color::DarkGray,
        Role::Line | Role::Grid | Role::Ghost => Color::Gray,
        Role::Focus => Color::Cyan,
        Role::Ok => Color::Green,
        Role::Protected => Color::Blue,
        Role::Waiting => Color::Yellow,
        Role::Failing => Color::Red,
        Role::Fault => Color::Magenta,
        Role::Ink => Color::White,
    })
}

/// The same for colour blindness, without green against red.
pub(super) fn sixteen_colour_blind(role: Role) -> Option<Color> {
    match role {
        Role::Focus => Some(Color::White),
        Role::Ok => Some(Color::Cyan),
        Role::Failing => Some(Color::Yellow),
        other => sixteen(other),
    }
}

/// The exact colour, for terminals with true colour.
pub(super) fn exact(rgb: Rgb) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// The nearest of the 240 fixed colours of a terminal with 256: a cube with 6 levels per side, and 24 greys.
pub(super) fn nearest(rgb: Rgb) -> Color {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let [_, red, green, blue] = rgb.to_be_bytes();
    let level = |wanted: u8| (0..6).min_by_key(|i| LEVELS[*i].abs_diff(wanted)).unwrap_or(0);
    let distance = |colour: [u8; 3]| -> u32 {
        let squares =
            [red, green, blue].into_iter().zip(colour).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2));
        squares.sum()
    };
    let [r, g, b] = [red, green, blue].map(level);
    let cube = (16 + 36 * r + 6 * g + b, distance([LEVELS[r], LEVELS[g], LEVELS[b]]));
    let greys = (0..24_u8).map(|i| (232 + usize::from(i), distance([8 + 10 * i; 3])));
    let (index, _) = greys.chain([cube]).min_by_key(|(_, distance)| *distance).unwrap_or(cube);
    Color::Indexed(index as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::colours::contrast;

    const FILLS: [Role; 7] =
        [Role::Focus, Role::Ok, Role::Protected, Role::Waiting, Role::Failing, Role::Fault, Role::Unknown];

    #[test]
    fn everything_can_be_read() {
        for (name, palette) in [("dark", DARK), ("light", LIGHT), ("colour-blind", COLOUR_BLIND)] {
            let holds = |what: &str, one: Rgb, other: Rgb, least: f64| {
                let found = contrast(one, other);
                assert!(found >= least, "{name}, {what}: {found:.2} is less than {least}");
            };
            holds("text", palette.role(Role::Text), palette.ground, 13.0);
            holds("strong", palette.role(Role::Strong), palette.ground, 6.0);
            holds("soft", palette.role(Role::Soft), palette.ground, 6.0);
            for role in FILLS {
                holds(&format!("{role:?} on the ground"), palette.role(role), palette.ground, 4.5);
                holds(&format!("{role:?} on the band"), palette.role(role), palette.band, 4.5);
                holds(&format!("ink on {role:?}"), palette.ink, palette.role(role), 5.0);
                if role != Role::Focus {
                    holds(&format!("{role:?} on its tint"), palette.role(role), palette.tint(role), 4.5);
                }
            }
        }
    }

    /// The page of a report has the colours of the screen.
    #[test]
    fn the_report_has_the_same_colours() {
        use crate::report::html::colours;
        for (theme, palette) in [(colours::DARK, DARK), (colours::LIGHT, LIGHT)] {
            for (name, colour) in theme {
                let (tint, name) = match name.strip_prefix("tint-") {
                    Some(role) => (true, role),
                    None => (false, name),
                };
                let role = match name {
                    "ground" | "band" => {
                        assert_eq!(colour, if name == "ground" { palette.ground } else { palette.band });
                        continue;
                    }
                    "text" => Role::Text,
                    "strong" => Role::Strong,
                    "soft" => Role::Soft,
                    "line" => Role::Line,
                    "grid" => Role::Grid,
                    "ghost" => Role::Ghost,
                    "focus" => Role::Focus,
                    "ok" => Role::Ok,
                    "protected" => Role::Protected,
                    "waiting" => Role::Waiting,
                    "failing" => Role::Failing,
                    "fault" => Role::Fault,
                    "unknown" => Role::Unknown,
                    "ink" => Role::Ink,
                    other => panic!("{other}"),
                };
                assert_eq!(colour, if tint { palette.tint(role) } else { palette.role(role) }, "{name}");
            }
        }
    }

    #[test]
    fn the_nearest_of_256_is_near() {
        assert_eq!(nearest(0xffffff), Color::Indexed(231));
        assert_eq!(nearest(0x000000), Color::Indexed(16));
        assert_eq!(nearest(0x0f131a), Color::Indexed(233));
        assert_eq!(nearest(0x5fafff), Color::Indexed(75));
    }
}

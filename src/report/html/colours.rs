//! The colours of the page: those of the screen's dark and light themes (`tui/theme/palette.rs`, where a test compares
//! them), as CSS variables.

/// A colour as `0xrrggbb`, sRGB.
type Rgb = u32;

/// A theme: each variable with its colour.
pub(crate) type Theme = [(&'static str, Rgb); 22];

pub(crate) const LIGHT: Theme = [
    ("ground", 0xfbfcfe),
    ("text", 0x1c232d),
    ("strong", 0x000000),
    ("soft", 0x4b5666),
    ("line", 0xb4bdca),
    ("grid", 0xdde3ea),
    ("focus", 0x0b6e8a),
    ("ok", 0x0a7a3d),
    ("protected", 0x0b5fc4),
    ("waiting", 0x946000),
    ("failing", 0xc4161c),
    ("fault", 0x8a27b0),
    ("unknown", 0x4b5666),
    ("ink", 0xffffff),
    ("band", 0xf5e9fb),
    ("tint-ok", 0xdcf4e6),
    ("tint-protected", 0xdceafc),
    ("tint-waiting", 0xfcefd0),
    ("tint-failing", 0xfde4e2),
    ("tint-fault", 0xeed6f8),
    ("tint-unknown", 0xe3e8ef),
    ("ghost", 0xa3adbb),
];

pub(crate) const DARK: Theme = [
    ("ground", 0x0f131a),
    ("text", 0xdfe6ee),
    ("strong", 0xffffff),
    ("soft", 0xa9b5c3),
    ("line", 0x3d4858),
    ("grid", 0x2b3442),
    ("focus", 0x5ccfe6),
    ("ok", 0x3ddc84),
    ("protected", 0x4da3ff),
    ("waiting", 0xffc83d),
    ("failing", 0xff5d55),
    ("fault", 0xe08bff),
    ("unknown", 0xa9b5c3),
    ("ink", 0x0b0e13),
    ("band", 0x241733),
    ("tint-ok", 0x12402a),
    ("tint-protected", 0x0e2f55),
    ("tint-waiting", 0x544006),
    ("tint-failing", 0x471416),
    ("tint-fault", 0x43215a),
    ("tint-unknown", 0x2c3442),
    ("ghost", 0x56637a),
];

/// The page's style sheet: the variables of both themes, then the rules.
pub(super) fn style() -> String {
    let variables = |theme: &Theme| -> String {
        theme.iter().map(|(name, colour)| format!("--{name}:#{colour:06x};")).collect()
    };
    format!(
        ":root{{color-scheme:light dark;{light}}}\
         @media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\
         {rules}",
        light = variables(&LIGHT),
        dark = variables(&DARK),
        rules = include_str!("style.css")
    )
}

/// The contrast of two colours as WCAG 2 defines it.
#[cfg(test)]
pub(crate) fn contrast(one: Rgb, other: Rgb) -> f64 {
    let luminance = |rgb: Rgb| {
        let [_, red, green, blue] = rgb.to_be_bytes();
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            c if c <= 0.04045 => c / 12.92,
            c => ((c + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_on_the_page_has_the_contrast_of_wcag_aa() {
        for (name, theme) in [("light", LIGHT), ("dark", DARK)] {
            let colour = |variable: &str| theme.iter().find(|(name, _)| *name == variable).unwrap().1;
            let holds = |text: &str, on: &str| {
                let contrast = contrast(colour(text), colour(on));
                assert!(contrast >= 4.5, "{name}: {text} on {on} has {contrast:.2}");
            };
            for text in ["text", "strong", "soft", "focus", "ok", "protected", "waiting", "failing", "fault"]
            {
                holds(text, "ground");
            }
            for role in ["ok", "protected", "waiting", "failing", "fault", "unknown"] {
                holds("ink", role);
                holds(role, &format!("tint-{role}"));
                holds("text", &format!("tint-{role}"));
                holds(role, "band");
            }
        }
    }
}

//! Detects whether the terminal's background is dark or light: asks the terminal once, by OSC 11, unless it is known.
//!
//! Only the first frame waits for the answer, and only briefly.

use super::theme::Theme;
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// The OSC 11 query.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";
/// How long the first frame waits for the answer. A local terminal takes a few milliseconds.
pub(super) const ANSWER_WAIT: Duration = Duration::from_millis(10);
/// How long after the query an answer is accepted. A later one would change the colours while the screen is being read.
const COUNTS: Duration = Duration::from_secs(1);
/// How long the program waits at its exit for an outstanding answer, which the shell would read as keys.
const LEAVING: Duration = Duration::from_millis(200);

/// When the terminal was asked, if at all: once per process.
static ASKED: OnceLock<Instant> = OnceLock::new();
/// Whether the terminal has answered.
static ANSWERED: AtomicBool = AtomicBool::new(false);
/// The answer, if it came in time.
static ANSWER: OnceLock<Background> = OnceLock::new();

/// The brightness of the terminal's background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// The theme for each background, if the terminal's background decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThemeByBackground {
    pub dark: Theme,
    pub light: Theme,
}

impl ThemeByBackground {
    /// The theme for a background.
    pub fn on(self, background: Background) -> Theme {
        match background {
            Background::Dark => self.dark,
            Background::Light => self.light,
        }
    }
}

impl Background {
    /// The terminal's answer to this session or to an earlier one of this process.
    pub(super) fn known() -> Option<Self> {
        ANSWER.get().copied()
    }

    /// Parses `COLORFGBG`, which some terminals set for their child processes: foreground and background as numbers
    /// among the sixteen colours.
    pub fn environment_background(color_fg_bg: &str) -> Option<Self> {
        match color_fg_bg.rsplit(';').next()?.parse().ok()? {
            0..=6 | 8 => Some(Background::Dark),
            7 | 9..=15 => Some(Background::Light),
            _ => None,
        }
    }

    /// Parses `11;rgb:ffff/ffff/ffff`, with one to four digits per colour; some terminals add a fourth part.
    pub(super) fn parse_answer(text: &str) -> Option<Self> {
        let (model, colours) = text.strip_prefix("11;")?.split_once(':')?;
        if !matches!(model, "rgb" | "rgba") {
            return None;
        }
        let mut parts = colours.split('/').map(share);
        let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
        let bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        Some(if bright > 0.5 { Background::Light } else { Background::Dark })
    }
}

/// A hexadecimal number as a fraction of the largest number with as many digits.
fn share(digits: &str) -> Option<f64> {
    let most =
        16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    Some(f64::from(value) / f64::from(most))
}

/// Records that the terminal is asked at `now`. Returns whether it is the first time.
pub(super) fn asks(now: Instant) -> bool {
    ASKED.set(now).is_ok()
}

/// Records an answer that came at `now`. Returns the answer if it came in time.
pub(super) fn handle(background: Option<Background>, now: Instant) -> Option<Background> {
    ANSWERED.store(true, Ordering::SeqCst);
    let background = background.filter(|_| ASKED.get().is_some_and(|asked| counts(*asked, now)))?;
    // A second answer does not belong to this program's query.
    ANSWER.set(background).ok().map(|()| background)
}

fn counts(asked: Instant, now: Instant) -> bool {
    now.duration_since(asked) < COUNTS
}

/// How long to wait for an outstanding answer when leaving at `now`; `None` if none is expected.
pub(super) fn outstanding_wait(now: Instant) -> Option<Duration> {
    let asked = ASKED.get().filter(|_| !ANSWERED.load(Ordering::SeqCst))?;
    LEAVING.checked_sub(now.duration_since(*asked)).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_and_light_by_what_the_terminal_says() {
        for (text, wanted) in [
            ("11;rgb:0000/0000/0000", Some(Background::Dark)),
            ("11;rgb:ffff/ffff/ffff", Some(Background::Light)),
            ("11;rgb:FFFF/FFFF/DDDD", Some(Background::Light)),
            ("11;rgb:fd/f6/e3", Some(Background::Light)),
            ("11;rgb:1/2/3", Some(Background::Dark)),
            ("11;rgba:2828/2c2c/3434/ffff", Some(Background::Dark)),
            ("11;rgb:0000/0000/ffff", Some(Background::Dark)),
            ("11;rgb:0000/ffff/0000", Some(Background::Light)),
            ("11;rgb:ffff/ffff", None),
            ("11;rgb:ffff//ffff", None),
            ("11;rgb:123456789/0/0", None),
            ("11;cmyk:0/0/0", None),
            ("11;", None),
        ] {
            assert_eq!(Background::parse_answer(text), wanted, "{text}");
        }
        for (text, wanted) in [
            ("15;0", Some(Background::Dark)),
            ("0;15", Some(Background::Light)),
            ("0;default;15", Some(Background::Light)),
            ("12;8", Some(Background::Dark)),
            ("0;7", Some(Background::Light)),
            ("15;default", None),
            ("0;99", None),
            ("", None),
        ] {
            assert_eq!(Background::environment_background(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_late_answer_does_not_count() {
        let asked = Instant::now();
        assert!(counts(asked, asked + Duration::from_millis(900)));
        assert!(!counts(asked, asked + COUNTS));
    }
}

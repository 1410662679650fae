//! Whether the terminal's background is dark or light: asked of the terminal once, by OSC 11, where nobody has said it.
//!
//! Nothing waits for the answer but the first frame, for a moment.

use super::theme::Theme;
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// The question.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";
/// How long the first frame waits for the answer: a terminal on this machine takes a few milliseconds.
pub(super) const GLANCE: Duration = Duration::from_millis(10);
/// How long an answer counts. Later the screen would change its colours under the eyes of whoever reads it.
const COUNTS: Duration = Duration::from_secs(1);
/// How long whoever leaves waits for an answer that is on its way, since the shell would take it for keys.
const LEAVING: Duration = Duration::from_millis(200);

/// When the terminal was asked, if it was: once in the life of the process.
static ASKED: OnceLock<Instant> = OnceLock::new();
/// Whether it has answered.
static ANSWERED: AtomicBool = AtomicBool::new(false);
/// What it answered in time.
static ANSWER: OnceLock<Background> = OnceLock::new();

/// What the terminal draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// The theme for each background, where it is the terminal that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThemeByBackground {
    pub dark: Theme,
    pub light: Theme,
}

impl ThemeByBackground {
    /// The one for a background.
    pub fn on(self, background: Background) -> Theme {
        match background {
            Background::Dark => self.dark,
            Background::Light => self.light,
        }
    }
}

impl Background {
    /// What was answered, to this session or to one before it.
    pub(super) fn known() -> Option<Self> {
        ANSWER.get().copied()
    }

    /// By what the terminal told its children, if it told them: `COLORFGBG`, text and background by their number among the
    /// sixteen colours.
    pub fn environment_background(color_fg_bg: &str) -> Option<Self> {
        match color_fg_bg.rsplit(';').next()?.parse().ok()? {
            0..=6 | 8 => Some(Background::Dark),
            7 | 9..=15 => Some(Background::Light),
            _ => None,
        }
    }

    /// From `11;rgb:ffff/ffff/ffff`, with one to four digits a colour; some terminals add a fourth part.
    pub(super) fn answered(text: &str) -> Option<Self> {
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

/// A hexadecimal number as a share of the largest one of its length.
fn share(digits: &str) -> Option<f64> {
    let most =
        16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    Some(f64::from(value) / f64::from(most))
}

/// Notes that the terminal is asked at `now`; whether it is the first time.
pub(super) fn asks(now: Instant) -> bool {
    ASKED.set(now).is_ok()
}

/// Notes that an answer came at `now`; gives it where it counts.
pub(super) fn handle(background: Option<Background>, now: Instant) -> Option<Background> {
    ANSWERED.store(true, Ordering::SeqCst);
    let background = background.filter(|_| ASKED.get().is_some_and(|asked| counts(*asked, now)))?;
    // A second answer is none to our question.
    ANSWER.set(background).ok().map(|()| background)
}

fn counts(asked: Instant, now: Instant) -> bool {
    now.duration_since(asked) < COUNTS
}

/// How long an answer may still be on its way to whoever leaves now.
pub(super) fn on_its_way(now: Instant) -> Option<Duration> {
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
            assert_eq!(Background::answered(text), wanted, "{text}");
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

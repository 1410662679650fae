//! A moment of a recording, as the command line names it.

use crate::session::{clock::shifted, event::Timestamp, recording::Timeline};
use std::str::FromStr;

/// A moment of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    Begin,
    End,
    /// Seconds since T0; negative before it.
    SinceT0(f64),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let not_one = || {
            format!("{text:?} is no moment: write T+12, T-5, T+1:30, T0, begin or end; T0 is the first fire")
        };
        let rest = match text.to_lowercase().as_str() {
            "begin" => return Ok(Self::Begin),
            "end" => return Ok(Self::End),
            "t0" => return Ok(Self::SinceT0(0.0)),
            lower => lower.strip_prefix('t').ok_or_else(not_one)?.to_owned(),
        };
        let sign = if rest.starts_with('-') { -1.0 } else { 1.0 };
        let digits = rest.strip_prefix(['+', '-']).ok_or_else(not_one)?;
        let seconds = digits.split(':').try_fold(0.0, |sum, part| {
            let number = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let value: f64 = part.parse().ok().filter(|_| number)?;
            Some(sum * 60.0 + value)
        });
        seconds.map(|seconds| Self::SinceT0(sign * seconds)).ok_or_else(not_one)
    }
}

impl Moment {
    /// Finds the moment in a recording.
    ///
    /// # Errors
    /// If it counts from T0 and nothing was fired.
    pub(crate) fn on(self, timeline: &Timeline) -> Result<Timestamp, String> {
        match self {
            Self::Begin => Ok(timeline.begin()),
            Self::End => Ok(timeline.end().at),
            Self::SinceT0(seconds) => {
                match timeline.t0() {
                    Some(t0) => Ok(shifted(t0, seconds)),
                    None => Err("nothing was fired in this session, so that it has no T0: pass begin or end"
                        .to_owned()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Moment::{self, Begin, End, SinceT0};

    #[test]
    fn moments_are_read() {
        for (text, moment) in [
            ("T+12", SinceT0(12.0)),
            ("t-5.5", SinceT0(-5.5)),
            ("T+1:30", SinceT0(90.0)),
            ("T+1:00:01", SinceT0(3601.0)),
            ("T0", SinceT0(0.0)),
            ("begin", Begin),
            ("END", End),
        ] {
            assert_eq!(text.parse::<Moment>(), Ok(moment), "{text}");
        }
        for text in ["12", "T12", "T+", "T+x", "T+1:", "T++1", "T+nan", "", "T+1e3"] {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(error.contains("T+12"), "{text}: {error}");
        }
    }
}

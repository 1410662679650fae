//! Guard limits as options and files write them.

use crate::session::event::{Guard, Guards};
use pyvalue::{Value, python_text};
use std::str::FromStr;

/// The largest limit that is accepted, in seconds: a day.
pub const LARGEST_GUARD_LIMIT: i64 = 86_400;
const LARGEST: u32 = LARGEST_GUARD_LIMIT as u32;

/// A change of guard limits: `users=60,restarts=1,silence=10`, `hold=60`, `users=off`, `on`, `off`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuardChange(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All(Guards),
    One(Guard, Option<u32>),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no guard: write users=SECONDS, restarts=COUNT, silence=SECONDS, hold=SECONDS (whole numbers from 1 to {LARGEST}, or off), \
     several with commas between; or only on, or off"
)]
pub struct GuardError(String);

impl GuardChange {
    /// Returns the limits after the change.
    pub fn applied(&self, base: Guards) -> Guards {
        self.0.iter().fold(base, |mut guards, part| {
            match *part {
                // Whether the operator holds the fault is no matter of the usual limits.
                Part::All(all) if all != Guards::OFF => guards = Guards { hold_s: guards.hold_s, ..all },
                Part::All(off) => guards = off,
                Part::One(guard, limit) => guards.set(guard, limit),
            }
            guards
        })
    }

    /// Whether the change sets a limit for this guard by its name.
    pub fn names(&self, guard: Guard) -> bool {
        self.0.iter().any(|part| matches!(part, Part::One(named, Some(_)) if *named == guard))
    }

    /// Parses a change as the experiment declares it: a mapping of limits, or `on`, `off`, `true`, `false` for all.
    pub fn from_declaration(value: &Value) -> Result<Self, GuardError> {
        match value {
            Value::Map(limits) => {
                let part = |(name, limit): (&String, &Value)| {
                    let text = match limit {
                        Value::Null | Value::Bool(false) => "off".to_owned(),
                        limit => python_text(limit),
                    };
                    one(name, &text).ok_or_else(|| GuardError(format!("{name}={text}")))
                };
                limits.iter().map(part).collect::<Result<_, _>>().map(Self)
            }
            Value::Bool(on) => Ok(Self(vec![Part::All(if *on { Guards::default() } else { Guards::OFF })])),
            other => python_text(other).parse(),
        }
    }
}

impl FromStr for GuardChange {
    type Err = GuardError;

    fn from_str(text: &str) -> Result<Self, GuardError> {
        let part = |word: &str| {
            match word.split_once('=') {
                Some((name, limit)) => one(name.trim(), limit.trim()),
                None => all(word),
            }
            .ok_or_else(|| GuardError(word.to_owned()))
        };
        text.split(',').map(str::trim).map(part).collect::<Result<_, _>>().map(Self)
    }
}

fn all(word: &str) -> Option<Part> {
    match word {
        "on" => Some(Part::All(Guards::default())),
        "off" => Some(Part::All(Guards::OFF)),
        _ => None,
    }
}

fn one(name: &str, limit: &str) -> Option<Part> {
    let guard = Guard::ALL.into_iter().find(|guard| guard.name() == name)?;
    if limit == "off" {
        return Some(Part::One(guard, None));
    }
    let limit = limit.parse().ok().filter(|limit| (1..=LARGEST).contains(limit))?;
    Some(Part::One(guard, Some(limit)))
}

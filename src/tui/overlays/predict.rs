//! A prediction is written: what will happen once the step is fired.

use super::boxed;
use crate::{
    session::event::{Gets, Prediction, TripGuess},
    tui::{
        canvas::{Canvas, Row},
        panes::Scene,
        theme::Role,
    },
};

/// Longest number that is typed.
const LONGEST: usize = 6;

/// A line of the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// When the breaker opens.
    #[default]
    Trip,
    /// What most users see.
    Users,
    /// Errors at most.
    Errors,
    /// How soon users get real answers again.
    Recovery,
}

impl Line {
    const ALL: [Line; 4] = [Line::Trip, Line::Users, Line::Errors, Line::Recovery];
}

/// The form as far as it is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PredictForm {
    /// The line that keys write to.
    pub line: Line,
    trip: String,
    never: bool,
    users: Option<Gets>,
    errors: String,
    recovery: String,
}

impl PredictForm {
    /// The form with what was predicted before.
    pub fn of(prediction: Option<Prediction>) -> Self {
        let Prediction { trip, users, errors, recovery_s } = prediction.unwrap_or_default();
        let seconds = |guess| match guess {
            TripGuess::Within(seconds) => seconds.to_string(),
            TripGuess::Never => String::new(),
        };
        let number = |errors: u32| errors.to_string();
        Self {
            line: Line::Trip,
            trip: trip.map(seconds).unwrap_or_default(),
            never: trip == Some(TripGuess::Never),
            users,
            errors: errors.map(number).unwrap_or_default(),
            recovery: recovery_s.map(|seconds| seconds.to_string()).unwrap_or_default(),
        }
    }

    /// To the line `by` places further, around the end.
    pub fn go(&mut self, by: isize) {
        let place = Line::ALL.iter().position(|line| *line == self.line).unwrap_or(0);
        let next = (place as isize + by).rem_euclid(Line::ALL.len() as isize);
        self.line = Line::ALL.get(next.unsigned_abs()).copied().unwrap_or_default();
    }

    /// Writes a digit, a point, or `n` for never; tells whether it meant something on this line.
    pub fn write(&mut self, c: char) -> bool {
        let whole = self.line == Line::Errors;
        if self.line == Line::Trip && c == 'n' {
            self.never = !self.never;
            self.trip.clear();
            return true;
        }
        let Some(text) = self.text_mut() else { return false };
        let fits = c.is_ascii_digit() || (c == '.' && !whole && !text.contains('.'));
        if !fits || text.len() == LONGEST {
            return false;
        }
        text.push(c);
        self.never &= self.line != Line::Trip;
        true
    }

    /// Takes the last character back.
    pub fn erase(&mut self) {
        match self.line {
            Line::Users => self.users = None,
            Line::Trip if self.never => self.never = false,
            _ => drop(self.text_mut().and_then(String::pop)),
        }
    }

    /// The next choice of what users see, or the one before.
    pub fn choose(&mut self, by: isize) {
        if self.line == Line::Users {
            let all = [None, Some(Gets::Real), Some(Gets::Fallback), Some(Gets::Errors)];
            let place = all.iter().position(|gets| *gets == self.users).unwrap_or(0);
            let next = (place as isize + by).rem_euclid(all.len() as isize).unsigned_abs();
            self.users = all.get(next).copied().flatten();
        }
    }

    /// What it says; what cannot be read counts as nothing.
    pub fn prediction(&self) -> Prediction {
        let seconds = |text: &str| text.parse::<f64>().ok();
        let within = seconds(&self.trip).map(TripGuess::Within);
        Prediction {
            trip: if self.never { Some(TripGuess::Never) } else { within },
            users: self.users,
            errors: self.errors.parse().ok(),
            recovery_s: seconds(&self.recovery),
        }
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        match self.line {
            Line::Trip => Some(&mut self.trip),
            Line::Users => None,
            Line::Errors => Some(&mut self.errors),
            Line::Recovery => Some(&mut self.recovery),
        }
    }

    /// The label, what stands in the field, what follows it.
    fn shown(&self, line: Line) -> (&'static str, String, &'static str) {
        match line {
            Line::Trip if self.never => {
                ("the breaker opens", "never".to_owned(), "digits: within so many seconds")
            }
            Line::Trip => ("the breaker opens within", self.trip.clone(), "s         n: never"),
            Line::Users => {
                let gets = self.users.map_or(String::new(), |gets| gets.text().to_owned());
                ("most users will see", gets, "LEFT RIGHT choose")
            }
            Line::Errors => ("errors shown to users, at most", self.errors.clone(), ""),
            Line::Recovery => ("real answers again within", self.recovery.clone(), "s after the provider"),
        }
    }
}

/// Draws the form.
pub fn predict(canvas: &mut Canvas, scene: &Scene, form: &PredictForm) {
    let mut inside = boxed(canvas, scene, (76, 9), "PREDICT", Role::Focus);
    inside.row(0, &Row::text("Before you fire: what will happen? An empty line says nothing."));
    for (y, line) in (1..).zip(Line::ALL) {
        let (label, text, after) = form.shown(line);
        let chosen = line == form.line;
        let mut row =
            Row::of(if chosen { Role::Focus } else { Role::Text }, format!("{} {label:<32}", mark(chosen)));
        if chosen {
            row.push_bar(Role::Focus, format!(" {text:<9}"));
        } else {
            row.push(Role::Strong, format!(" {:<9}", if text.is_empty() { "-" } else { &text }));
        }
        inside.row(y, &row.with(Role::Muted, format!(" {after}")));
    }
    let keys = [("UP DOWN", "line"), ("ENTER", "keep it"), ("BACKSPACE", "erase")];
    let keys = keys
        .iter()
        .fold(Row::new(), |row, (key, what)| row.with(Role::Focus, *key).and(format!(" {what}   ")));
    inside.row(6, &keys.with(Role::Muted, "scored at the end"));
}

fn mark(chosen: bool) -> char {
    if chosen { '>' } else { ' ' }
}

//! The prediction form: what the operator expects once the step is fired.

use crate::session::event::{ExpectedAnswers, ExpectedTrip, Prediction};

/// The maximum length of a number.
const LONGEST: usize = 6;

/// A line of the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PredictLine {
    /// When the breaker opens.
    #[default]
    Trip,
    /// What most users see.
    Users,
    /// The maximum number of failed users.
    Errors,
    /// How soon users get real answers again.
    Recovery,
}

impl PredictLine {
    /// All lines, in order.
    pub const ALL: [PredictLine; 4] =
        [PredictLine::Trip, PredictLine::Users, PredictLine::Errors, PredictLine::Recovery];
}

/// The form and its content so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PredictForm {
    /// The line that is edited.
    pub line: PredictLine,
    trip: String,
    never: bool,
    users: Option<ExpectedAnswers>,
    errors: String,
    recovery: String,
}

impl PredictForm {
    /// Creates the form with an earlier prediction, if any.
    pub fn of(prediction: Option<Prediction>) -> Self {
        let Prediction { trip, users, errors, recovery_s } = prediction.unwrap_or_default();
        let seconds = |guess| match guess {
            ExpectedTrip::Within(seconds) => seconds.to_string(),
            ExpectedTrip::Never => String::new(),
        };
        let number = |errors: u32| errors.to_string();
        Self {
            line: PredictLine::Trip,
            trip: trip.map(seconds).unwrap_or_default(),
            never: trip == Some(ExpectedTrip::Never),
            users,
            errors: errors.map(number).unwrap_or_default(),
            recovery: recovery_s.map(|seconds| seconds.to_string()).unwrap_or_default(),
        }
    }

    /// Moves to the line `by` positions further, wrapping around.
    pub fn go(&mut self, by: isize) {
        let place = PredictLine::ALL.iter().position(|line| *line == self.line).unwrap_or(0);
        let next = (place as isize + by).rem_euclid(PredictLine::ALL.len() as isize);
        self.line = PredictLine::ALL.get(next.unsigned_abs()).copied().unwrap_or_default();
    }

    /// Handles a digit, a point, or `n` for never. Returns whether the character is valid on this line.
    pub fn write(&mut self, c: char) -> bool {
        let whole = self.line == PredictLine::Errors;
        if self.line == PredictLine::Trip && c == 'n' {
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
        self.never &= self.line != PredictLine::Trip;
        true
    }

    /// Deletes the last character, or resets the choice.
    pub fn erase(&mut self) {
        match self.line {
            PredictLine::Users => self.users = None,
            PredictLine::Trip if self.never => self.never = false,
            _ => drop(self.text_mut().and_then(String::pop)),
        }
    }

    /// Selects what users are expected to see: the choice `by` positions further.
    pub fn choose(&mut self, by: isize) {
        if self.line == PredictLine::Users {
            let all = [
                None,
                Some(ExpectedAnswers::Real),
                Some(ExpectedAnswers::Fallback),
                Some(ExpectedAnswers::Errors),
            ];
            let place = all.iter().position(|gets| *gets == self.users).unwrap_or(0);
            let next = (place as isize + by).rem_euclid(all.len() as isize).unsigned_abs();
            self.users = all.get(next).copied().flatten();
        }
    }

    /// The prediction entered so far; a field that cannot be parsed counts as empty.
    pub fn prediction(&self) -> Prediction {
        let seconds = |text: &str| text.parse::<f64>().ok();
        let within = seconds(&self.trip).map(ExpectedTrip::Within);
        Prediction {
            trip: if self.never { Some(ExpectedTrip::Never) } else { within },
            users: self.users,
            errors: self.errors.parse().ok(),
            recovery_s: seconds(&self.recovery),
        }
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        match self.line {
            PredictLine::Trip => Some(&mut self.trip),
            PredictLine::Users => None,
            PredictLine::Errors => Some(&mut self.errors),
            PredictLine::Recovery => Some(&mut self.recovery),
        }
    }

    /// The label, the content of the field, and the text after it.
    pub(in crate::tui) fn shown(&self, line: PredictLine) -> (&'static str, String, &'static str) {
        match line {
            PredictLine::Trip if self.never => {
                ("the breaker opens", "never".to_owned(), "digits: within that many seconds")
            }
            PredictLine::Trip => ("the breaker opens within", self.trip.clone(), "s         n: never"),
            PredictLine::Users => {
                let gets = self.users.map_or(String::new(), |gets| gets.text().to_owned());
                ("most users will see", gets, "LEFT RIGHT choose")
            }
            PredictLine::Errors => ("failed users, at most", self.errors.clone(), ""),
            PredictLine::Recovery => {
                ("real answers again within", self.recovery.clone(), "s after the provider")
            }
        }
    }
}

//! The Python bridge against a real Python (`python3` of the `PATH`): experiment-format 5.2 and 13.

mod controls;
mod endings;
mod failures;
mod interruptions;
mod speech;
mod stage;
mod surroundings;
mod validation;
mod values;

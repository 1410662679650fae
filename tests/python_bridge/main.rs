//! The Python bridge against a real Python (`python3` of the `PATH`): experiment-format 5.2 and 13.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on fails

mod controls;
mod endings;
mod failures;
mod interruptions;
mod speech;
mod stage;
mod surroundings;
mod validation;
mod values;

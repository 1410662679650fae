//! Verdicts in words: about users now, and about the run at its end.
//!
//! The reference tells a weak system from a resilient one only if the file's author asked the right question; these
//! verdicts come from what users got.

pub(in crate::session) mod basis;
mod conclusion;
mod deed;
mod evidence;
mod sentences;
mod subjects;
mod users;

#[cfg(test)]
mod compared_tests;
#[cfg(test)]
mod deed_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unseen_tests;

pub use conclusion::{Conclusion, Standing};
pub use deed::{SafetyKnown, missed, rollback_failed};
pub use users::{Verdict, Word};

//! Verdicts in words: about users now, and about the run at its end.
//!
//! The reference tells a weak system from a resilient one only if the file's author asked the right question; these
//! verdicts come from what users got.

mod basis;
mod conclusion;
mod deed;
mod evidence;
mod sentences;
mod users;

#[cfg(test)]
mod compared_tests;
#[cfg(test)]
mod deed_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unseen_tests;

pub use conclusion::{Conclusion, Standing, conclusion, conclusion_so_far, late_word};
pub use deed::{
    failed_gate, fault_in_doubt, fault_untouched, hopeless, is_to_recover, only_rollbacks, rollback_failed,
    still_away, still_wrong,
};
pub use evidence::{call_share, recovery_lag};
pub(super) use users::users_wait_as_before;
pub use users::{Verdict, Word, bad_seconds, verdict, verdict_of};

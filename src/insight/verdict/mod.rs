//! Verdicts in words: about users at the current moment, and about the run at its end.
//!
//! The reference detects a weak system only if the file's author declared the right probe; these verdicts are based on
//! what users got.

mod basis;
mod compared;
mod conclusion;
mod cost;
mod evidence;
mod failing;
mod fault_effect;
mod input;
mod ready;
mod run_verdict;
mod served;
mod statement;
mod users;
mod waiting;

#[cfg(test)]
mod compared_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unseen_tests;
#[cfg(test)]
mod wording_tests;

pub(super) use conclusion::state_of_verdict;
pub use conclusion::{Conclusion, conclusion, conclusion_so_far, late_verdict};
pub use evidence::{call_share, provider_back_at, recovery_lag};
pub(super) use fault_effect::missed_in_method;
pub use fault_effect::{
    failed_hypothesis_text, needs_recovery, only_failed_rollbacks, remaining_problems, rollback_failure_text,
    targets_not_back, why_fault_had_no_effect, why_fault_unconfirmed, why_wait_is_hopeless,
};
pub use run_verdict::RunVerdict;
pub(super) use statement::joined;
pub use statement::{MEDIUM, SHORT};
pub(super) use users::users_wait_as_before;
pub use users::{UserVerdict, UserWord, bad_seconds, verdict, verdict_of};

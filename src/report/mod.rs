//! Reports on finished sessions: the evidence of one session, the documents that are made of it, and the comparison of
//! two runs.
//!
//! What is said of a session is computed in [`insight`](crate::insight); a document only lays it out.

mod comparison;
mod evidence;

pub(crate) use comparison::{Comparison, Judgement, Row};
pub(crate) use evidence::{Evidence, EvidenceError};

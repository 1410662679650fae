//! Reports on finished sessions: the evidence of one session, the documents that are made of it, and the comparison of
//! two runs.
//!
//! What is said of a session is computed in [`insight`](crate::insight); a document only lays it out.

mod comparison;
mod csv;
mod evidence;
mod facts;
mod format;
pub(crate) mod html;
mod junit;
mod markdown;
pub(crate) mod summary;
#[cfg(test)]
mod tests;

pub(crate) use comparison::{Comparison, Judgement, Row};
pub(crate) use evidence::Evidence;
pub(crate) use format::ReportFormat;

//! Reports on finished sessions: the evidence of one session, the documents that are made of it, and the comparison of
//! two runs.
//!
//! What is said of a session is computed in [`insight`](crate::insight); a document only lays it out.

mod compared_document;
mod comparison;
mod csv;
mod evidence;
mod facts;
mod format;
pub(crate) mod html;
mod junit;
mod markdown;
mod runs;
pub(crate) mod summary;
#[cfg(test)]
mod tests;

pub(crate) use compared_document::compared_document;
pub(crate) use comparison::{Comparison, Judgement, Row};
pub(crate) use evidence::Evidence;
pub(crate) use format::ReportFormat;
pub(crate) use runs::{Runs, RunsCompared, RunsFile, Spread, regressions};
pub(crate) use summary::Summary;

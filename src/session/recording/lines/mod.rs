//! The lines of a recording: what stands in each, and how events become lines and lines events.
//!
//! Most events are requests, their answers, and reports of sources that say the same as before. They are packed: one line
//! holds consecutive requests and answers, and a repeated report is a reference to the line of the first one. Everything
//! else is one line per event. `docs/recording.md` describes the format for other programs.

mod pack;
mod requests;
#[cfg(test)]
mod tests;
mod unpack;

use crate::session::event::SourceReport;
pub(super) use pack::Packer;
use std::collections::VecDeque;
pub(super) use unpack::Unpacker;

/// The maximum number of requests and answers in a line.
const MOST_ITEMS: usize = 512;
/// The number of different reports to which a later line can refer.
const REPORTS: usize = 64;

/// The latest different reports with the numbers of their lines. Writer and reader remember the same ones.
#[derive(Clone, Debug, Default)]
struct RecentReports(VecDeque<(u64, SourceReport)>);

impl RecentReports {
    fn add(&mut self, line: u64, report: &SourceReport) {
        if self.0.len() == REPORTS {
            self.0.pop_front();
        }
        self.0.push_back((line, report.clone()));
    }

    fn line_of(&self, report: &SourceReport) -> Option<u64> {
        self.0.iter().rev().find(|(_, known)| known == report).map(|(line, _)| *line)
    }

    fn at_line(&self, line: u64) -> Option<&SourceReport> {
        self.0.iter().rev().find(|(known, _)| *known == line).map(|(_, report)| report)
    }
}

//! The guardian, as the session knows it.

use super::Log;
use crate::session::event::{GuardianNews, Level, Timestamp};

/// The maximum number of lines kept of what it did.
const KEPT: usize = 64;

/// The process that undoes the fault when the session does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guardian {
    /// The seconds without a renewal after which it acts; `None` while there is no guardian.
    pub lease_s: Option<u32>,
    /// When and why it took the lease.
    pub took: Option<(Timestamp, String)>,
    /// What it did then.
    pub did: Vec<String>,
    /// Once it is through: whether nothing is left on.
    pub undone: Option<bool>,
}

impl Guardian {
    pub(super) fn apply(&mut self, at: Timestamp, news: &GuardianNews, log: &mut Log) {
        let mut say = |level, text: &str| log.push(at, level, "guardian", text);
        match news {
            GuardianNews::Guards { lease_s } => {
                self.lease_s = Some(*lease_s);
                say(
                    Level::Info,
                    &format!("a guardian undoes the fault if this session is silent for {lease_s} s"),
                );
            }
            GuardianNews::Took { why } => {
                self.took = Some((at, why.clone()));
                say(
                    Level::Error,
                    &format!("the guardian has taken over: {why}; this session fires nothing more"),
                );
            }
            GuardianNews::Did { what } => {
                if self.did.len() < KEPT {
                    self.did.push(what.clone());
                }
                say(Level::Warning, what);
            }
            GuardianNews::Over { undone } => {
                self.lease_s = None;
                self.undone = Some(*undone);
                match undone {
                    true => say(Level::Info, "the guardian has undone the fault"),
                    false => say(
                        Level::Error,
                        "the guardian could not undo everything: `chaos-tui recover` shows what is left",
                    ),
                }
            }
            GuardianNews::Lost => {
                self.lease_s = None;
                say(Level::Error, "the guardian has ended: nothing undoes the fault if this session dies");
            }
        }
    }

    /// What it did, in one sentence; `None` unless it took over.
    pub fn text(&self) -> Option<String> {
        self.took.as_ref()?;
        let so_far = match self.undone {
            None => "it is undoing the fault".to_owned(),
            Some(true) if self.did.is_empty() => "nothing was left on".to_owned(),
            Some(true) => self.did.join("; "),
            Some(false) => format!("NOT everything is undone: {}", self.did.join("; ")),
        };
        Some(so_far)
    }
}

//! The record of a session on this machine: a folder of its own, from which `chaos-tui recover` undoes what the session
//! left on, also after the process or the machine died.
//!
//! `$XDG_STATE_HOME/chaos-tui/sessions/<id>/` (`~/.local/state` by default), readable by its owner alone:
//!
//! | file | contents |
//! | --- | --- |
//! | `record.json` | [`RecordHeader`]: who began it, in which cluster, with which options, and the experiment as played |
//! | `session.ctui` | the recording: every event, what was fired and undone included |
//! | `kit.json` | the manifests of the undo kit, with the steps and clusters that they belong to |
//! | `undo.json` | the same for `kubectl apply -f`; `undo.2.json` and so on for further clusters |
//! | `lock` | locked by the session's process for as long as it lives |
//! | `recovery-1.ctui` | the recording of a recovery, numbered |
//! | `settled` | written once nothing is left to undo |
//!
//! Nothing here is ever overwritten by another session. Secret values are never written: the experiment keeps only the
//! references to them.

mod folder;
mod header;
#[cfg(test)]
mod tests;

pub use folder::{KeptSession, OpenRecord, RecordError, RecordLock, SessionsFolder};
pub use header::{ClusterReference, Operator, RecordHeader, ReplayOptions};

/// The file of the undo kit, with the steps and clusters of its manifests.
pub const KIT: &str = "kit.json";
/// The same manifests as a list for `kubectl apply -f`.
pub const APPLICABLE_KIT: &str = "undo.json";

//! Words about fixes: what the preflight offers, and the operator takes, for one session.

use super::StepRef;
use pyvalue::Value;
use serde::{Deserialize, Serialize};

/// Something else to be played, in this session only; the file stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanChange {
    /// Requests go to another address.
    Readdress {
        /// The steps that are known to go to it.
        steps: Vec<StepRef>,
        /// The one that does not answer: `http://127.0.0.1:31117`.
        from: String,
        to: String,
    },
    /// Another activity takes a step's place.
    Instead {
        step: StepRef,
        /// The activity, as a file would declare it.
        activity: Value,
        /// What it does: `delete the pod with terminate_pods`.
        words: String,
    },
}

impl PlanChange {
    /// What taking it means.
    pub fn offer_text(&self) -> String {
        match self {
            PlanChange::Readdress { to, .. } => format!("use {to}"),
            PlanChange::Instead { words, .. } => format!("{words} instead"),
        }
    }

    /// What it means for a step that it is about.
    pub fn applied_text(&self) -> String {
        match self {
            PlanChange::Readdress { to, .. } => format!("asks {to}, not what the file says"),
            PlanChange::Instead { words, .. } => format!("fixed: {words}"),
        }
    }

    /// The steps it is about.
    pub fn steps(&self) -> &[StepRef] {
        match self {
            PlanChange::Readdress { steps, .. } => steps,
            PlanChange::Instead { step, .. } => std::slice::from_ref(step),
        }
    }

    /// The URL at the other address; `None` for one that does not go to the one that does not answer.
    pub fn readdressed(&self, url: &str) -> Option<String> {
        let PlanChange::Readdress { from, to, .. } = self else { return None };
        let rest = url.strip_prefix(from.as_str())?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then(|| format!("{to}{rest}"))
    }
}

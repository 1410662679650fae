//! Event types about fixes: changes that the preflight offers and the operator applies, for one session.

use super::StepRef;
use pyvalue::Value;
use serde::{Deserialize, Serialize};

/// A change of what is executed, in this session only; the file is not changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanChange {
    /// Sends requests to another address.
    Readdress {
        /// The steps that are known to use the address.
        steps: Vec<StepRef>,
        /// The address that does not answer: `http://127.0.0.1:31117`.
        from: String,
        to: String,
        /// What leads there, in words: `port-forward to service/my-consumer-service`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        via: Option<String>,
    },
    /// Executes another activity in place of a step's own.
    Instead {
        step: StepRef,
        /// The activity, as a file would declare it.
        activity: Value,
        /// A description of it: `delete the pod instead`.
        words: String,
    },
}

impl PlanChange {
    /// Returns the text of the offer.
    pub fn offer_text(&self) -> String {
        match self {
            PlanChange::Readdress { to, via: Some(via), .. } => format!("use {to} ({via})"),
            PlanChange::Readdress { to, via: None, .. } => format!("use {to}"),
            PlanChange::Instead { words, .. } => words.clone(),
        }
    }

    /// Returns the text shown at a step that the change affects.
    pub fn applied_text(&self) -> String {
        match self {
            PlanChange::Readdress { to, .. } => format!("uses {to} instead of the address in the file"),
            PlanChange::Instead { words, .. } => format!("fixed: {words}"),
        }
    }

    /// Returns the steps that the change affects.
    pub fn steps(&self) -> &[StepRef] {
        match self {
            PlanChange::Readdress { steps, .. } => steps,
            PlanChange::Instead { step, .. } => std::slice::from_ref(step),
        }
    }

    /// Returns `url` at the new address; `None` if `url` does not use the address that does not answer.
    pub fn readdressed(&self, url: &str) -> Option<String> {
        let PlanChange::Readdress { from, to, .. } = self else { return None };
        let rest = url.strip_prefix(from.as_str())?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then(|| format!("{to}{rest}"))
    }
}

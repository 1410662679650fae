//! The operator's commands to the session.

use super::event::{Guards, PlanChange, PodKey, Prediction, StepRef};
use serde::{Deserialize, Serialize};

/// A command, grouped by the part of the program that handles it. Serialised as the inner command alone: `"next"`,
/// `{"fire": ...}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Restores what fired steps removed, from the manifests saved before the fire.
    Undo,
    /// Undoes what earlier sessions left on.
    Recover,
    /// Handled by the code that opens the session.
    #[serde(untagged)]
    Open(OpenCommand),
    /// Handled by the runner.
    #[serde(untagged)]
    Step(StepCommand),
    /// Handled by the observers.
    #[serde(untagged)]
    Watch(WatchCommand),
    /// Changes the session's state only.
    #[serde(untagged)]
    Annotate(Annotation),
}

/// The operator's answer when the experiment needs a cluster and none is available.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenCommand {
    /// Starts the sandbox with this variant of the sample.
    StartSandbox(String),
    /// Continues without a cluster.
    WithoutCluster,
}

/// Commands that control the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepCommand {
    /// Runs the step under the cursor, unless it is destructive.
    Next,
    /// Runs the destructive step under the cursor. Constructing this value *is* the consent.
    Fire(StepRef),
    /// Switches automatic mode: steps run without a `Next`; destructive ones still wait for a fire.
    Auto(bool),
    /// Holds the run before the next step, in every mode; `false` ends the hold.
    Pause(bool),
    /// Skips the step under the cursor; it is recorded as skipped.
    Skip,
    /// Moves the cursor back to the last step run and runs that step again.
    Rerun,
    /// Ends the current pause or wait early.
    Cut,
    /// Toggles a breakpoint: the run holds when the cursor reaches this step, also in automatic mode.
    Breakpoint(StepRef),
    /// Applies a fix that the preflight offers in place of what the file declares, in this session only.
    Fix(PlanChange),
    /// Ends the run early: cancels what runs and rolls back.
    Abort,
    /// Ends the run as `Abort` does, because a guard exceeded its limit; contains the reason.
    GuardAbort(String),
    /// Ends the run without rollbacks, because the guardian has taken them over; contains the reason.
    Yield(String),
    /// Ends the session.
    Quit,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchCommand {
    /// Starts or stops observation: probing the endpoint and reading the breaker's sources.
    Observe(bool),
    /// Searches for pods whose names contain this text, also among those that are only counted. An empty text ends the
    /// search.
    Find(String),
    /// Reads and follows the log of this pod.
    ReadLog(PodKey),
}

/// Data that the operator adds to the session's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Annotation {
    /// Sets the limits at which guards end the session from now on.
    Guards(Guards),
    /// The operator's prediction of the fault's effect; counts only before the fire.
    Predict(Prediction),
    Note(String),
    Mark,
    /// Holds the fault on: the operator pressed a key that commands nothing else.
    Hold,
}

macro_rules! from_order {
    ($($order:ident => $variant:ident),*) => {
        $(impl From<$order> for Command {
            fn from(order: $order) -> Self {
                Command::$variant(order)
            }
        })*
    };
}
from_order!(OpenCommand => Open, StepCommand => Step, WatchCommand => Watch, Annotation => Annotate);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::Section;

    /// Recordings have contained commands in this form since the first format.
    #[test]
    fn an_order_is_written_and_read_without_whom_it_concerns() {
        let step = StepRef { section: Section::Method, index: 2 };
        for (command, text) in [
            (Command::Undo, r#""undo""#),
            (StepCommand::Next.into(), r#""next""#),
            (StepCommand::Fire(step).into(), r#"{"fire":{"section":"method","index":2}}"#),
            (StepCommand::GuardAbort("users".to_owned()).into(), r#"{"guard_abort":"users"}"#),
            (WatchCommand::Observe(true).into(), r#"{"observe":true}"#),
            (Annotation::Note("seen".to_owned()).into(), r#"{"note":"seen"}"#),
            (Annotation::Mark.into(), r#""mark""#),
            (Annotation::Hold.into(), r#""hold""#),
        ] {
            assert_eq!(serde_json::to_string(&command).unwrap(), text);
            assert_eq!(serde_json::from_str::<Command>(text).unwrap(), command);
        }
    }
}

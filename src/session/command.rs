//! What the operator can tell the session to do.

use super::event::{Guards, PlanChange, PodKey, Prediction, StepRef};
use serde::{Deserialize, Serialize};

/// One order, by whom it concerns. Written as the order alone: `"next"`, `{"fire": ...}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Put back what fired steps took away, from the manifests saved before.
    Undo,
    /// For whoever opens the session.
    #[serde(untagged)]
    Open(OpenCommand),
    /// For the runner.
    #[serde(untagged)]
    Step(StepCommand),
    /// For the observers.
    #[serde(untagged)]
    Watch(WatchCommand),
    /// For nobody but the session's own state.
    #[serde(untagged)]
    Annotate(Annotation),
}

/// What to do where the experiment needs a cluster and there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenCommand {
    /// Start the sandbox with this variant of the sample.
    StartSandbox(String),
    /// Go on without a cluster.
    WithoutCluster,
}

/// How the run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepCommand {
    /// Run the step under the cursor, unless it is destructive.
    Next,
    /// Run the destructive step under the cursor. Making this value *is* the consent.
    Fire(StepRef),
    /// Steps run by themselves; destructive ones still wait for a fire.
    Auto(bool),
    /// Hold before the next step, whatever the mode.
    Pause(bool),
    /// Leave the step under the cursor out; it is recorded as skipped.
    Skip,
    /// Put the cursor back on the last step run, and run it again.
    Rerun,
    /// End the pause or the wait that is going on now.
    Cut,
    /// Hold when the cursor reaches this step, also in automatic mode (again: no longer).
    Breakpoint(StepRef),
    /// Play what the preflight offers instead of what the file says, in this session only.
    Fix(PlanChange),
    /// Turn to the end: cut what runs, roll back.
    Abort,
    /// A guard went beyond its limit: turn to the end as an abort does, and say why.
    GuardAbort(String),
    /// End the session.
    Quit,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchCommand {
    /// Start (or stop) watching: probe the endpoint, ask the breaker's sources.
    Observe(bool),
    /// Look for pods whose names hold this, also among those that are only counted. Empty: no longer.
    Find(String),
    /// Read the log of this pod, and follow it.
    ReadLog(PodKey),
}

/// What is kept with the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Annotation {
    /// From here on these limits end the session by themselves.
    Guards(Guards),
    /// What the operator expects of the fault; counts only before the fire.
    Predict(Prediction),
    Note(String),
    Mark,
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

    /// Recordings have the orders in this form since the first of them.
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
        ] {
            assert_eq!(serde_json::to_string(&command).unwrap(), text);
            assert_eq!(serde_json::from_str::<Command>(text).unwrap(), command);
        }
    }
}

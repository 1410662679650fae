//! Controls around a level that the run itself waits for: orders and signals are heard while they are called.

use super::{
    activity::Cutoff,
    controls::Subject,
    halt::{Halt, Turn},
    helm::Helm,
    stage::Stage,
};
use crate::experiment::Value;

/// Why something was not done to its end.
pub(super) enum Stopped {
    /// The run was told to turn to its end.
    Halt(Halt),
    /// It stopped by itself.
    Cutoff(Cutoff),
}

impl Stopped {
    /// What it means for the run; says so, unless it was said already.
    pub async fn turn(self, stage: &Stage) -> Turn {
        match self {
            Self::Halt(halt) => Turn::Halt(halt),
            Self::Cutoff(cutoff) => stage.turn(cutoff).await,
        }
    }
}

impl From<Halt> for Stopped {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// The controls before a level.
pub(super) async fn before(stage: &Stage, helm: &mut Helm, subject: Subject<'_>) -> Result<(), Stopped> {
    let reins = helm.reins();
    let begun = helm.hear(&reins, stage.before(subject, &reins)).await;
    helm.halted()?;
    begun.map_err(Stopped::Cutoff)
}

/// The controls after a level, which are called whatever became of it. Gives the state as they left it, if they
/// changed it; whether the run was told to turn to its end meanwhile is for the caller to ask.
pub(super) async fn after(
    stage: &Stage,
    helm: &mut Helm,
    subject: Subject<'_>,
    state: impl FnOnce() -> Value,
) -> (Option<Value>, Result<(), Cutoff>) {
    let reins = helm.reins();
    helm.hear(&reins, stage.after(subject, state, &reins)).await
}

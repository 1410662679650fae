//! The position of a run in a section of the experiment.

use super::{
    emitter::RunEmitter,
    operator_input::{NextAction, OperatorInput},
    stop_request::StopRequest,
};
use crate::session::event::{Level, StepRef};

/// The position of the next step, and the step that was handled last.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    index: usize,
    /// The step that was run or skipped last, and whether it was run.
    last: Option<(usize, bool)>,
    /// Whether the operator already asked for the step under the cursor.
    asked: bool,
}

impl Cursor {
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Waits until the step under the cursor may run. A repeated step needs no further command, unless it is
    /// destructive.
    pub(super) async fn wait_for_step(
        &mut self,
        operator: &mut OperatorInput,
        step: StepRef,
        destructive: bool,
    ) -> Result<NextAction, StopRequest> {
        if std::mem::take(&mut self.asked) && !destructive {
            Ok(NextAction::Run(operator.up_front()))
        } else {
            operator.step(step, destructive).await
        }
    }

    /// Moves past a step that was run.
    pub(super) fn mark_ran(&mut self) {
        self.last = Some((self.index, true));
        self.index += 1;
    }

    /// Moves past a step that was skipped.
    pub(super) fn skip(&mut self) {
        self.last = Some((self.index, false));
        self.index += 1;
    }

    /// Marks the step under the cursor to be run without a further command.
    pub(super) fn again(&mut self) {
        self.asked = true;
    }

    /// Moves back to the last step: one that was run is run again at once, one that was skipped is awaited again.
    pub(super) async fn back(&mut self, voice: &RunEmitter) {
        match self.last {
            Some((last, ran)) => {
                self.index = last;
                self.asked = ran;
            }
            None => {
                voice
                    .log(Level::Info, "No step of this section has run yet, so there is none to run again.")
                    .await;
            }
        }
    }
}

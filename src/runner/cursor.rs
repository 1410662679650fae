//! Where a run stands in a part of the experiment.

use super::{
    emitter::RunEmitter,
    operator_input::{NextAction, OperatorInput},
    stop_request::StopRequest,
};
use crate::session::event::{Level, StepRef};

/// The place of the next step, and of the one run last.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    index: usize,
    /// The step that was run or left out last, and whether it was run.
    last: Option<(usize, bool)>,
    /// The operator asked for the step under the cursor already.
    asked: bool,
}

impl Cursor {
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Waits until the step under the cursor may go. One that is run again needs no further word, unless it is
    /// destructive.
    pub(super) async fn go(
        &mut self,
        helm: &mut OperatorInput,
        step: StepRef,
        destructive: bool,
    ) -> Result<NextAction, StopRequest> {
        match std::mem::take(&mut self.asked) && !destructive {
            true => Ok(NextAction::Run(helm.up_front())),
            false => helm.step(step, destructive).await,
        }
    }

    /// The step was run.
    pub(super) fn mark_ran(&mut self) {
        self.last = Some((self.index, true));
        self.index += 1;
    }

    /// The step is left out.
    pub(super) fn skip(&mut self) {
        self.last = Some((self.index, false));
        self.index += 1;
    }

    /// The step is to be run once more.
    pub(super) fn again(&mut self) {
        self.asked = true;
    }

    /// Back to the step run last, which is run again at once, or to the one that was left out, which waits its turn.
    pub(super) async fn back(&mut self, voice: &RunEmitter) {
        match self.last {
            Some((last, ran)) => {
                self.index = last;
                self.asked = ran;
            }
            None => {
                voice.log(Level::Info, "No step of this part was run yet, so none can be run again.").await
            }
        }
    }
}

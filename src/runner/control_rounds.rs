//! Rounds of controls around a level of the run. Where the run itself waits for a round, it receives commands and
//! signals meanwhile.

use super::{
    context::RunContext,
    controls::{ControlSubject, Round, StopByControl, When},
    finished::Cutoff,
    operator_input::OperatorInput,
    stop_request::{StopReason, StopRequest},
    stop_signal::StopSignal,
};
use pyvalue::{Map, Value};

/// The result of a round of controls.
pub(super) struct RoundResult {
    /// The state, if controls changed it.
    pub state: Option<Value>,
    /// The context, if controls changed it.
    pub context: Option<Map>,
    /// Whether the run continues.
    pub ended: Result<(), Cutoff>,
}

impl Default for RoundResult {
    fn default() -> Self {
        Self { state: None, context: None, ended: Ok(()) }
    }
}

impl RunContext {
    /// Calls the controls before a level, which does not begin if one of them interrupts or the run is stopped.
    pub(super) async fn before(
        &self,
        subject: ControlSubject<'_>,
        stop_signal: &StopSignal,
    ) -> Result<(), Cutoff> {
        self.before_activity(subject, stop_signal).await.1
    }

    /// Like [`Self::before`], and returns the context if controls changed it.
    pub(super) async fn before_activity(
        &self,
        subject: ControlSubject<'_>,
        stop_signal: &StopSignal,
    ) -> (Option<Map>, Result<(), Cutoff>) {
        let RoundResult { context, ended, .. } = self.round(When::Before, subject, None, stop_signal).await;
        (context, ended.and_then(|()| if stop_signal.is_stopped() { Err(Cutoff::Halted) } else { Ok(()) }))
    }

    /// Calls the controls after a level. Returns the state if controls changed it.
    pub(super) async fn after(
        &self,
        subject: ControlSubject<'_>,
        state: impl FnOnce() -> Value,
        stop_signal: &StopSignal,
    ) -> (Option<Value>, Result<(), Cutoff>) {
        let RoundResult { state, ended, .. } = self.after_activity(subject, state, stop_signal).await;
        (state, ended)
    }

    /// Like [`Self::after`], and returns everything that controls changed.
    pub(super) async fn after_activity(
        &self,
        subject: ControlSubject<'_>,
        state: impl FnOnce() -> Value,
        stop_signal: &StopSignal,
    ) -> RoundResult {
        if self.controls.applies_to(subject, &self.experiment()) {
            self.round(When::After, subject, Some(state()), stop_signal).await
        } else {
            RoundResult::default()
        }
    }

    async fn round(
        &self,
        when: When,
        subject: ControlSubject<'_>,
        state: Option<Value>,
        stop_signal: &StopSignal,
    ) -> RoundResult {
        if !self.controls.applies_to(subject, &self.experiment()) {
            return RoundResult::default();
        }
        let round = Round { when, subject, state, compat: self.options.compat };
        let mut changes = self.controls.round(round, self.control_view(), stop_signal).await;
        let (state, context, turned) =
            (changes.state.take(), changes.context.take(), changes.stopped_by.take());
        self.apply(changes).await;
        let cutoff = turned.map(|turned| match turned {
            StopByControl::Interrupt(message) => Cutoff::Interrupt(message),
            StopByControl::Exit(code) => Cutoff::Exit(code),
            StopByControl::KeyboardInterrupt => Cutoff::KeyboardInterrupt,
        });
        let context = context.map(|context| if let Value::Map(map) = context { map } else { Map::default() });
        RoundResult { state, context, ended: cutoff.map_or(Ok(()), Err) }
    }
}

/// Why a level did not run to its end.
pub(super) enum Stopped {
    /// The run was asked to stop.
    Halt(StopRequest),
    Cutoff(Cutoff),
}

impl Stopped {
    /// Converts it to the reason why the run stops. Logs that reason, unless it was logged already.
    pub(super) async fn stop_reason(self, ctx: &RunContext) -> StopReason {
        match self {
            Self::Halt(halt) => StopReason::Halt(halt),
            Self::Cutoff(cutoff) => ctx.to_stop_reason(cutoff).await,
        }
    }
}

impl From<StopRequest> for Stopped {
    fn from(halt: StopRequest) -> Self {
        Self::Halt(halt)
    }
}

/// Calls the controls before a level while receiving commands and signals.
pub(super) async fn before(
    ctx: &RunContext,
    operator: &mut OperatorInput,
    subject: ControlSubject<'_>,
) -> Result<(), Stopped> {
    let stop_signal = operator.stop_signal();
    let begun = operator.run_while_receiving(&stop_signal, ctx.before(subject, &stop_signal)).await;
    operator.check_stop()?;
    begun.map_err(Stopped::Cutoff)
}

/// Calls the controls after a level, whatever its result, while receiving commands and signals. Returns the state if
/// controls changed it; the caller has to check whether the run was asked to stop meanwhile.
pub(super) async fn after(
    ctx: &RunContext,
    operator: &mut OperatorInput,
    subject: ControlSubject<'_>,
    state: impl FnOnce() -> Value,
) -> (Option<Value>, Result<(), Cutoff>) {
    let stop_signal = operator.stop_signal();
    operator.run_while_receiving(&stop_signal, ctx.after(subject, state, &stop_signal)).await
}

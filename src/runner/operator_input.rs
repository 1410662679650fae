//! The operator's input to a run: receives commands and signals, whatever the run is doing.

use super::{
    Compat, Consent, Pacing, Signal,
    emitter::RunEmitter,
    plan_changes::PlanChanges,
    stop_request::{StopRequest, emit_stop_reason},
    stop_signal::StopSignal,
};
use crate::session::{
    EventKind,
    command::StepCommand,
    event::{Level, StepRef},
};
use std::{collections::HashSet, future::Future, pin::pin};
use tokio::sync::mpsc;

/// What to do with the step under the cursor.
pub(super) enum NextAction {
    /// Run it, with the consent the operator gave, if any.
    Run(Option<Consent>),
    /// Skip it.
    Skip,
    /// Go back to the step that was run last.
    Back,
}

/// Receives commands and signals, and keeps the state that they set.
pub(super) struct OperatorInput {
    steps: Option<mpsc::Receiver<StepCommand>>,
    signals: Option<mpsc::Receiver<Signal>>,
    emitter: RunEmitter,
    fixes: PlanChanges,
    auto: bool,
    paused: bool,
    up_front: Option<Consent>,
    breakpoints: HashSet<StepRef>,
    halt: Option<StopRequest>,
    /// Whether the run was ever asked to stop.
    stopping: bool,
    rolling_back: bool,
    /// Whether the next signal does not end the rollbacks yet, because an earlier one or another stop request led to them.
    asks_before_ending: bool,
    /// The name of the rollback that runs, or ran last.
    rollback: Option<String>,
}

enum Order {
    Step(StepCommand),
    Signal(Signal),
    /// The sender of the step commands is gone.
    SenderGone,
}

impl OperatorInput {
    pub(super) fn new(
        pace: Pacing,
        steps: mpsc::Receiver<StepCommand>,
        signals: mpsc::Receiver<Signal>,
        voice: RunEmitter,
        fixes: PlanChanges,
    ) -> Self {
        let up_front = match pace {
            Pacing::Step => None,
            Pacing::Auto(consent) => Some(consent),
        };
        Self {
            steps: Some(steps),
            signals: Some(signals),
            emitter: voice,
            fixes,
            auto: up_front.is_some(),
            paused: false,
            up_front,
            breakpoints: HashSet::new(),
            halt: None,
            stopping: false,
            rolling_back: false,
            asks_before_ending: false,
            rollback: None,
        }
    }

    /// Returns the consent to every step, if it was given up front.
    pub(super) fn up_front(&self) -> Option<Consent> {
        self.up_front.clone()
    }

    /// Whether the operator steps manually.
    pub(super) fn steps(&self) -> bool {
        !self.auto || self.paused
    }

    /// Begins the rollbacks: an earlier stop request does not end them, and after one they run automatically.
    pub(super) async fn begin_rollbacks(&mut self, compat: Compat) {
        self.rolling_back = true;
        self.asks_before_ending = self.stopping && !compat.ends_rollbacks_at_once();
        if self.halt.take().is_some() {
            self.run_by_itself().await;
        }
    }

    /// Notes which rollback runs next.
    pub(super) fn begin_rollback(&mut self, name: String) {
        self.rollback = Some(name);
    }

    /// Ends the rollbacks: a signal ends what comes after them.
    pub(super) fn end_rollbacks(&mut self) {
        self.asks_before_ending = false;
    }

    async fn run_by_itself(&mut self) {
        self.paused = false;
        self.breakpoints.clear();
        if !std::mem::replace(&mut self.auto, true) {
            self.emitter.emit(EventKind::AutoSwitched { on: true }).await;
        }
    }

    /// Returns a stop signal for the next work.
    pub(super) fn stop_signal(&self) -> StopSignal {
        StopSignal::new(self.stopping)
    }

    /// Runs `work` to its end while receiving commands and signals, which may stop it through its stop signal.
    pub(super) async fn run_while_receiving<T>(
        &mut self,
        stop_signal: &StopSignal,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                order = Self::order(&mut self.steps, &mut self.signals) => {
                    // Emitting the command may have to wait for room in the stream, which must not stop the work.
                    let mut obeying = pin!(self.apply(order, Some(stop_signal)));
                    tokio::select! {
                        biased;
                        () = &mut obeying => {}
                        result = &mut work => {
                            obeying.await;
                            return result;
                        }
                    }
                }
                result = &mut work => return result,
            }
        }
    }

    /// Fails with the stop request, once there is one.
    pub(super) fn check_stop(&self) -> Result<(), StopRequest> {
        self.halt.clone().map_or(Ok(()), Err)
    }

    /// Waits until the step may run, as the pacing requires.
    pub(super) async fn step(&mut self, step: StepRef, destructive: bool) -> Result<NextAction, StopRequest> {
        self.wait_for_order(step, destructive, false).await
    }

    /// Waits for the operator's decision, whatever the pacing.
    pub(super) async fn wait_for_decision(&mut self, step: StepRef) -> Result<NextAction, StopRequest> {
        self.halt = None;
        self.wait_for_order(step, false, true).await
    }

    async fn wait_for_order(
        &mut self,
        step: StepRef,
        destructive: bool,
        held: bool,
    ) -> Result<NextAction, StopRequest> {
        let mut announced = false;
        loop {
            self.check_stop()?;
            let holds = held || self.steps() || self.breakpoints.contains(&step);
            let unfired = destructive && self.up_front.is_none();
            if !(holds || unfired) {
                // Commands that arrived meanwhile come first.
                match self.waiting_order() {
                    Some(order) => {
                        self.apply(order, None).await;
                        continue;
                    }
                    None => return Ok(NextAction::Run(self.up_front.clone())),
                }
            }
            if !announced {
                self.emitter.emit(EventKind::StepAwaited { step, destructive }).await;
                announced = true;
            }
            let order = Self::order(&mut self.steps, &mut self.signals).await;
            if let Order::Step(command) = &order
                && let Some(go) = self.answer(command, step, destructive).await
            {
                return Ok(go);
            }
            self.apply(order, None).await;
        }
    }

    /// Returns the action that a command requests for the awaited step, if any.
    async fn answer(&mut self, order: &StepCommand, step: StepRef, destructive: bool) -> Option<NextAction> {
        let go = match order {
            StepCommand::Next if destructive && self.up_front.is_none() => {
                self.emitter.log(Level::Warning, "This step changes the system: fire it to run it.").await;
                return None;
            }
            StepCommand::Next => NextAction::Run(self.up_front.clone()),
            StepCommand::Fire(fired) if *fired == step => NextAction::Run(Some(Consent::fired(step))),
            StepCommand::Skip => NextAction::Skip,
            StepCommand::Rerun => NextAction::Back,
            _ => return None,
        };
        self.emitter.emit(EventKind::Commanded(order.clone().into())).await;
        Some(go)
    }

    fn waiting_order(&mut self) -> Option<Order> {
        let signal = self.signals.as_mut().and_then(|signals| signals.try_recv().ok()).map(Order::Signal);
        signal.or_else(|| self.steps.as_mut()?.try_recv().ok().map(Order::Step))
    }

    async fn order(
        steps: &mut Option<mpsc::Receiver<StepCommand>>,
        signals: &mut Option<mpsc::Receiver<Signal>>,
    ) -> Order {
        loop {
            tokio::select! {
                biased;
                signal = receive(signals) => match signal {
                    Some(signal) => return Order::Signal(signal),
                    None => *signals = None,
                },
                step = receive(steps) => if let Some(step) = step { return Order::Step(step) } else {
                    *steps = None;
                    return Order::SenderGone;
                },
            }
        }
    }

    async fn apply(&mut self, order: Order, stop_signal: Option<&StopSignal>) {
        match order {
            Order::Signal(Signal::Terminate) if stop_signal.is_some_and(StopSignal::terminate) => {
                self.emitter.log(Level::Warning, StopRequest::caught_line("SIGTERM")).await;
            }
            Order::Signal(signal) if std::mem::take(&mut self.asks_before_ending) => {
                let name = signal.name();
                let now = self.rollback.as_ref().map(|name| format!(" ('{name}')")).unwrap_or_default();
                let line = format!("{name} during the rollbacks: they go on{now}; one more signal ends them");
                self.emitter.log(Level::Warning, line).await;
            }
            Order::Signal(signal) if self.rolling_back => {
                self.stop(StopRequest::during_rollbacks(signal), stop_signal).await;
            }
            Order::Signal(signal) => self.stop(StopRequest::signal(signal), stop_signal).await,
            Order::SenderGone if self.auto => {}
            Order::SenderGone if self.rolling_back => self.run_by_itself().await,
            Order::SenderGone => {
                self.leave("The operator has disconnected: the run stops", stop_signal).await;
            }
            Order::Step(step) => {
                self.emitter.emit(EventKind::Commanded(step.clone().into())).await;
                self.apply_command(step, stop_signal).await;
            }
        }
    }

    async fn apply_command(&mut self, step: StepCommand, stop_signal: Option<&StopSignal>) {
        match step {
            StepCommand::Auto(on) => {
                self.auto = on;
                self.emitter.emit(EventKind::AutoSwitched { on }).await;
            }
            StepCommand::Pause(on) => self.paused = on,
            StepCommand::Breakpoint(step) => {
                if !self.breakpoints.remove(&step) {
                    self.breakpoints.insert(step);
                }
            }
            StepCommand::Fix(fix) => {
                self.fixes.take(fix.clone());
                self.emitter.emit(EventKind::Fixed(fix)).await;
            }
            StepCommand::Cut => stop_signal.map(StopSignal::cut_short).unwrap_or_default(),
            StepCommand::Abort => self.leave("Aborted by the operator", stop_signal).await,
            StepCommand::Quit => self.leave("The operator left", stop_signal).await,
            StepCommand::GuardAbort(because) => {
                self.leave(&format!("A guard ended the run: {because}"), stop_signal).await;
            }
            // Also in the middle of the rollbacks: two who undo the same thing hinder each other.
            StepCommand::Yield(because) => {
                self.stop(StopRequest::taken_over(&because), stop_signal).await;
            }
            StepCommand::Next | StepCommand::Fire(_) | StepCommand::Skip | StepCommand::Rerun => {
                self.emitter.log(Level::Info, "No step is waiting for this command.").await;
            }
        }
    }

    /// Stops the run with rollbacks. Rollbacks that already run continue automatically, as no operator steps them.
    async fn leave(&mut self, reason: &str, stop_signal: Option<&StopSignal>) {
        if self.rolling_back {
            self.run_by_itself().await;
        } else {
            self.stop(StopRequest::operator(reason), stop_signal).await;
        }
    }

    async fn stop(&mut self, halt: StopRequest, stop_signal: Option<&StopSignal>) {
        if let Some(stop_signal) = stop_signal {
            stop_signal.stop();
        }
        self.stopping = true;
        emit_stop_reason(&self.emitter, &halt).await;
        self.halt = Some(halt);
    }
}

async fn receive<T>(receiver: &mut Option<mpsc::Receiver<T>>) -> Option<T> {
    match receiver {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        runner::redact::Redactor,
        session::{clock::Clock, stream::stream},
    };
    use std::time::Duration;
    use tokio::{sync::oneshot, time::timeout};

    #[tokio::test]
    async fn the_work_goes_on_while_an_order_waits_to_be_told() {
        let (emitter, mut events) = stream(Clock::system());
        // Fill the stream, which is not read: there is no room to emit a command.
        while emitter.try_emit(EventKind::UndoBegan) {}
        let (commands, received) = mpsc::channel(4);
        let (_signals, signals) = mpsc::channel(1);
        let voice = RunEmitter::new(emitter, Redactor::default(), None, None);
        let mut operator = OperatorInput::new(Pacing::Step, received, signals, voice, PlanChanges::default());
        commands.send(StepCommand::Pause(true)).await.unwrap();
        let (started, has_started) = oneshot::channel();
        let work = async move { started.send(()) };
        let reader = async move {
            has_started.await.unwrap();
            while events.try_next().is_some() {}
        };
        let stop_signal = operator.stop_signal();
        let both = async { tokio::join!(operator.run_while_receiving(&stop_signal, work), reader) };
        timeout(Duration::from_secs(30), both).await.expect("the work stood still").0.unwrap();
        assert!(operator.paused, "the order was obeyed all the same");
    }
}

//! The operator's side of a run: orders and signals are heard here, whatever the run does meanwhile.

use super::{
    Consent, Pacing, Signal,
    emitter::RunEmitter,
    plan_changes::PlanChanges,
    stop_request::{StopRequest, message},
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
    /// Leave it out.
    Skip,
    /// Go back to the step that was run last.
    Back,
}

/// Hears orders and signals, and keeps what they set.
pub(super) struct OperatorInput {
    steps: Option<mpsc::Receiver<StepCommand>>,
    signals: Option<mpsc::Receiver<Signal>>,
    voice: RunEmitter,
    fixes: PlanChanges,
    auto: bool,
    paused: bool,
    up_front: Option<Consent>,
    breakpoints: HashSet<StepRef>,
    halt: Option<StopRequest>,
    /// Whether the run was ever told to turn to its end.
    hurried: bool,
    rolling_back: bool,
}

enum Order {
    Step(StepCommand),
    Signal(Signal),
    /// Whoever stepped is gone.
    Deserted,
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
            voice,
            fixes,
            auto: up_front.is_some(),
            paused: false,
            up_front,
            breakpoints: HashSet::new(),
            halt: None,
            hurried: false,
            rolling_back: false,
        }
    }

    /// The consent for everything, if it was given.
    pub(super) fn up_front(&self) -> Option<Consent> {
        self.up_front.clone()
    }

    /// Whether the operator leads step by step.
    pub(super) fn steps(&self) -> bool {
        !self.auto || self.paused
    }

    /// From here on rollbacks are played: what halted the run does not halt them, and they need nobody to step them.
    pub(super) async fn begin_rollbacks(&mut self) {
        self.rolling_back = true;
        if self.halt.take().is_some() {
            self.run_by_itself().await;
        }
    }

    async fn run_by_itself(&mut self) {
        self.paused = false;
        self.breakpoints.clear();
        if !std::mem::replace(&mut self.auto, true) {
            self.voice.emit(EventKind::AutoSwitched { on: true }).await;
        }
    }

    /// Reins for the next work.
    pub(super) fn stop_signal(&self) -> StopSignal {
        StopSignal::taken(self.hurried)
    }

    /// Lets `work` go on to its end while orders are heard; `reins` are pulled as they say.
    pub(super) async fn receive_message<T>(
        &mut self,
        reins: &StopSignal,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                order = Self::order(&mut self.steps, &mut self.signals) => {
                    // Telling it may have to wait for room in the stream, which must not stop the work.
                    let mut obeying = pin!(self.apply(order, Some(reins)));
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

    /// The halt, once there is one.
    pub(super) fn wait_for_stop(&self) -> Result<(), StopRequest> {
        self.halt.clone().map_or(Ok(()), Err)
    }

    /// Waits until the step may go, as the mode says.
    pub(super) async fn step(&mut self, step: StepRef, destructive: bool) -> Result<NextAction, StopRequest> {
        self.wait_for_order(step, destructive, false).await
    }

    /// Waits until the operator says so, whatever the mode.
    pub(super) async fn wait_at(&mut self, step: StepRef) -> Result<NextAction, StopRequest> {
        self.halt = None;
        self.wait_for_order(step, false, true).await
    }

    async fn wait_for_order(
        &mut self,
        step: StepRef,
        destructive: bool,
        held: bool,
    ) -> Result<NextAction, StopRequest> {
        let mut told = false;
        loop {
            self.wait_for_stop()?;
            let holds = held || self.steps() || self.breakpoints.contains(&step);
            let unfired = destructive && self.up_front.is_none();
            if !(holds || unfired) {
                // Orders that arrived meanwhile come first.
                match self.waiting_order() {
                    Some(order) => {
                        self.apply(order, None).await;
                        continue;
                    }
                    None => return Ok(NextAction::Run(self.up_front.clone())),
                }
            }
            if !told {
                self.voice.emit(EventKind::StepAwaited { step, destructive }).await;
                told = true;
            }
            let order = Self::order(&mut self.steps, &mut self.signals).await;
            if let Order::Step(said) = &order
                && let Some(go) = self.answer(said, step, destructive).await
            {
                return Ok(go);
            }
            self.apply(order, None).await;
        }
    }

    /// What an order says about the awaited step, if anything.
    async fn answer(&mut self, said: &StepCommand, step: StepRef, destructive: bool) -> Option<NextAction> {
        let go = match said {
            StepCommand::Next if destructive && self.up_front.is_none() => {
                self.voice.log(Level::Warning, "This step changes the system: it needs to be fired.").await;
                return None;
            }
            StepCommand::Next => NextAction::Run(self.up_front.clone()),
            StepCommand::Fire(fired) if *fired == step => NextAction::Run(Some(Consent::fired(step))),
            StepCommand::Skip => NextAction::Skip,
            StepCommand::Rerun => NextAction::Back,
            _ => return None,
        };
        self.voice.emit(EventKind::Commanded(said.clone().into())).await;
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
                step = receive(steps) => match step {
                    Some(step) => return Order::Step(step),
                    None => {
                        *steps = None;
                        return Order::Deserted;
                    }
                },
            }
        }
    }

    async fn apply(&mut self, order: Order, reins: Option<&StopSignal>) {
        match order {
            Order::Signal(Signal::Terminate) if reins.is_some_and(StopSignal::terminate) => {
                self.voice.log(Level::Warning, StopRequest::is_catchable("SIGTERM")).await;
            }
            Order::Signal(signal) if self.rolling_back => {
                self.stop(StopRequest::during_rollbacks(signal), reins).await
            }
            Order::Signal(signal) => self.stop(StopRequest::signal(signal), reins).await,
            Order::Deserted if self.auto => {}
            Order::Deserted if self.rolling_back => self.run_by_itself().await,
            Order::Deserted => self.leave("Nobody steps any more, so the run turns to its end", reins).await,
            Order::Step(step) => {
                self.voice.emit(EventKind::Commanded(step.clone().into())).await;
                self.set(step, reins).await;
            }
        }
    }

    async fn set(&mut self, step: StepCommand, reins: Option<&StopSignal>) {
        match step {
            StepCommand::Auto(on) => {
                self.auto = on;
                self.voice.emit(EventKind::AutoSwitched { on }).await;
            }
            StepCommand::Pause(on) => self.paused = on,
            StepCommand::Breakpoint(step) => {
                if !self.breakpoints.remove(&step) {
                    self.breakpoints.insert(step);
                }
            }
            StepCommand::Fix(fix) => {
                self.fixes.take(fix.clone());
                self.voice.emit(EventKind::Fixed(fix)).await;
            }
            StepCommand::Cut => reins.map(StopSignal::cut_short).unwrap_or_default(),
            StepCommand::Abort => self.leave("Aborted by the operator", reins).await,
            StepCommand::Quit => self.leave("The operator left", reins).await,
            StepCommand::GuardAbort(because) => {
                self.leave(&format!("A guard ended the run: {because}"), reins).await;
            }
            StepCommand::Next | StepCommand::Fire(_) | StepCommand::Skip | StepCommand::Rerun => {
                self.voice.log(Level::Info, "Nothing waits for that now.").await;
            }
        }
    }

    /// Leaving always undoes; rollbacks that are being played already are what it leads to, and nobody steps them any more.
    async fn leave(&mut self, reason: &str, reins: Option<&StopSignal>) {
        match self.rolling_back {
            true => self.run_by_itself().await,
            false => self.stop(StopRequest::operator(reason), reins).await,
        }
    }

    async fn stop(&mut self, halt: StopRequest, reins: Option<&StopSignal>) {
        if let Some(reins) = reins {
            reins.stop();
        }
        self.hurried = true;
        message(&self.voice, &halt).await;
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
        let (emitter, mut told) = stream(Clock::system());
        // Nobody reads: there is no room to tell of an order.
        while emitter.try_emit(EventKind::UndoBegan) {}
        let (commands, heard) = mpsc::channel(4);
        let (_signals, signals) = mpsc::channel(1);
        let voice = RunEmitter::new(emitter, Redactor::default(), None);
        let mut helm = OperatorInput::new(Pacing::Step, heard, signals, voice, PlanChanges::default());
        commands.send(StepCommand::Pause(true)).await.unwrap();
        let (goes_on, went_on) = oneshot::channel();
        let work = async move { goes_on.send(()) };
        let reader = async move {
            went_on.await.unwrap();
            while told.try_next().is_some() {}
        };
        let reins = helm.stop_signal();
        let both = async { tokio::join!(helm.receive_message(&reins, work), reader) };
        timeout(Duration::from_secs(30), both).await.expect("the work stood still").0.unwrap();
        assert!(helm.paused, "the order was obeyed all the same");
    }
}

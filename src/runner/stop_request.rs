//! Why a run stops early.

use super::{context::RunContext, emitter::RunEmitter, finished::Cutoff};
use crate::session::{EventKind, event::Level};
use pyvalue::{Value, python_text};

/// A signal of the operating system that runs handle (experiment-format 10.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    Terminate,
    /// SIGHUP: the terminal is gone. Handled like SIGTERM.
    HangUp,
    /// SIGQUIT: Ctrl-\. Handled like SIGTERM.
    Quit,
    /// SIGUSR1.
    User1,
    /// SIGUSR2: stop at once, without rollbacks.
    User2,
    /// SIGXCPU: the limit of CPU time is reached. Handled like SIGTERM.
    CpuLimit,
}

impl Signal {
    /// Whether the reference handles it.
    pub(crate) fn is_known(self) -> bool {
        !matches!(self, Self::HangUp | Self::Quit | Self::CpuLimit)
    }

    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
            Self::Quit => "SIGQUIT",
            Self::User1 => "SIGUSR1",
            Self::User2 => "SIGUSR2",
            Self::CpuLimit => "SIGXCPU",
        }
    }
}

/// A request to stop the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StopRequest {
    /// The lines that the console prints, with their levels.
    pub lines: Vec<(Level, String)>,
    pub rollbacks: RollbackChoice,
    /// Whether background activities are awaited.
    pub waits: bool,
    /// Whether the reference tells its event handlers of an exit signal rather than an interruption.
    pub signals_exit: bool,
}

/// Whether the rollbacks run after a stop request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RollbackChoice {
    /// As the strategy decides for an interrupted run.
    ByStrategy,
    /// They run unless the strategy is `never`: an abort by the operator rolls back.
    UnlessNever,
    No,
}

impl StopRequest {
    fn by_strategy(lines: Vec<(Level, String)>) -> Self {
        Self { lines, rollbacks: RollbackChoice::ByStrategy, waits: true, signals_exit: false }
    }

    /// A request whose reason was logged already.
    pub(super) fn already_logged() -> Self {
        Self::by_strategy(Vec::new())
    }

    pub(super) fn signal(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => {
                let line = "Received a termination signal (Ctrl-C)...".to_owned();
                Self { signals_exit: true, ..Self::by_strategy(vec![(Level::Warning, line)]) }
            }
            Signal::Terminate | Signal::HangUp | Signal::Quit | Signal::CpuLimit => {
                Self::signal_name(signal.name())
            }
            Signal::User1 => Self::exit(&20.into()),
            Signal::User2 => Self::exit(&30.into()),
        }
    }

    fn signal_name(name: &str) -> Self {
        Self::by_strategy(vec![
            (Level::Warning, Self::caught_line(name)),
            (Level::Critical, format!("{name} signal received")),
        ])
    }

    /// Returns the console line for a named signal, whichever part handles it.
    pub(super) fn caught_line(name: &str) -> String {
        format!("Caught {name} signal, interrupting experiment now")
    }

    /// A crash: the run stops at once, without rollbacks.
    pub(super) fn crash() -> Self {
        Self { rollbacks: RollbackChoice::No, ..Self::already_logged() }
    }

    /// Python asked to exit with this code; 20 and 30 are those of SIGUSR1 and SIGUSR2.
    pub(super) fn exit(code: &Value) -> Self {
        let received = (Level::Warning, format!("Received the exit signal: {}", python_text(code)));
        if *code != Value::Int(30) {
            return Self { signals_exit: true, ..Self::by_strategy(vec![received]) };
        }
        let ignoring = (Level::Warning, "Ignoring rollbacks as per signal".to_owned());
        Self {
            lines: vec![received, ignoring],
            rollbacks: RollbackChoice::No,
            waits: false,
            signals_exit: true,
        }
    }

    /// A control interrupted the run.
    pub(super) fn control(message: &str) -> Self {
        Self::by_strategy(vec![(Level::Critical, message.to_owned())])
    }

    /// The operator aborted or left, or a guard ended the run.
    pub(super) fn operator(reason: &str) -> Self {
        let lines = vec![(Level::Warning, reason.to_owned())];
        Self { rollbacks: RollbackChoice::UnlessNever, ..Self::by_strategy(lines) }
    }

    /// The guardian has taken over, and undoes the fault.
    pub(super) fn taken_over(because: &str) -> Self {
        let lines = vec![(Level::Error, format!("The guardian has taken over: {because}"))];
        Self { rollbacks: RollbackChoice::No, waits: false, ..Self::by_strategy(lines) }
    }

    /// A signal that ends the rollbacks: the same line for all but SIGTERM and those handled like it.
    pub(super) fn during_rollbacks(signal: Signal) -> Self {
        match signal {
            Signal::Terminate | Signal::HangUp | Signal::Quit | Signal::CpuLimit => Self::signal(signal),
            Signal::Interrupt | Signal::User1 | Signal::User2 => Self::leaving_rollbacks(),
        }
    }

    /// The run was asked to exit while rollbacks were running.
    pub(super) fn leaving_rollbacks() -> Self {
        let line = "Received an exit signal.Terminating now without running the remaining rollbacks.";
        Self::by_strategy(vec![(Level::Warning, line.to_owned())])
    }
}

/// Why the run stops early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    Halt(StopRequest),
    /// An unexpected error.
    Abort(String),
}

impl From<StopRequest> for StopReason {
    fn from(halt: StopRequest) -> Self {
        Self::Halt(halt)
    }
}

impl RunContext {
    /// Converts the cutoff of an activity into the reason why the run stops. Logs the reason of a halt.
    pub(super) async fn to_stop_reason(&self, cutoff: Cutoff) -> StopReason {
        let halt = match cutoff {
            Cutoff::UnexpectedError(message) | Cutoff::ClusterChanged(message) => {
                return StopReason::Abort(message);
            }
            Cutoff::Halted => return StopReason::Halt(StopRequest::already_logged()),
            Cutoff::Exit(code) => StopRequest::exit(&code),
            Cutoff::KeyboardInterrupt => StopRequest::signal(Signal::Interrupt),
            Cutoff::Interrupt(message) => StopRequest::control(&message),
        };
        emit_stop_reason(&self.emitter, &halt).await;
        StopReason::Halt(halt)
    }

    /// Marks the run as crashed, as the reference would crash.
    pub(super) async fn crash(&self, message: String) {
        self.progress.set_crashed();
        self.emitter.emit(EventKind::Aborted { message }).await;
    }
}

/// Emits why the run stops: the most severe line as the event, the others as log lines.
pub(super) async fn emit_stop_reason(voice: &RunEmitter, halt: &StopRequest) {
    let loudest = halt.lines.iter().map(|(level, _)| level).max();
    let reason = halt.lines.iter().position(|(level, _)| Some(level) == loudest);
    for (index, (level, line)) in halt.lines.iter().enumerate() {
        if reason == Some(index) {
            voice.emit(EventKind::Interrupted { reason: line.clone(), level: *level }).await;
        } else {
            voice.log(*level, line.clone()).await;
        }
    }
}

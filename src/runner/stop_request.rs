//! Why a run leaves its course.

use super::{context::RunContext, emitter::RunEmitter, finished::Cutoff};
use crate::session::{EventKind, event::Level};
use pyvalue::{Value, python_text};

/// A signal of the operating system, as far as runs know them (experiment-format 10.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    Terminate,
    /// SIGHUP: the terminal is gone. Means what SIGTERM means.
    HangUp,
    /// SIGUSR1.
    User1,
    /// SIGUSR2: leave at once, without rollbacks.
    User2,
}

/// The run was told to turn to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StopRequest {
    /// What the console says, and how loud.
    pub lines: Vec<(Level, String)>,
    pub rollbacks: RollbackChoice,
    /// Whether background activities are awaited.
    pub waits: bool,
}

/// Whether the rollbacks of a halted run are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RollbackChoice {
    /// As the strategy says of an interrupted run.
    ByStrategy,
    /// Unless the strategy says never: the operator's abort undoes.
    Unless,
    No,
}

impl StopRequest {
    fn by_strategy(lines: Vec<(Level, String)>) -> Self {
        Self { lines, rollbacks: RollbackChoice::ByStrategy, waits: true }
    }

    /// One whose reason was told already.
    pub(super) fn reason() -> Self {
        Self::by_strategy(Vec::new())
    }

    pub(super) fn signal(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::by_strategy(vec![(
                Level::Warning,
                "Received a termination signal (Ctrl-C)...".to_owned(),
            )]),
            Signal::Terminate => Self::signal_name("SIGTERM"),
            Signal::HangUp => Self::signal_name("SIGHUP"),
            Signal::User1 => Self::exit(&20.into()),
            Signal::User2 => Self::exit(&30.into()),
        }
    }

    fn signal_name(name: &str) -> Self {
        Self::by_strategy(vec![
            (Level::Warning, Self::is_catchable(name)),
            (Level::Critical, format!("{name} signal received")),
        ])
    }

    /// What the console says of a signal that has a name, whoever takes it.
    pub(super) fn is_catchable(name: &str) -> String {
        format!("Caught {name} signal, interrupting experiment now")
    }

    /// The run ends where it stands.
    pub(super) fn crash() -> Self {
        Self { lines: Vec::new(), rollbacks: RollbackChoice::No, waits: true }
    }

    /// Python asked to exit with this code; 20 and 30 are those of SIGUSR1 and SIGUSR2.
    pub(super) fn exit(code: &Value) -> Self {
        let received = (Level::Warning, format!("Received the exit signal: {}", python_text(code)));
        if *code != Value::Int(30) {
            return Self::by_strategy(vec![received]);
        }
        let ignoring = (Level::Warning, "Ignoring rollbacks as per signal".to_owned());
        Self { lines: vec![received, ignoring], rollbacks: RollbackChoice::No, waits: false }
    }

    /// A control interrupted the run.
    pub(super) fn control(message: &str) -> Self {
        Self::by_strategy(vec![(Level::Critical, message.to_owned())])
    }

    /// The operator aborted, or left.
    pub(super) fn operator(reason: &str) -> Self {
        Self {
            lines: vec![(Level::Warning, reason.to_owned())],
            rollbacks: RollbackChoice::Unless,
            waits: true,
        }
    }

    /// The same signal while rollbacks are played: one line for all but SIGTERM and SIGHUP.
    pub(super) fn during_rollbacks(signal: Signal) -> Self {
        match signal {
            Signal::Terminate | Signal::HangUp => Self::signal(signal),
            _ => Self::leaving_rollbacks(),
        }
    }

    /// Python asked to exit while rollbacks were played.
    pub(super) fn leaving_rollbacks() -> Self {
        let line = "Received an exit signal.Terminating now without running the remaining rollbacks.";
        Self::by_strategy(vec![(Level::Warning, line.to_owned())])
    }
}

/// Why the run leaves its course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    Halt(StopRequest),
    /// An error nobody expected.
    Abort(String),
}

impl From<StopRequest> for StopReason {
    fn from(halt: StopRequest) -> Self {
        Self::Halt(halt)
    }
}

impl RunContext {
    /// What a cut-off turn means for the run; says so.
    pub(super) async fn turn(&self, cutoff: Cutoff) -> StopReason {
        let halt = match cutoff {
            Cutoff::Broke(message) | Cutoff::Moved(message) => return StopReason::Abort(message),
            Cutoff::Halted => return StopReason::Halt(StopRequest::reason()),
            Cutoff::Exit(code) => StopRequest::exit(&code),
            Cutoff::KeyboardInterrupt => StopRequest::signal(Signal::Interrupt),
            Cutoff::Interrupt(message) => StopRequest::control(&message),
        };
        message(&self.voice, &halt).await;
        StopReason::Halt(halt)
    }

    /// Ends the run as a crash of the reference does.
    pub(super) async fn crash(&self, message: String) {
        self.progress.set_crashed();
        self.voice.emit(EventKind::Aborted { message }).await;
    }
}

/// Says why the run turns to its end: the loudest line as the fact, the others as lines.
pub(super) async fn message(voice: &RunEmitter, halt: &StopRequest) {
    let loudest = halt.lines.iter().map(|(level, _)| level).max();
    let reason = halt.lines.iter().position(|(level, _)| Some(level) == loudest);
    for (index, (level, line)) in halt.lines.iter().enumerate() {
        match reason == Some(index) {
            true => voice.emit(EventKind::Interrupted { reason: line.clone(), level: *level }).await,
            false => voice.log(*level, line.clone()).await,
        }
    }
}

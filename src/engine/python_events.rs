//! Messages of Python during a run, forwarded to the parts that handle them.

use super::signals;
use crate::{
    provider::{
        Providers,
        python::{Listener, PythonEvent},
    },
    runner::{Redactor, Signal},
    session::{EventKind, event::Level, stream::Emitter},
};
use std::{
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};
use tokio::sync::mpsc;

/// How much later than Python this process may receive SIGTERM, if a supervisor stops all processes of a service.
const SAME_STOP: Duration = Duration::from_millis(50);

/// Forwards messages of Python. Parts that do not exist yet when Python starts are set later.
pub(crate) struct PythonEvents {
    emitter: Emitter,
    signals: mpsc::Sender<Signal>,
    redactor: OnceLock<Redactor>,
    providers: OnceLock<Weak<Providers>>,
    unserialisable: Arc<OnceLock<String>>,
}

impl PythonEvents {
    /// Log lines go to the stream; requests to end the run become signals.
    pub(crate) fn new(emitter: Emitter, signals: mpsc::Sender<Signal>) -> Arc<Self> {
        Arc::new(Self {
            emitter,
            signals,
            redactor: OnceLock::new(),
            providers: OnceLock::new(),
            unserialisable: Arc::default(),
        })
    }

    /// Masks these secrets from now on.
    pub(crate) fn hide(&self, redactor: Redactor) {
        // Secrets are resolved once in a run.
        let _ = self.redactor.set(redactor);
    }

    /// Applies changes of the environment to these providers from now on.
    pub(crate) fn inform(&self, providers: &Arc<Providers>) {
        let _ = self.providers.set(Arc::downgrade(providers));
    }

    /// The first function that returned what JSON cannot hold, if any.
    pub(crate) fn unserialisable(&self) -> Arc<OnceLock<String>> {
        self.unserialisable.clone()
    }

    /// Returns the listener that receives Python's messages.
    pub(crate) fn listener(self: &Arc<Self>) -> Listener {
        let events = self.clone();
        Arc::new(move |event| {
            let events = events.clone();
            Box::pin(async move { events.handle(event).await })
        })
    }

    async fn handle(&self, event: PythonEvent) {
        match event {
            PythonEvent::Logged { level, message, .. } => self.log(level, message).await,
            PythonEvent::Printed { line } => self.log(Level::Info, line).await,
            // Only the first one is kept.
            PythonEvent::Unserialisable { function } => drop(self.unserialisable.set(function)),
            PythonEvent::Exit { code } => {
                let signal = if code == 30 { Signal::User2 } else { Signal::User1 };
                // A full channel holds a reason to end already.
                let _ = self.signals.try_send(signal);
            }
            PythonEvent::Terminated => drop(tokio::spawn(pass_on_sigterm(self.signals.clone()))),
            PythonEvent::EnvironmentChanged(moved) => {
                if let Some(providers) = self.providers.get().and_then(Weak::upgrade) {
                    providers.change_environment(|environment| {
                        for (name, value) in moved.environment {
                            match value {
                                Some(value) => environment.set(name, value),
                                None => environment.remove(&name),
                            }
                        }
                    });
                }
                if let Some(folder) = moved.directory
                    && let Err(error) = std::env::set_current_dir(&folder)
                {
                    self.log(
                        Level::Debug,
                        format!("cannot change to directory {}: {error}", folder.display()),
                    )
                    .await;
                }
            }
        }
    }

    async fn log(&self, level: Level, message: String) {
        let message = match self.redactor.get() {
            Some(redactor) => redactor.text(message),
            None => message,
        };
        self.emitter.emit(EventKind::Logged { level, target: "python".to_owned(), message }).await;
    }
}

/// Forwards a SIGTERM that Python received to the run, unless the process received its own: a second SIGTERM would end
/// the rollbacks.
async fn pass_on_sigterm(signals: mpsc::Sender<Signal>) {
    tokio::time::sleep(SAME_STOP).await;
    if !signals::was_terminated() {
        // A full channel holds a reason to end already.
        let _ = signals.try_send(Signal::Terminate);
    }
}

#[cfg(test)]
mod tests {
    use super::pass_on_sigterm;
    use crate::{engine::signals, runner::Signal};
    use tokio::sync::mpsc;

    #[tokio::test(start_paused = true)]
    async fn a_sigterm_of_python_counts_unless_we_got_one_too() {
        let (sender, mut receiver) = mpsc::channel(2);
        pass_on_sigterm(sender.clone()).await;
        assert_eq!(receiver.try_recv(), Ok(Signal::Terminate));
        let late = tokio::spawn(pass_on_sigterm(sender));
        tokio::task::yield_now().await;
        signals::note(Signal::Terminate);
        late.await.unwrap();
        assert!(receiver.try_recv().is_err());
    }
}

//! What Python says during a run, passed on to whom it concerns.

use crate::{
    provider::{
        Providers,
        python::{Heard, Listener},
    },
    runner::{Redactor, Signal},
    session::{What, event::Level, stream::Emitter},
};
use std::sync::{Arc, OnceLock, Weak};
use tokio::sync::mpsc;

/// Passes on what Python says. Who is not known yet when Python starts is told later.
pub struct Listening {
    emitter: Emitter,
    signals: mpsc::Sender<Signal>,
    redactor: OnceLock<Redactor>,
    providers: OnceLock<Weak<Providers>>,
    unserialisable: Arc<OnceLock<String>>,
}

impl Listening {
    /// Log lines go to the stream; requests to end the run are those of a signal.
    pub fn new(emitter: Emitter, signals: mpsc::Sender<Signal>) -> Arc<Self> {
        Arc::new(Self {
            emitter,
            signals,
            redactor: OnceLock::new(),
            providers: OnceLock::new(),
            unserialisable: Arc::default(),
        })
    }

    /// From here on these texts are masked.
    pub fn hide(&self, redactor: Redactor) {
        // Secrets are resolved once in a run.
        let _ = self.redactor.set(redactor);
    }

    /// From here on changes of the environment reach these.
    pub fn inform(&self, providers: &Arc<Providers>) {
        let _ = self.providers.set(Arc::downgrade(providers));
    }

    /// The first function that gave what JSON cannot hold, once there is one.
    pub fn unserialisable(&self) -> Arc<OnceLock<String>> {
        self.unserialisable.clone()
    }

    /// The ear that Python talks to.
    pub fn ear(self: &Arc<Self>) -> Listener {
        let listening = self.clone();
        Arc::new(move |heard| {
            let listening = listening.clone();
            Box::pin(async move { listening.hear(heard).await })
        })
    }

    async fn hear(&self, heard: Heard) {
        match heard {
            Heard::Logged { level, message, .. } => self.log(level, message).await,
            Heard::Printed { line } => self.log(Level::Info, line).await,
            // Only the first one is of interest.
            Heard::Unserialisable { function } => drop(self.unserialisable.set(function)),
            Heard::Exit { code } => {
                let signal = if code == 30 { Signal::User2 } else { Signal::User1 };
                // A full channel holds a reason to end already.
                let _ = self.signals.try_send(signal);
            }
            Heard::Moved(moved) => {
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
                    self.log(Level::Debug, format!("cannot follow to {}: {error}", folder.display())).await;
                }
            }
        }
    }

    async fn log(&self, level: Level, message: String) {
        let message = match self.redactor.get() {
            Some(redactor) => redactor.text(message),
            None => message,
        };
        self.emitter.emit(What::Logged { level, target: "python".to_owned(), message }).await;
    }
}

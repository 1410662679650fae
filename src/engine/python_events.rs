//! Messages of Python during a run, forwarded to the parts that handle them.

use super::{line_writer::LineWriter, signals};
use crate::{
    provider::{
        Providers,
        python::{Listener, PrintStream, PythonEvent},
    },
    runner::{Redactor, Signal},
    session::{EventKind, event::Level, stream::Emitter},
};
use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// How much later than Python this process may receive SIGTERM, if a supervisor stops all processes of a service.
const SAME_STOP: Duration = Duration::from_millis(50);

/// Where the lines go that extensions print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrintTarget {
    /// This program's own standard output and error, as in the reference.
    Console,
    /// The log: nothing may be written to the terminal.
    Log,
}

/// How long an extension waits, after a signal, for a console that takes nothing. Then its lines are left out, because a
/// rollback may be what prints them.
const CONSOLE: Duration = Duration::from_secs(2);

/// This program's standard output and error, for lines of extensions.
struct ConsolePrints {
    stdout: Mutex<PrintStreamWriter>,
    stderr: Mutex<PrintStreamWriter>,
}

struct PrintStreamWriter {
    writer: LineWriter,
    /// Hears when what blocked the console is written.
    blocked: Option<oneshot::Receiver<()>>,
}

impl PrintStreamWriter {
    fn new(writer: LineWriter) -> Mutex<Self> {
        Mutex::new(Self { writer, blocked: None })
    }

    /// Queues a text. Returns what hears when it is written; `None` if it is left out, because the console is blocked.
    fn queue(&mut self, text: String) -> Option<oneshot::Receiver<()>> {
        if let Some(blocked) = &mut self.blocked
            && blocked.try_recv() == Err(oneshot::error::TryRecvError::Empty)
        {
            self.writer.leave_out();
            return None;
        }
        self.blocked = None;
        let (reply, written) = oneshot::channel();
        self.writer.text(text);
        self.writer.flush(reply);
        Some(written)
    }
}

impl ConsolePrints {
    fn open() -> io::Result<Self> {
        let (stdout, stderr) = (LineWriter::stdout()?, LineWriter::stderr()?);
        Ok(Self { stdout: PrintStreamWriter::new(stdout), stderr: PrintStreamWriter::new(stderr) })
    }

    /// Writes a text, and waits until it is written: what the run logs afterwards stands below it, and an extension prints no
    /// faster than the console takes it. After a signal, a console that takes nothing for two seconds misses what follows.
    async fn write(&self, stream: PrintStream, text: String) {
        let place = match stream {
            PrintStream::Stdout => &self.stdout,
            PrintStream::Stderr => &self.stderr,
        };
        let queued = place.lock().unwrap_or_else(PoisonError::into_inner).queue(text);
        let Some(mut written) = queued else { return };
        // An error means that the writer has ended with its runtime.
        while timeout(CONSOLE, &mut written).await.is_err() {
            if signals::was_signalled() {
                place.lock().unwrap_or_else(PoisonError::into_inner).blocked = Some(written);
                return;
            }
        }
    }
}

/// Forwards messages of Python. Parts that do not exist yet when Python starts are set later.
pub(crate) struct PythonEvents {
    emitter: Emitter,
    signals: mpsc::Sender<Signal>,
    prints: Option<ConsolePrints>,
    redactor: OnceLock<Redactor>,
    providers: OnceLock<Weak<Providers>>,
    unserialisable: Arc<OnceLock<String>>,
}

impl PythonEvents {
    /// Log lines go to the stream; requests to end the run become signals. Needs a runtime.
    pub(crate) fn new(emitter: Emitter, signals: mpsc::Sender<Signal>, prints: PrintTarget) -> Arc<Self> {
        Arc::new(Self {
            emitter,
            signals,
            // Without a descriptor for them, prints are logged.
            prints: (prints == PrintTarget::Console).then(ConsolePrints::open).and_then(Result::ok),
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
            PythonEvent::Printed { text, stream } => match &self.prints {
                Some(prints) => prints.write(stream, self.hidden(text)).await,
                None => self.log(Level::Info, text.trim_end_matches(['\n', '\r']).to_owned()).await,
            },
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

    fn hidden(&self, text: String) -> String {
        match self.redactor.get() {
            Some(redactor) => redactor.text(text),
            None => text,
        }
    }

    async fn log(&self, level: Level, message: String) {
        let message = self.hidden(message);
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

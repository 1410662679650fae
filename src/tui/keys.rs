//! Terminal input: keys, mouse, pasted text, resizes, and finally the closing of the terminal.

use super::{
    Msg,
    background::handle,
    terminal_replies::{ReplyResult, TerminalReplies},
};
use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use std::{
    io::{self, stdout},
    os::fd::{AsFd, OwnedFd},
    thread,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime::Handle,
    sync::mpsc,
    time::{Instant, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The number of events that the channel to the main loop holds.
const WAITING: usize = 64;

/// Reads the terminal's events until it is dropped.
///
/// A dedicated thread reads: after the terminal is closed, crossterm retries the failed read forever and does not
/// return. That must not block the main loop, which leads the run to its rollbacks.
pub struct Keys {
    incoming: mpsc::Receiver<Msg>,
    line: TerminalInput,
    _reader: DropGuard,
}

impl Keys {
    /// Starts reading. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When stdout cannot be watched, or the thread cannot be started.
    pub fn listen() -> io::Result<Self> {
        let (sender, incoming) = mpsc::channel(WAITING);
        let (stop, runtime) = (CancellationToken::new(), Handle::current());
        let stopped = stop.clone();
        thread::Builder::new().name("keys".to_owned()).spawn(move || {
            runtime.block_on(stopped.run_until_cancelled(forward(sender)));
        })?;
        Ok(Self { incoming, line: TerminalInput::watch()?, _reader: stop.drop_guard() })
    }

    /// Waits for the next message. Cancel-safe.
    pub async fn next(&mut self) -> Msg {
        tokio::select! {
            biased;
            msg = self.incoming.recv() => msg.unwrap_or(Msg::Closed),
            () = self.line.closed() => Msg::Closed,
        }
    }
}

async fn forward(sender: mpsc::Sender<Msg>) {
    let (mut events, mut answers) = (EventStream::new(), TerminalReplies::default());
    loop {
        let received = match answers.patience() {
            None => events.next().await,
            Some(patience) => {
                if let Ok(event) = timeout(patience, events.next()).await {
                    event
                } else {
                    if pass_on(&sender, answers.on_timeout()).await.is_none() {
                        return;
                    }
                    continue;
                }
            }
        };
        let Some(Ok(event)) = received else { return };
        if pass_on(&sender, answers.take(event)).await.is_none() {
            return;
        }
    }
}

/// Returns `None` once the receiver is gone.
async fn pass_on(sender: &mpsc::Sender<Msg>, result: ReplyResult) -> Option<()> {
    let background = result.answer.and_then(|answer| handle(answer, Instant::now()));
    for msg in result.events.into_iter().filter_map(read).chain(background.map(Msg::Background)) {
        sender.send(msg).await.ok()?;
    }
    Some(())
}

/// Converts an event to a message; `None` for events that are ignored.
fn read(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => Some(Msg::Key(key)),
        Event::Mouse(mouse) => Some(Msg::Mouse(mouse)),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(..) => Some(Msg::Resized),
        Event::FocusGained => Some(Msg::Focused),
        Event::FocusLost => None,
    }
}

/// The terminal's file descriptor, watched for its closing.
struct TerminalInput(AsyncFd<OwnedFd>);

impl TerminalInput {
    fn watch() -> io::Result<Self> {
        let terminal = stdout().as_fd().try_clone_to_owned()?;
        // SAFETY: the descriptor is owned here and moves into the `AsyncFd`, which closes it on drop; no other code
        // holds it, so it stays open and unchanged until then.
        let watched = unsafe { AsyncFd::register_with_interest(terminal, Interest::READABLE) };
        Ok(Self(watched.map_err(|refused| refused.into_parts().1)?))
    }

    /// Resolves when the terminal is closed. Key input also wakes this task and is left unread.
    async fn closed(&self) {
        while let Ok(mut guard) = self.0.readable().await {
            if guard.ready().is_read_closed() {
                return;
            }
            guard.clear_ready();
        }
    }
}

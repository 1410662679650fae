//! What the terminal sends: keys, the mouse, pasted text, another size; and at last that it was closed.

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

/// Events that may wait for the loop.
const WAITING: usize = 64;

/// Hears the terminal until it is dropped.
///
/// A thread of its own reads: where a terminal was closed, crossterm reads its error again and again and never comes
/// back. That must not hold up the loop, which leads the run to its rollbacks.
pub struct Keys {
    incoming: mpsc::Receiver<Msg>,
    line: TerminalInput,
    _reader: DropGuard,
}

impl Keys {
    /// Listens from now on. Needs a runtime.
    ///
    /// # Errors
    /// When stdout cannot be watched, or no thread can be started.
    pub fn listen() -> io::Result<Self> {
        let (sender, incoming) = mpsc::channel(WAITING);
        let (stop, runtime) = (CancellationToken::new(), Handle::current());
        let stopped = stop.clone();
        thread::Builder::new().name("keys".to_owned()).spawn(move || {
            runtime.block_on(stopped.run_until_cancelled(forward(sender)));
        })?;
        Ok(Self { incoming, line: TerminalInput::watch()?, _reader: stop.drop_guard() })
    }

    /// The next message. Safe to drop and call again.
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
        let heard = match answers.patience() {
            None => events.next().await,
            Some(patience) => match timeout(patience, events.next()).await {
                Ok(event) => event,
                Err(_) => {
                    if pass_on(&sender, answers.give_up()).await.is_none() {
                        return;
                    }
                    continue;
                }
            },
        };
        let Some(Ok(event)) = heard else { return };
        if pass_on(&sender, answers.take(event)).await.is_none() {
            return;
        }
    }
}

/// `None` once nobody listens.
async fn pass_on(sender: &mpsc::Sender<Msg>, heard: ReplyResult) -> Option<()> {
    let background = heard.answer.and_then(|answer| handle(answer, Instant::now()));
    for msg in heard.events.into_iter().filter_map(read).chain(background.map(Msg::Background)) {
        sender.send(msg).await.ok()?;
    }
    Some(())
}

/// The message of an event; `None` for those nobody cares about.
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

/// The line to the terminal.
struct TerminalInput(AsyncFd<OwnedFd>);

impl TerminalInput {
    fn watch() -> io::Result<Self> {
        let terminal = stdout().as_fd().try_clone_to_owned()?;
        // SAFETY: the descriptor is our own and goes into the `AsyncFd`, which closes it when it is dropped; nobody
        // else holds it, so it stays open and the same until then.
        let watched = unsafe { AsyncFd::register_with_interest(terminal, Interest::READABLE) };
        Ok(Self(watched.map_err(|refused| refused.into_parts().1)?))
    }

    /// Resolves when it is cut. Keys wake it too and are left alone.
    async fn closed(&self) {
        while let Ok(mut guard) = self.0.readable().await {
            if guard.ready().is_read_closed() {
                return;
            }
            guard.clear_ready();
        }
    }
}

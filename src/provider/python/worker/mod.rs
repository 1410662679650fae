//! One running interpreter process: it receives requests and returns answers in the order of their completion.

mod prints;
mod process;
mod program;
mod supervise;
mod waiting;
mod wire;

use super::{Listener, PythonSettings, answer::Answer};
use crate::{
    provider::descendants::{Descendants, Leader},
    session::event::{Level, Timestamp},
};
use prints::Prints;
use process::Process;
use program::modules_line;
use pyvalue::{Value, parse_json};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use supervise::{WorkerEnd, supervise};
use tokio::{
    io::AsyncWriteExt,
    net::unix::pipe,
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use waiting::WaitingCallers;
pub(super) use wire::{LIMIT, Request};

/// How long an interpreter may take to start: a cold disk, a wrapper script, many `.pth` files.
const START: Duration = Duration::from_secs(30);
/// The capacity of the queue of requests and log lines to a worker that reads slowly.
const QUEUE: usize = 1024;

/// A worker that has answered the `hello` request. Dropping it kills the process.
pub(super) struct Worker {
    requests: mpsc::Sender<String>,
    waiting: Arc<WaitingCallers>,
    last_id: AtomicU64,
    kill: CancellationToken,
    end: watch::Receiver<Option<WorkerEnd>>,
    /// The interpreter's process group.
    group: Option<i32>,
    leader: Option<Leader>,
    /// Whether a call was cancelled before it ended.
    call_was_cancelled: AtomicBool,
    /// Whether handlers of the run's events are registered.
    hears_events: AtomicBool,
    /// Whether handlers of the run's log lines are attached.
    hears_lines: AtomicBool,
}

/// Why there is no worker.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("cannot start Python, {interpreter}: {error}")]
    NotStarted { interpreter: String, error: std::io::Error },
    #[error("Python, {interpreter}, did not get ready within {} s", START.as_secs())]
    Silent { interpreter: String },
    #[error("Python, {interpreter}, ended before it was ready: {end}; it must be Python 3.8 or newer")]
    Ended { interpreter: String, end: WorkerEnd },
}

impl Worker {
    /// Starts the interpreter and waits until it is ready.
    pub(super) async fn start(settings: &PythonSettings, loaded: Value) -> Result<Self, StartError> {
        let interpreter = settings.interpreter.to_string();
        let process = match process::start(settings) {
            Ok(process) => process,
            Err(error) => return Err(StartError::NotStarted { interpreter, error }),
        };
        let worker = match Self::attend(process, &settings.listener) {
            Ok(worker) => worker,
            Err(error) => return Err(StartError::NotStarted { interpreter, error }),
        };
        let hello = async {
            // If the worker has already ended, the next request reports it.
            let _ = worker.requests.send(modules_line()).await;
            let request = Request::hello(loaded, settings.level);
            worker.ask(request).await.answer().await
        };
        match timeout(START, hello).await {
            Ok(Ok(_)) => Ok(worker),
            Ok(Err(NoAnswer::Ended(end))) => Err(StartError::Ended { interpreter, end }),
            Ok(Err(NoAnswer::Unreadable(why))) => {
                Err(StartError::Ended { interpreter, end: WorkerEnd::ProtocolError { why } })
            }
            Err(_) => Err(StartError::Silent { interpreter }),
        }
    }

    fn attend(process: Process, listener: &Listener) -> io::Result<Self> {
        let Process { mut child, guard, requests, answers } = process;
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        let leader = child.id().and_then(Leader::of);
        let waiting = Arc::new(WaitingCallers::default());
        let kill = CancellationToken::new();
        let (ended, end) = watch::channel(None);
        let (sender, lines) = mpsc::channel(QUEUE);
        let prints = Prints::forward(&mut child, listener)?;
        tokio::spawn(write(requests, lines));
        tokio::spawn({
            let (waiting, listener, kill) = (waiting.clone(), listener.clone(), kill.clone());
            async move {
                let _guard = guard;
                let end = supervise(child, answers, (&waiting, &listener, &prints), &kill).await;
                ended.send_replace(Some(end));
                waiting.close();
            }
        });
        Ok(Self {
            requests: sender,
            waiting,
            last_id: AtomicU64::new(0),
            kill,
            end,
            group,
            leader,
            call_was_cancelled: AtomicBool::new(false),
            hears_events: AtomicBool::new(false),
            hears_lines: AtomicBool::new(false),
        })
    }

    /// Sends a request.
    pub(super) async fn ask(&self, request: Request) -> PendingAnswer<'_> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let question = PendingAnswer { id, answer: self.waiting.expect(id), worker: self };
        // If the worker has ended, `PendingAnswer::answer` reports how.
        let _ = self.requests.send(request.line(id)).await;
        question
    }

    pub(super) fn hears_events(&self) -> bool {
        self.hears_events.load(Ordering::Relaxed)
    }

    pub(super) fn hears_lines(&self) -> bool {
        self.hears_lines.load(Ordering::Relaxed)
    }

    /// Hands a line of the run to the logger's handlers, after the requests that were sent before and ahead of those that
    /// follow. It is dropped if the worker does not read: no log may delay the run.
    pub(super) fn hand_on(&self, at: Timestamp, level: Level, message: &str) {
        #[allow(clippy::cast_precision_loss, reason = "microseconds since 1970 are far below 2^53")]
        let created = at.as_microsecond() as f64 / 1e6;
        let _ = self.requests.try_send(wire::record(level, created, message));
    }

    /// Whether the worker has ended or is being killed.
    pub(super) fn has_ended(&self) -> bool {
        self.kill.is_cancelled() || self.end.borrow().is_some()
    }

    /// Kills the worker and all processes that it has started, and waits until it has ended.
    pub(super) async fn kill(&self) {
        self.kill.cancel();
        self.ended().await;
    }

    /// Lets the worker end by itself, as a Python program does, for at most `patience`; then kills it. Processes that a
    /// function has started and left running continue, unless a call was cancelled: that call may have had no time to
    /// end its children.
    pub(super) async fn shut_down(&self, patience: Duration) {
        let cut_short = self.call_was_cancelled.load(Ordering::Relaxed);
        // Nothing leads to them any more once the worker has ended.
        let descendants = cut_short.then(|| Descendants::of(self.leader, &[]));
        let leave = async {
            let _ = self.requests.send(wire::shutdown()).await;
            self.ended().await;
        };
        if timeout(patience, leave).await.is_err() {
            self.kill().await;
        }
        if let Some((group, descendants)) = self.group.zip(descendants) {
            // SAFETY: `kill` takes two integers and touches no memory. The number was the worker's own and remains that
            // of its group as long as the group has a member; the kernel reuses a number only after all others.
            unsafe { libc::kill(-group, libc::SIGKILL) };
            descendants.kill();
        }
    }

    async fn ended(&self) -> WorkerEnd {
        match self.end.clone().wait_for(Option::is_some).await.as_deref() {
            Ok(Some(end)) => end.clone(),
            // The supervisor was dropped with its runtime, which also killed the worker.
            Ok(None) | Err(_) => WorkerEnd::Killed,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

/// A request that was sent. Dropping it discards the answer.
pub(super) struct PendingAnswer<'a> {
    id: u64,
    answer: oneshot::Receiver<String>,
    worker: &'a Worker,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the Python worker ended during the call: {0}")]
    Ended(WorkerEnd),
    #[error("Python's answer cannot be read: {0}")]
    Unreadable(String),
}

impl PendingAnswer<'_> {
    pub(super) async fn answer(&mut self) -> Result<Answer, NoAnswer> {
        let Ok(message) = (&mut self.answer).await else {
            return Err(NoAnswer::Ended(self.worker.ended().await));
        };
        let message = parse_json(&message).map_err(|error| NoAnswer::Unreadable(error.to_string()))?;
        let mut answer =
            Answer::new(message).ok_or_else(|| NoAnswer::Unreadable("it is no outcome".to_owned()))?;
        if let Some(heard) = answer.take_heard() {
            let hears = |what: &str| heard.iter().any(|it| it == what);
            self.worker.hears_events.store(hears("events"), Ordering::Relaxed);
            self.worker.hears_lines.store(hears("records"), Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Tells the worker to cancel the call.
    pub(super) fn cancel(&self) {
        self.worker.call_was_cancelled.store(true, Ordering::Relaxed);
        // A worker that has ended runs no call any more; a worker whose request queue is full does not receive the
        // message.
        let _ = self.worker.requests.try_send(wire::cancel(self.id));
    }
}

/// Cancels a call whose answer is not awaited any more.
impl Drop for PendingAnswer<'_> {
    fn drop(&mut self) {
        if self.worker.waiting.forget(self.id) {
            self.cancel();
        }
    }
}

/// One task writes all requests, so that a caller that stops waiting never leaves a partial line.
async fn write(mut requests: pipe::Sender, mut lines: mpsc::Receiver<String>) {
    while let Some(line) = lines.recv().await {
        if requests.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

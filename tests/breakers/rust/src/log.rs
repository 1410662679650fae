//! What the breaker itself says of its state: one JSON line a transition, from the library's own callbacks.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::Mutex,
    sync::atomic::{AtomicU8, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A state that all three libraries know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls go through.
    Closed,
    /// Calls are rejected.
    Open,
    /// Trials go through.
    HalfOpen,
}

impl State {
    /// As it is logged and as pages say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The log, and the state it last told.
pub struct Log {
    file: Mutex<File>,
    state: AtomicU8,
}

impl Log {
    /// Opens the file and writes that the breaker is closed, as each is when it is made.
    pub fn new(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let log = Self { file: Mutex::new(file), state: AtomicU8::new(0) };
        log.tell(State::Closed);
        Ok(log)
    }

    /// Takes note of a transition.
    pub fn tell(&self, state: State) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        self.state.store(state as u8, Ordering::Release);
        let line = format!("{{\"t\": {at:.6}, \"state\": \"{}\"}}\n", state.word());
        // A log that cannot be written is no ground truth: better none at all.
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Err(error) = file.write_all(line.as_bytes()) {
            eprintln!("the log of transitions cannot be written: {error}");
            std::process::exit(1);
        }
    }

    /// The state last told.
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            1 => State::Open,
            2 => State::HalfOpen,
            _ => State::Closed,
        }
    }
}

//! The log of the breaker's own state: one JSON line per transition, from the library's own callbacks.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::Mutex,
    sync::atomic::{AtomicU8, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A state that all three libraries have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls are permitted.
    Closed,
    /// Calls are rejected.
    Open,
    /// Trial calls are permitted.
    HalfOpen,
}

impl State {
    /// Returns the name of the state in the log and on pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The log, and the last logged state.
pub struct Log {
    file: Mutex<File>,
    state: AtomicU8,
}

impl Log {
    /// Opens the file and logs the initial state, closed.
    pub fn new(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let log = Self { file: Mutex::new(file), state: AtomicU8::new(0) };
        log.tell(State::Closed);
        Ok(log)
    }

    /// Logs a transition.
    pub fn tell(&self, state: State) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        self.state.store(state as u8, Ordering::Release);
        let line = format!("{{\"t\": {at:.6}, \"state\": \"{}\"}}\n", state.word());
        // An incomplete log is no ground truth, so the process exits instead.
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Err(error) = file.write_all(line.as_bytes()) {
            eprintln!("the log of transitions cannot be written: {error}");
            std::process::exit(1);
        }
    }

    /// Returns the last logged state.
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            1 => State::Open,
            2 => State::HalfOpen,
            _ => State::Closed,
        }
    }
}

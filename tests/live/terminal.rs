//! Runs the program in a pseudo-terminal: sends keys and reads the screen. Tests wait for a condition and never for a
//! fixed time.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    num::NonZero,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Begins and ends a frame of a program that knows synchronized output (DEC private mode 2026).
const FRAME_BEGINS: &[u8] = b"\x1b[?2026h";
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";

/// The timeout of every wait; generous because the test machine may be busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running program and its screen.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    /// `None` once the terminal is closed.
    pty: Option<Pty>,
    screen: Arc<Screen>,
}

/// The master side of the pseudo-terminal and the thread that reads it.
struct Pty {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    reader: JoinHandle<()>,
}

/// The output parsed so far. Every change notifies the waiting threads.
struct Screen {
    parser: Mutex<State>,
    drawn: Condvar,
}

struct State {
    parser: vt100::Parser,
    /// All output bytes, for sequences that the parser does not keep.
    raw: Vec<u8>,
    /// Whether a frame is begun and not yet ended: as in a terminal that knows synchronized output, a half-drawn frame
    /// is not shown.
    mid_frame: bool,
    /// Whether the reader thread is to stop.
    closing: bool,
    /// Whether the reader thread is paused.
    hangs: bool,
    closed: bool,
}

impl Terminal {
    /// Starts `chaos-tui` with these arguments in `folder`.
    pub(crate) fn start(width: u16, height: u16, folder: &std::path::Path, arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chaos-tui"));
        command.args(arguments);
        Self::of(command, "xterm-256color", (width, height), folder)
    }

    /// Like [`Self::start`], with this value of `TERM`.
    #[allow(dead_code, reason = "each test binary has this module, and few need this")]
    pub(crate) fn start_as(
        term: &str,
        size: (u16, u16),
        folder: &std::path::Path,
        arguments: &[&str],
    ) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chaos-tui"));
        command.args(arguments);
        Self::of(command, term, size, folder)
    }

    /// Like [`Self::start`], with these environment variables.
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn start_with(
        variables: &[(&str, &str)],
        size: (u16, u16),
        folder: &std::path::Path,
        arguments: &[&str],
    ) -> Self {
        let mut command = CommandBuilder::new("/usr/bin/env");
        command.args(variables.iter().map(|(name, value)| format!("{name}={value}")));
        command.arg(env!("CARGO_BIN_EXE_chaos-tui"));
        command.args(arguments);
        Self::of(command, "xterm-256color", size, folder)
    }

    /// Like [`Self::start`], with files of this many blocks of 512 bytes at most, as on a disk that fills up.
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn start_limited(blocks: u32, folder: &std::path::Path, arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new("/bin/sh");
        let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_chaos-tui")]);
        command.args(arguments);
        Self::of(command, "xterm-256color", (120, 36), folder)
    }

    /// Like [`Self::start`], but started by another program: `setsid --wait chaos-tui ...`.
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn start_through(program: &str, folder: &std::path::Path, arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(["--wait", env!("CARGO_BIN_EXE_chaos-tui")]);
        command.args(arguments);
        Self::of(command, "xterm-256color", (80, 24), folder)
    }

    fn of(mut command: CommandBuilder, term: &str, size: (u16, u16), folder: &std::path::Path) -> Self {
        let (width, height) = size;
        let size = PtySize { rows: height, cols: width, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        command.cwd(folder);
        command.env_clear();
        for (name, value) in [("TERM", term), ("TZ", "UTC"), ("PATH", "/usr/bin:/bin")] {
            command.env(name, value);
        }
        command.env("HOME", folder);
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let screen = Arc::new(Screen::new(width, height));
        let (mut output, drawn) = (pty.master.try_clone_reader().unwrap(), screen.clone());
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(read) = output.read(&mut bytes) {
                if read == 0 || !drawn.take(&bytes[..read]) {
                    break;
                }
            }
            // Drops the reader before the waiting threads are notified: the master side is closed only when its last
            // handle is.
            drop(output);
            drawn.close();
        });
        let keys = pty.master.take_writer().unwrap();
        Self { child, pty: Some(Pty { master: pty.master, keys, reader }), screen }
    }

    /// Sends keys to the program.
    pub(crate) fn press(&mut self, keys: &str) {
        let pty = self.pty.as_mut().unwrap();
        pty.keys.write_all(keys.as_bytes()).unwrap();
        pty.keys.flush().unwrap();
    }

    /// Sends keys until the screen shows a text: in the first milliseconds of a session that follows another one in the
    /// same process, the previous session's reader can still consume a key. Only for keys that are harmless when
    /// pressed twice.
    #[allow(dead_code)] // not every test that includes this module runs two sessions
    pub(crate) fn press_until(&mut self, keys: &str, text: &str) {
        let shown =
            |state: &State| state.shows_whole_frame() && state.parser.screen().contents().contains(text);
        for _ in 0..10 {
            self.press(keys);
            let state = self.screen.lock();
            let wait =
                self.screen.drawn.wait_timeout_while(state, Duration::from_secs(2), |state| !shown(state));
            if shown(&wait.unwrap().0) {
                return;
            }
        }
        self.wait_for(text);
    }

    /// Closes the terminal as closing its window does. The key must cause output, since only output wakes the reader
    /// thread.
    pub(crate) fn close(&mut self, key: &str) {
        self.screen.lock().closing = true;
        self.press(key);
        let pty = self.pty.take().unwrap();
        pty.reader.join().unwrap();
    }

    /// Waits until the screen shows a text.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contents().contains(text));
    }

    /// Waits until the screen no longer shows a text.
    pub(crate) fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("{text:?} gone"), |screen| !screen.contents().contains(text));
    }

    /// Waits until a condition on the screen holds.
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        drop(self.wait(what, |state| state.shows_whole_frame() && holds(state.parser.screen())));
    }

    /// Waits until a condition on all output, escape sequences included, holds.
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn wait_written(&self, what: &str, holds: impl Fn(&str) -> bool) {
        drop(self.wait(what, |state| holds(&String::from_utf8_lossy(&state.raw))));
    }

    fn wait(&self, what: &str, holds: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.screen.lock();
        while !holds(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !state.closed,
                "waited for {what}; there is:\n{}",
                state.parser.screen().contents()
            );
            state = self.screen.drawn.wait_timeout(state, left.min(Duration::from_secs(1))).unwrap().0;
        }
        state
    }

    /// Returns the text on the screen.
    pub(crate) fn contents(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// Returns the result of a function of the screen, once the frame that is being drawn is whole.
    pub(crate) fn look<T>(&self, find: impl Fn(&vt100::Screen) -> T) -> T {
        find(self.wait("a whole frame", State::shows_whole_frame).parser.screen())
    }

    /// Returns all output, escape sequences included.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().raw).into_owned()
    }

    /// Resizes the terminal.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        let (rows, cols) = (NonZero::new(height).unwrap(), NonZero::new(width).unwrap());
        self.screen.lock().parser.screen_mut().set_size(rows, cols);
        let pty = self.pty.as_ref().unwrap();
        pty.master.resize(PtySize { rows: height, cols: width, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// With `hangs`, stops reading output, as a stalled connection does, and returns once the program blocks in a
    /// write. Without it, resumes reading.
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn hang(&self, hangs: bool) {
        self.screen.lock().hangs = hangs;
        self.screen.drawn.notify_all();
        let deadline = Instant::now() + PATIENCE;
        let mut width = 0;
        while hangs && !self.is_stuck_in_a_write() {
            assert!(Instant::now() < deadline, "the terminal still takes output");
            // A resize makes the program redraw every cell.
            width = (width + 1) % 40;
            self.resize(80 + width, 36);
            // There is no event to wait for, so the state is polled.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether the same write(2) call of a thread of the program is in progress at two checks 50 ms apart.
    fn is_stuck_in_a_write(&self) -> bool {
        let tasks = format!("/proc/{}/task", self.child.process_id().unwrap());
        let writing = || {
            let threads = std::fs::read_dir(&tasks).unwrap().flatten();
            let calls = threads.map(|thread| std::fs::read_to_string(thread.path().join("syscall")));
            calls.flatten().filter(|call| call.starts_with("1 ")).collect::<Vec<_>>()
        };
        let before = writing();
        std::thread::sleep(Duration::from_millis(50));
        writing().iter().any(|call| before.contains(call))
    }

    /// Returns the ids of the program's child processes.
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn children(&self) -> Vec<u32> {
        let parent = self.child.process_id().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let ids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
        ids.filter(|id: &u32| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
            fields.split(' ').nth(1).is_some_and(|field| field == parent.to_string())
        })
        .collect()
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        // SAFETY: kill(2) has no memory effects; the child belongs to this process and has not been waited for.
        assert_eq!(unsafe { libc::kill(id, signal) }, 0);
    }

    /// Sends a signal to the program and everything in its process group.
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn signal_group(&self, signal: i32) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        // SAFETY: kill(2) has no memory effects; the child leads its group and has not been waited for.
        assert_eq!(unsafe { libc::kill(-id, signal) }, 0);
    }

    /// Waits until the program is stopped, as by a shell's job control.
    pub(crate) fn stopped(&self) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        let mut status = 0;
        // SAFETY: waitpid(2) writes only the status; the child belongs to this process.
        assert_eq!(unsafe { libc::waitpid(id, &raw mut status, libc::WUNTRACED) }, id);
        assert!(libc::WIFSTOPPED(status), "it ended instead");
    }

    /// Waits until the program has ended and all its output has been read. Returns its exit code.
    pub(crate) fn ended(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        self.wait_closed(deadline);
        self.child.wait().unwrap().exit_code()
    }

    fn wait_closed(&self, deadline: Instant) {
        let mut state = self.screen.lock();
        while !state.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for the end; there is:\n{}", state.parser.screen().contents());
            state = self.screen.drawn.wait_timeout(state, left.min(Duration::from_secs(1))).unwrap().0;
        }
    }

    /// Whether the terminal is restored: main screen, cursor, mouse and bracketed paste.
    pub(crate) fn is_restored(&self) -> bool {
        let state = self.screen.lock();
        let screen = state.parser.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A failed test must leave no process running.
        let _ = self.child.kill();
    }
}

impl State {
    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        // A sequence may be split between two reads.
        let from = self.raw.len().saturating_sub(FRAME_BEGINS.len() - 1);
        self.raw.extend_from_slice(bytes);
        let new = &self.raw[from..];
        let last = |sequence: &[u8]| new.windows(sequence.len()).rposition(|part| part == sequence);
        self.mid_frame = match (last(FRAME_BEGINS), last(FRAME_ENDS)) {
            (None, None) => self.mid_frame,
            (begins, ends) => begins > ends,
        };
    }

    /// Whether nothing is half drawn, or the rest of a half-drawn frame will not come.
    fn shows_whole_frame(&self) -> bool {
        !self.mid_frame || self.closed || self.hangs
    }
}

impl Screen {
    fn new(width: u16, height: u16) -> Self {
        let (rows, cols) = (NonZero::new(height).unwrap(), NonZero::new(width).unwrap());
        let parser = vt100::Parser::new(rows, cols, 0);
        Self {
            parser: Mutex::new(State {
                parser,
                raw: Vec::new(),
                mid_frame: false,
                closing: false,
                hangs: false,
                closed: false,
            }),
            drawn: Condvar::new(),
        }
    }

    /// Ignores lock poisoning: the parsed output is still valid after a test has failed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.parser.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parses output. Returns whether to continue reading.
    fn take(&self, bytes: &[u8]) -> bool {
        let mut state = self.lock();
        state.take(bytes);
        self.drawn.notify_all();
        while state.hangs {
            state = self.drawn.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.closing
    }

    fn close(&self) {
        self.lock().closed = true;
        self.drawn.notify_all();
    }
}

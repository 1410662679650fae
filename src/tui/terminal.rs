//! Enters and restores the terminal: on every way out it is left as it was found.
//!
//! [`Screen`] enters on creation and restores on drop; a panic hook restores before the message is printed. A panic in
//! a background task does not touch the screen: its message is printed once the terminal is left.

use super::{background, output::Output};
use crate::printing;
use crossterm::{
    clipboard::CopyToClipboard,
    cursor, event, queue,
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
        LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};
use std::{
    fs::File,
    io::{self, IsTerminal, Write, stdout},
    mem::ManuallyDrop,
    os::fd::{AsFd, AsRawFd},
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};
use tokio::time::Instant;

/// How long restoring waits for a terminal that accepts no output.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether this program has the alternate screen at the moment; makes restoring safe to repeat.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// The writer to the terminal, for the life of the process.
static OUTPUT: Mutex<Option<Output>> = Mutex::new(None);
/// Whether the terminal accepted all output when it was last restored.
static TAKES_OUTPUT: AtomicBool = AtomicBool::new(true);
/// The thread that draws: only its panic messages are printed at once.
static DRAWS: Mutex<Option<ThreadId>> = Mutex::new(None);
/// Panic messages of background tasks, printed when the screen is left.
static LAST_WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Why no screen can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoScreen {
    /// The output goes to a file or a pipe.
    #[error("stdout is not a terminal")]
    Stdout,
    /// The terminal reports that it cannot position a cursor.
    #[error("TERM is `dumb`: this terminal cannot show a screen")]
    Dumb,
    /// Keys could not be read, and the closing of the terminal could not be detected.
    #[error("keys cannot be read: /dev/tty (the controlling terminal) cannot be opened")]
    NoKeys,
}

/// Checks whether a screen can be shown and keys can be read. Keys come from stdin if that is a terminal, else from the
/// controlling terminal, which is needed in both cases since it reports resizes and its own closing.
///
/// # Errors
/// What is missing.
pub fn check_available() -> Result<(), NoScreen> {
    let term = std::env::var_os("TERM");
    judge(stdout().is_terminal(), term.as_ref().and_then(|term| term.to_str()), || {
        File::options().read(true).write(true).open("/dev/tty").is_ok()
    })
}

fn judge(stdout: bool, term: Option<&str>, keys: impl FnOnce() -> bool) -> Result<(), NoScreen> {
    match term {
        _ if !stdout => Err(NoScreen::Stdout),
        Some("dumb") => Err(NoScreen::Dumb),
        _ if !keys() => Err(NoScreen::NoKeys),
        _ => Ok(()),
    }
}

/// The terminal while this program controls it.
pub struct Screen {
    /// Never dropped: dropping would show the cursor, which [`restore`] does, and panic if the terminal is gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Output>>>,
    output: Output,
    mouse: bool,
}

impl Screen {
    /// Enters the terminal: alternate screen, raw mode, bracketed paste, focus reports, and the mouse if requested.
    ///
    /// # Errors
    /// When stdout is not a terminal or cannot be set up.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        restore_on_panic();
        *DRAWS.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        let output = output()?;
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(output.clone()))?);
        let mut screen = Self { terminal, output, mouse };
        screen.set_up()?;
        Ok(screen)
    }

    /// Draws one frame, atomically on terminals that support synchronized updates.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())
    }

    /// Resolves once the terminal has accepted the last frame. Drawing earlier would only lengthen the queue.
    pub async fn flushed(&self) {
        self.output.flushed().await;
    }

    /// Discards what is known of the terminal's content, so that the next frame draws every cell.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn invalidate(&mut self) -> io::Result<()> {
        // `Terminal::clear` would query the cursor position, and the answer would arrive among the keys.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Captures the mouse, or leaves it to the terminal, which then selects text with it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn capture_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            queue!(self.output, event::EnableMouseCapture)?;
        } else {
            queue!(self.output, event::DisableMouseCapture)?;
        }
        self.output.flush()
    }

    /// Asks the terminal for its background, at most once per process. Returns whether it was asked now. The answer
    /// arrives with the keys.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn ask_background(&mut self) -> io::Result<bool> {
        // The Linux console does not answer, and older versions print the query.
        let console = std::env::var_os("TERM").is_some_and(|term| term == "linux");
        if console || !background::asks(Instant::now()) {
            return Ok(false);
        }
        self.output.write_all(background::QUESTION)?;
        self.output.flush()?;
        Ok(true)
    }

    /// Copies a text to the operator's clipboard by OSC 52, which also works over ssh. A terminal that does not support
    /// or allow it ignores it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.output, CopyToClipboard::to_clipboard_from(text))?;
        self.output.flush()
    }

    /// Rings the terminal's bell.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn ring(&mut self) -> io::Result<()> {
        self.output.write_all(b"\x07")?;
        self.output.flush()
    }

    /// Restores the terminal, prints the notice, stops this process as the shell's job control expects, and enters the
    /// terminal again when the process is continued.
    ///
    /// # Errors
    /// When the terminal is gone afterwards.
    pub fn suspend(&mut self, notice: Option<&str>) -> io::Result<()> {
        restore();
        if let Some(notice) = notice.filter(|_| accepted_output()) {
            // A terminal that is gone by now shows nothing.
            let _ = writeln!(stdout(), "{notice}");
        }
        // SAFETY: raise(2) has no memory effects; SIGSTOP cannot be caught, and it returns after SIGCONT.
        unsafe { libc::raise(libc::SIGSTOP) };
        self.set_up()?;
        self.invalidate()
    }

    fn set_up(&mut self) -> io::Result<()> {
        ENTERED.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        queue!(
            self.output,
            EnterAlternateScreen,
            // Without an alternate screen (the default of GNU screen), earlier content would show through the cells
            // that are not drawn.
            Clear(ClearType::All),
            cursor::Hide,
            event::EnableBracketedPaste,
            event::EnableFocusChange,
            SetTitle("chaos-tui")
        )?;
        if self.mouse {
            queue!(self.output, event::EnableMouseCapture)?;
        }
        self.output.flush()
    }
}

fn output() -> io::Result<Output> {
    let mut output = OUTPUT.lock().unwrap_or_else(PoisonError::into_inner);
    if output.is_none() {
        // Not through `Stdout`: a write that hangs would hold its lock.
        *output = Some(Output::start(File::from(stdout().as_fd().try_clone_to_owned()?))?);
    }
    output.clone().ok_or_else(|| io::ErrorKind::NotConnected.into())
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        if !accepted_output() {
            return;
        }
        for words in std::mem::take(&mut *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner)) {
            printing::err(words);
        }
    }
}

/// Returns whether the terminal accepted the output of [`restore`]. A write to one that accepts no output blocks
/// forever.
pub fn accepted_output() -> bool {
    TAKES_OUTPUT.load(Ordering::SeqCst)
}

/// Restores the terminal as it was found. Safe to call at any time, from any thread, more than once. Waits only a
/// limited time for a terminal that accepts no output.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let restored = output().is_ok_and(|mut output| {
        queue!(
            output,
            event::DisableMouseCapture,
            event::DisableFocusChange,
            event::DisableBracketedPaste,
            EndSynchronizedUpdate,
            LeaveAlternateScreen,
            cursor::Show
        )
        .and_then(|()| output.flush())
        .is_ok()
            && output.wait(PATIENCE)
    });
    drop_late_answer();
    // A terminal that is gone cannot be restored, and the error has nowhere to go.
    let _ = disable_raw_mode();
    TAKES_OUTPUT.store(restored, Ordering::SeqCst);
}

/// Waits right after the start for an outstanding answer of the terminal, which the shell would read as keys, and
/// discards it.
fn drop_late_answer() {
    let Some(left) = background::outstanding_wait(Instant::now()) else { return };
    thread::sleep(left);
    // SAFETY: tcflush(3) takes no memory of ours; stdout stays open for the life of the process.
    unsafe { libc::tcflush(stdout().as_fd().as_raw_fd(), libc::TCIFLUSH) };
}

/// Restores the terminal before the existing panic hook runs. Installed once per process.
fn restore_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let speak = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let ours = *DRAWS.lock().unwrap_or_else(PoisonError::into_inner) == Some(thread::current().id());
            if ENTERED.load(Ordering::SeqCst) && !ours {
                let words = format!("a background task failed: {panic}");
                LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).push(words);
                return;
            }
            restore();
            // A message that the terminal does not take would hold up the rollbacks.
            if accepted_output() {
                speak(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_needs_a_terminal_that_can_show_one_and_keys() {
        let table = [
            (true, Some("xterm-256color"), true, Ok(())),
            (true, None, true, Ok(())),
            (false, Some("xterm"), true, Err(NoScreen::Stdout)),
            (true, Some("dumb"), true, Err(NoScreen::Dumb)),
            (true, Some("xterm"), false, Err(NoScreen::NoKeys)),
        ];
        for (stdout, term, keys, wanted) in table {
            assert_eq!(judge(stdout, term, || keys), wanted, "{stdout} {term:?} {keys}");
        }
    }
}

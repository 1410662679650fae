//! The terminal, taken and given back: on every way out it is left as it was found.
//!
//! [`Screen`] enters on creation and restores when it is dropped; a panic hook restores before the message is
//! printed. A panic of a background task does not touch the screen: its message waits until the terminal is left.

use super::{background, output::Output};
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

/// How long a terminal that takes no output is waited for when it is given back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the alternate screen is ours at the moment; makes restoring safe to repeat.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Writes to the terminal, for the whole life of the process.
static OUTPUT: Mutex<Option<Output>> = Mutex::new(None);
/// Whether it took everything when it was given back last.
static TAKES_OUTPUT: AtomicBool = AtomicBool::new(true);
/// The thread that draws: only its panics may speak at once.
static DRAWS: Mutex<Option<ThreadId>> = Mutex::new(None);
/// What background tasks said when they panicked.
static LAST_WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Why there can be no screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoScreen {
    /// Output goes into a file or a pipe.
    #[error("stdout is no terminal")]
    Stdout,
    /// The terminal says that it cannot place a cursor.
    #[error("TERM is `dumb`: this terminal cannot show a screen")]
    Dumb,
    /// Nobody could press a key, and nobody would be told when the terminal is closed.
    #[error("there is no controlling terminal that keys could be read from (/dev/tty cannot be opened)")]
    NoKeys,
}

/// Whether a screen can be shown and keys be read. Keys come from stdin where it is a terminal, else from the controlling
/// terminal; that must be there in both cases, since it tells of another size and of its end.
///
/// # Errors
/// What is missing.
pub fn possible() -> Result<(), NoScreen> {
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

/// The terminal while it is ours.
pub struct Screen {
    /// Never dropped: that would show the cursor, which [`restore`] does, and panic where the terminal is gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Output>>>,
    output: Output,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal: alternate screen, raw keys, bracketed paste, focus reports, the mouse if asked for.
    ///
    /// # Errors
    /// When stdout is no terminal or refuses.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        restore_on_panic();
        *DRAWS.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        let output = output()?;
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(output.clone()))?);
        let mut screen = Self { terminal, output, mouse };
        screen.take()?;
        Ok(screen)
    }

    /// Draws one frame, all of it at once for terminals that know synchronised updates.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())
    }

    /// Resolves once the terminal has taken the last frame: another one would only queue up behind it.
    pub async fn taken(&self) {
        self.output.taken().await;
    }

    /// Forgets what is on the terminal, so that the next frame draws every cell.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn forget(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where its cursor is, and the answer would come in among the keys.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Takes the mouse, or leaves it to the terminal, which then selects text with it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn take_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            queue!(self.output, event::EnableMouseCapture)?;
        } else {
            queue!(self.output, event::DisableMouseCapture)?;
        }
        self.output.flush()
    }

    /// Asks the terminal what it draws on, once in the life of the process; whether it was asked now. The answer comes with
    /// the keys.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn ask_background(&mut self) -> io::Result<bool> {
        // The console of Linux has no answer, and older ones print the question.
        let console = std::env::var_os("TERM").is_some_and(|term| term == "linux");
        if console || !background::asks(Instant::now()) {
            return Ok(false);
        }
        self.output.write_all(background::QUESTION)?;
        self.output.flush()?;
        Ok(true)
    }

    /// Puts a text into the clipboard of whoever sits at the terminal, by OSC 52: also over ssh. A terminal that does not know
    /// it, or does not allow it, ignores it.
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

    /// Gives the terminal back, stops this process as the shell's job control expects, and takes the terminal
    /// again when it is continued.
    ///
    /// # Errors
    /// When the terminal is gone afterwards.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // SAFETY: raise(2) has no memory effects; SIGSTOP cannot be caught, and it returns after SIGCONT.
        unsafe { libc::raise(libc::SIGSTOP) };
        self.take()?;
        self.forget()
    }

    fn take(&mut self) -> io::Result<()> {
        ENTERED.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        queue!(
            self.output,
            EnterAlternateScreen,
            // Where there is no alternate screen (GNU screen by default), what was there before would show through the
            // cells that are not drawn.
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
        // Not through `Stdout`: whoever hangs in it would hold its lock.
        *output = Some(Output::start(File::from(stdout().as_fd().try_clone_to_owned()?))?);
    }
    output.clone().ok_or_else(|| io::ErrorKind::NotConnected.into())
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        if !takes_output() {
            return;
        }
        for words in std::mem::take(&mut *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner)) {
            // The terminal may be gone for good.
            let _ = writeln!(io::stderr(), "{words}");
        }
    }
}

/// Whether the terminal took what it was given back with. What is written to one that takes no output waits for ever.
pub fn takes_output() -> bool {
    TAKES_OUTPUT.load(Ordering::SeqCst)
}

/// Leaves the terminal as it was found. Safe to call at any time, from any thread, more than once.
/// One that takes no output is waited for, but not for long.
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
    // A terminal that is gone cannot be restored, and there is nobody to tell.
    let _ = disable_raw_mode();
    TAKES_OUTPUT.store(restored, Ordering::SeqCst);
}

/// Whoever leaves right after the start waits for the terminal's answer, which the shell would take for keys.
fn drop_late_answer() {
    let Some(left) = background::on_its_way(Instant::now()) else { return };
    thread::sleep(left);
    // SAFETY: tcflush(3) takes no memory of ours; stdout stays open for the life of the process.
    unsafe { libc::tcflush(stdout().as_fd().as_raw_fd(), libc::TCIFLUSH) };
}

/// Puts restoring before whatever the panic hook does already. Installed once, whoever enters again.
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
            speak(panic);
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

//! The terminal, taken and given back: on every way out it is left as it was found.
//!
//! [`Screen`] enters on creation and restores when it is dropped; a panic hook restores before the message is
//! printed. A panic of a background task does not touch the screen: its message waits until the terminal is left.

use crossterm::{
    cursor, event, execute,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};
use std::{
    fs::File,
    io::{self, IsTerminal, Stdout, Write, stdout},
    mem::ManuallyDrop,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

/// Whether the alternate screen is ours at the moment; makes restoring safe to repeat.
static ENTERED: AtomicBool = AtomicBool::new(false);
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
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
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
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(stdout()))?);
        let mut screen = Self { terminal, mouse };
        screen.take()?;
        Ok(screen)
    }

    /// Draws one frame, all of it at once for terminals that know synchronised updates.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        execute!(stdout(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(render).map(|_| ());
        execute!(stdout(), EndSynchronizedUpdate)?;
        drawn
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
            execute!(stdout(), event::EnableMouseCapture)
        } else {
            execute!(stdout(), event::DisableMouseCapture)
        }
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
        execute!(
            stdout(),
            EnterAlternateScreen,
            cursor::Hide,
            event::EnableBracketedPaste,
            event::EnableFocusChange,
            SetTitle("chaos-tui")
        )?;
        if self.mouse {
            execute!(stdout(), event::EnableMouseCapture)?;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        for words in std::mem::take(&mut *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner)) {
            // The terminal may be gone for good.
            let _ = writeln!(io::stderr(), "{words}");
        }
    }
}

/// Leaves the terminal as it was found. Safe to call at any time, from any thread, more than once.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // A terminal that is gone cannot be restored, and there is nobody to tell.
    let _ = execute!(
        stdout(),
        event::DisableMouseCapture,
        event::DisableFocusChange,
        event::DisableBracketedPaste,
        EndSynchronizedUpdate,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = stdout().flush();
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

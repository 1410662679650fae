//! The start screen, shown by `chaos-tui` without arguments.

mod draw;
#[cfg(test)]
mod tests;

use super::{Keys, Msg, Signals, Theme, app::theme_for, background::ThemeByBackground, terminal::Screen};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use draw::draw;
use std::{io, pin::pin};
use tokio::time::Instant;

/// An experiment file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundExperiment {
    /// The path as it is passed to the program.
    pub path: String,
    pub title: String,
}

/// What the operator chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartChoice {
    /// The demo.
    Demo,
    /// The demo's experiment in the sandbox, step by step.
    Sandbox {
        /// Variant of the sample.
        variant: &'static str,
    },
    /// An experiment that was found.
    Experiment {
        path: String,
        /// The sandbox's variant; `None` for the configured cluster.
        sandbox: Option<&'static str>,
    },
    /// Leave the program.
    Leave,
}

/// The start menu: its rows and the selected one.
#[derive(Debug, Default)]
struct StartMenu {
    /// The experiments found; `None` during the search.
    found: Option<Vec<FoundExperiment>>,
    /// The selected row: the demo, the sandbox, then the experiments found.
    row: usize,
    help: bool,
}

/// The number of rows before the first experiment.
const FIXED: usize = 2;

impl StartMenu {
    fn found(&self) -> &[FoundExperiment] {
        self.found.as_deref().unwrap_or_default()
    }

    fn rows(&self) -> usize {
        FIXED + self.found().len()
    }

    fn experiment(&self) -> Option<&FoundExperiment> {
        self.found().get(self.row.checked_sub(FIXED)?)
    }

    /// Handles a key. Returns the choice, if one was made.
    fn pressed(&mut self, key: &KeyEvent) -> Option<StartChoice> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(StartChoice::Leave);
        }
        match key.code {
            KeyCode::Char('?') => self.help = !self.help,
            KeyCode::Esc if self.help => self.help = false,
            KeyCode::Char('q') | KeyCode::Esc => return Some(StartChoice::Leave),
            KeyCode::Char('d') => return Some(StartChoice::Demo),
            KeyCode::Up | KeyCode::Char('k') => self.row = self.row.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.row = (self.row + 1).min(self.rows() - 1),
            KeyCode::Home => self.row = 0,
            KeyCode::End => self.row = self.rows() - 1,
            KeyCode::Enter => return Some(self.open(None)),
            KeyCode::Char('b') if self.row > 0 => return Some(self.open(Some("before"))),
            KeyCode::Char('a') if self.row > 0 => return Some(self.open(Some("after"))),
            _ => {}
        }
        None
    }

    /// The choice that the selected row stands for.
    fn open(&self, sandbox: Option<&'static str>) -> StartChoice {
        match (self.experiment(), self.row) {
            (Some(found), _) => StartChoice::Experiment { path: found.path.clone(), sandbox },
            (None, 0) => StartChoice::Demo,
            (None, _) => StartChoice::Sandbox { variant: sandbox.unwrap_or("after") },
        }
    }
}

/// Shows the start screen until something is chosen. `found` resolves to the experiments found.
///
/// # Errors
/// When the terminal is gone.
pub async fn choose(
    screen: &mut Screen,
    keys: &mut Keys,
    signals: &mut Signals,
    (theme, grounds): (Theme, Option<ThemeByBackground>),
    found: impl Future<Output = Vec<FoundExperiment>>,
) -> io::Result<StartChoice> {
    let (mut theme, mut offer, mut found) = (theme, StartMenu::default(), pin!(found));
    let mut hold = theme_for(screen, &mut theme, grounds);
    let mut shown = false;
    loop {
        if !shown && hold.is_none() {
            screen.draw(|frame| {
                let area = frame.area();
                draw(frame.buffer_mut(), area, &offer, &theme);
            })?;
            shown = true;
        }
        let msg = tokio::select! {
            biased;
            msg = keys.next() => msg,
            msg = signals.next() => msg,
            experiments = &mut found, if offer.found.is_none() => {
                offer.found = Some(experiments);
                shown = false;
                continue;
            }
            () = until(hold), if hold.is_some() => {
                hold = None;
                continue;
            }
        };
        shown = false;
        match msg {
            Msg::Key(key) if key.kind == KeyEventKind::Press => {
                if let Some(chosen) = offer.pressed(&key) {
                    return Ok(chosen);
                }
            }
            Msg::Background(background) => {
                theme = grounds.map_or(theme, |grounds| grounds.on(background));
                hold = None;
            }
            Msg::Suspend => screen.suspend(None)?,
            Msg::Focused | Msg::Resumed => screen.invalidate()?,
            Msg::Interrupted(_) | Msg::Closed => return Ok(StartChoice::Leave),
            _ => {}
        }
    }
}

async fn until(hold: Option<Instant>) {
    match hold {
        Some(hold) => tokio::time::sleep_until(hold).await,
        None => std::future::pending().await,
    }
}

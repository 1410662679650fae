//! The tour of the screen, the panes that captions point at, and what to try when all is seen.

use crate::{
    session::{Session, event::ScreenPart},
    tui::{
        keymap::{Action, Chord, Context},
        msg::{Effect, Outcome},
        pane::Pane,
        view::{Pointed, View},
    },
};
use crossterm::event::KeyCode;

/// Turns the focus to what is spoken of: once for each caption, so that it can be moved away.
pub(super) fn point(view: &mut View, session: &Session) {
    if view.course.is_none() || view.starting {
        return;
    }
    // Whoever has fired needs no introduction.
    view.tour = view.tour.filter(|_| session.fault.is_none());
    let spoken = match view.stop() {
        Some((stop, number, _)) => Some((Pointed::Stop(number), Some(stop.about))),
        None => session.diary.captions.back().map(|caption| (Pointed::Caption(caption.at), caption.about)),
    };
    if let Some((what, about)) = spoken.filter(|(what, _)| view.pointed != Some(*what)) {
        view.pointed = Some(what);
        view.focus = about.map_or(view.focus, pane);
    }
}

/// Goes on with the tour, or skips the rest of it; `None` where there is none, or the key is another one.
pub(super) fn walk(view: &mut View, session: &Session, action: Action) -> Option<Outcome> {
    view.stop()?;
    match action {
        Action::Next => view.tour = view.tour.map(|stop| stop + 1),
        Action::Safety if view.overlay.is_none() => view.tour = None,
        _ => return None,
    }
    point(view, session);
    Some(Outcome::redraw())
}

/// Where a part of the screen is.
fn pane(part: ScreenPart) -> Pane {
    match part {
        // It has no frame.
        ScreenPart::Verdict | ScreenPart::Steps => Pane::Experiment,
        ScreenPart::Users => Pane::Users,
        ScreenPart::Timeline => Pane::Timeline,
        ScreenPart::Pods => Pane::Pods,
        ScreenPart::Breaker => Pane::Breaker,
    }
}

/// Keys while it is shown what to try next: what leads on leaves.
pub(super) fn farewell(view: &mut View, chord: Chord) -> Outcome {
    match view.keymap.action(chord, Context::Screen) {
        Some(Action::Next | Action::Quit | Action::Interrupt) => Outcome::effect(Effect::Leave),
        _ if chord.code == KeyCode::Enter => Outcome::effect(Effect::Leave),
        Some(Action::Safety) => {
            view.overlay = None;
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

//! Keys and the other messages change the view and ask for effects. Pure: no input or output, no clock.

use super::{
    keymap::{Action, Chord, Context},
    layout::{Arrangement, arrange},
    msg::{Effect, Msg, Outcome},
    span::Span,
    view::{Leaving, Overlay, Pane, Steering, View},
};
use crate::session::{
    Command, Session,
    event::{StepRef, Timestamp},
    state::{Phase, StepRow, StepState},
};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

/// How long a fire waits for the target card, in seconds; after that what it will hit cannot be told.
const CARD_PATIENCE_S: f64 = 3.0;
/// Seconds that one press scrolls.
const SCROLL_S: i64 = 10;

/// Takes one message.
pub fn update(view: &mut View, session: &Session, now: Timestamp, msg: Msg) -> Outcome {
    match msg {
        Msg::Key(key) if key.kind == KeyEventKind::Press => pressed(view, session, now, &key),
        Msg::Key(_) => Outcome::nothing(),
        Msg::Mouse(mouse) => pointed(view, &mouse),
        Msg::Paste(text) => pasted(view, &text),
        Msg::Changed | Msg::Resized => Outcome::redraw(),
        Msg::Focused | Msg::Resumed => Outcome::effect(Effect::Repaint),
        Msg::Suspend => Outcome::effect(Effect::Suspend),
        Msg::Interrupted(_) | Msg::Closed => leave(view),
        Msg::Finished => {
            view.finished = true;
            if view.leaving == Leaving::No { Outcome::redraw() } else { Outcome::effect(Effect::Leave) }
        }
    }
}

fn pressed(view: &mut View, session: &Session, now: Timestamp, key: &KeyEvent) -> Outcome {
    let hinted = view.hint.take().is_some();
    let chord = Chord::of(key);
    if view.overlay.as_ref().is_some_and(Overlay::takes_text) {
        return typed(view, key, chord);
    }
    if view.overlay == Some(Overlay::ConfirmQuit) {
        return confirmed(view, chord);
    }
    let place = if view.overlay.is_some() { Context::Overlay } else { Context::Screen };
    match view.keymap.action(chord, place) {
        Some(action) => act(view, session, now, action, chord),
        None => Outcome { redraw: hinted, effects: Vec::new() },
    }
}

fn act(view: &mut View, session: &Session, now: Timestamp, action: Action, chord: Chord) -> Outcome {
    use Action as A;
    if let Some(reason) = refused(view, action) {
        view.hint = Some(reason.to_owned());
        return Outcome::redraw();
    }
    match action {
        A::Observe => {
            let watched = session.users.endpoints.iter().any(|endpoint| endpoint.watched);
            Outcome::send(Command::Observe(!watched))
        }
        A::Next => next(view, session),
        A::Fire => fire(view, session, now),
        A::Auto => watching(session, Command::Auto(!session.steps.auto)),
        A::Pause => Outcome::send(Command::Pause(!session.steps.paused)),
        A::Skip => Outcome::send(Command::Skip),
        A::Rerun => Outcome::send(Command::Rerun),
        A::Cut => Outcome::send(Command::Cut),
        A::Breakpoint => breakpoint(view, session),
        A::Abort => Outcome::send(Command::Abort),
        A::End => Outcome::send(Command::Quit),
        A::Safety => towards_safety(view, session),
        A::Note => open(view, Overlay::Note(Default::default())),
        A::Mark => {
            view.hint = Some("marked this moment".to_owned());
            Outcome::send(Command::Mark)
        }
        A::Why => toggle(view, Overlay::Why),
        A::Logs => toggle(view, Overlay::Logs),
        A::Heatmap => toggle(view, Overlay::Heatmap),
        A::Help => toggle(view, Overlay::Help),
        A::Filter => open(view, Overlay::Filter(Default::default())),
        A::Zoom => {
            view.zoomed = !view.zoomed;
            Outcome::redraw()
        }
        A::Endpoint => {
            view.endpoint = (view.endpoint + 1) % session.users.endpoints.len().max(1);
            Outcome::redraw()
        }
        A::Presenter => {
            view.presenter = !view.presenter;
            Outcome::redraw()
        }
        A::FocusNext => focus(view, view.focus.step(1)),
        A::FocusPrevious => focus(view, view.focus.step(-1)),
        A::FocusNumber => match numbered(chord) {
            Some(pane) => focus(view, pane),
            None => Outcome::nothing(),
        },
        A::Up => scroll(view, session, -1),
        A::Down => scroll(view, session, 1),
        A::PageUp => scroll(view, session, -10),
        A::PageDown => scroll(view, session, 10),
        A::Earlier => scroll_time(view, session, now, -SCROLL_S),
        A::Later => scroll_time(view, session, now, SCROLL_S),
        A::CursorLeft => move_cursor(view, session, now, -1),
        A::CursorRight => move_cursor(view, session, now, 1),
        A::Live => {
            view.scrolled_to = None;
            view.cursor = None;
            Outcome::effect(Effect::ScrollLog(0))
        }
        A::Quit => quit(view, session),
        A::Interrupt => leave(view),
        A::Suspend => Outcome::effect(Effect::Suspend),
    }
}

/// Whether an action tells the session something.
pub fn steers(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Observe
            | A::Next
            | A::Fire
            | A::Auto
            | A::Pause
            | A::Skip
            | A::Rerun
            | A::Cut
            | A::Breakpoint
            | A::Abort
            | A::End
            | A::Note
            | A::Mark
    )
}

/// Why a key does nothing where nobody may steer, or after the end.
pub fn refused(view: &View, action: Action) -> Option<&'static str> {
    use Action as A;
    match view.steering {
        _ if !steers(action) => None,
        Steering::Replay => Some("this is a replay: it happened already"),
        Steering::ReadOnly if !matches!(action, A::Observe | A::Note | A::Mark) => {
            Some("read-only: nothing can be stepped or fired here")
        }
        _ if view.finished && !matches!(action, A::Note | A::Mark) => Some("the run has ended"),
        _ => None,
    }
}

fn next(view: &mut View, session: &Session) -> Outcome {
    match session.steps.current() {
        Some(row) if awaited(row) && row.step.destructive => {
            view.hint = Some(format!("SPACE never fires: {} does", view.keymap.spoken(Action::Fire)));
            Outcome::redraw()
        }
        Some(row) if row.state.is_active() => {
            let cut = view.keymap.key(Action::Cut);
            view.hint = Some(format!("`{}` still runs; {cut} cuts the wait", row.step.name));
            Outcome::redraw()
        }
        _ => watching(session, Command::Next),
    }
}

/// A command that needs users to be watched, which the first of them starts.
fn watching(session: &Session, command: Command) -> Outcome {
    let mut effects = Vec::new();
    if session.phase() == Phase::Ready && session.users.endpoints.is_empty() {
        effects.push(Effect::Send(Command::Observe(true)));
    }
    effects.push(Effect::Send(command));
    Outcome { redraw: true, effects }
}

fn fire(view: &mut View, session: &Session, now: Timestamp) -> Outcome {
    let Some(row) = session.steps.current().filter(|row| awaited(row) && row.step.destructive) else {
        view.hint = Some("nothing to fire: the step at hand is not a destructive one".to_owned());
        return Outcome::redraw();
    };
    let step = row.step.at;
    let card = session.target.as_ref().filter(|card| card.step == step);
    if card.is_none() && awaited_for(row, now) < CARD_PATIENCE_S {
        view.hint = Some("looking up what it would hit; fire once the card is shown".to_owned());
        return Outcome::redraw();
    }
    if session.meta.allowed {
        return Outcome::send(Command::Fire(step));
    }
    let word = card.map_or_else(|| row.step.name.clone(), |card| card.confirm.clone());
    open(view, Overlay::ConfirmFire { step, word, typed: Default::default() })
}

fn awaited(row: &StepRow) -> bool {
    matches!(row.state, StepState::Awaited { .. })
}

fn awaited_for(row: &StepRow, now: Timestamp) -> f64 {
    match row.state {
        StepState::Awaited { since } => now.duration_since(since).as_secs_f64(),
        _ => 0.0,
    }
}

fn breakpoint(view: &mut View, session: &Session) -> Outcome {
    match view.chosen.or_else(|| session.steps.next().map(|row| row.step.at)) {
        Some(step) => Outcome::send(Command::Breakpoint(step)),
        None => {
            view.hint = Some("no step is left to hold at".to_owned());
            Outcome::redraw()
        }
    }
}

/// One step towards safety: what lies over the panes first, then what hides them, then what runs by itself.
fn towards_safety(view: &mut View, session: &Session) -> Outcome {
    let changed = |condition: bool| condition.then(Outcome::redraw);
    let opened = view.overlay.take().is_some();
    if let Some(outcome) = changed(opened) {
        return outcome;
    }
    if std::mem::take(&mut view.zoomed) || std::mem::take(&mut view.presenter) {
        return Outcome::redraw();
    }
    if view.scrolled_to.take().is_some() | view.cursor.take().is_some() | view.chosen.take().is_some() {
        return Outcome::redraw();
    }
    if !view.filter.is_empty() {
        view.filter.clear();
        return Outcome::redraw();
    }
    if view.steering != Steering::Live || view.finished {
        return Outcome::nothing();
    }
    if session.steps.auto {
        return Outcome::send(Command::Auto(false));
    }
    if session.run.started.is_some() && session.run.ended.is_none() && !session.steps.paused {
        return Outcome::send(Command::Pause(true));
    }
    let abort = view.keymap.key(Action::Abort);
    view.hint = Some(format!("nothing moves by itself now; {abort} aborts and rolls back"));
    Outcome::redraw()
}

/// Leaves when nothing is at stake, asks when something is.
fn quit(view: &mut View, session: &Session) -> Outcome {
    if view.finished || view.steering == Steering::Replay {
        return Outcome::effect(Effect::Leave);
    }
    if view.leaving == Leaving::No && session.phase() == Phase::FaultOn {
        return open(view, Overlay::ConfirmQuit);
    }
    leave(view)
}

/// Leaves through the session's own end: it rolls back and tells when it is done. Asking again is more urgent.
fn leave(view: &mut View) -> Outcome {
    view.overlay = None;
    if view.finished || view.steering == Steering::Replay {
        return Outcome::effect(Effect::Leave);
    }
    match view.leaving {
        Leaving::No => {
            view.leaving = Leaving::Asked;
            Outcome::send(Command::Quit)
        }
        Leaving::Asked => {
            view.leaving = Leaving::Pressed;
            Outcome::send(Command::Abort)
        }
        Leaving::Pressed => Outcome::effect(Effect::Leave),
    }
}

fn confirmed(view: &mut View, chord: Chord) -> Outcome {
    match chord.code {
        KeyCode::Char('y' | 'q') | KeyCode::Enter => leave(view),
        KeyCode::Char('c') if chord == Chord::ctrl('c') => leave(view),
        KeyCode::Char('n') | KeyCode::Esc => {
            view.overlay = None;
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

/// A key while text is typed.
fn typed(view: &mut View, key: &KeyEvent, chord: Chord) -> Outcome {
    if chord == Chord::ctrl('c') {
        return leave(view);
    }
    let Some(overlay) = &mut view.overlay else { return Outcome::nothing() };
    match (key.code, overlay) {
        (KeyCode::Esc, overlay) => {
            if matches!(overlay, Overlay::Filter(_)) {
                view.filter.clear();
            }
            view.overlay = None;
            Outcome::redraw()
        }
        (KeyCode::Enter, Overlay::Note(editor)) => {
            let note = editor.text();
            view.overlay = None;
            if note.trim().is_empty() { Outcome::redraw() } else { Outcome::send(Command::Note(note)) }
        }
        (KeyCode::Enter, Overlay::ConfirmFire { step, word, typed }) => {
            if typed.text() != *word {
                view.hint = Some(format!("that is not `{word}`; ESC steps back"));
                return Outcome::redraw();
            }
            let step = *step;
            view.overlay = None;
            Outcome::send(Command::Fire(step))
        }
        (KeyCode::Enter, _) => {
            view.overlay = None;
            Outcome::redraw()
        }
        (_, Overlay::Filter(editor)) => {
            editor.key(key);
            view.filter = editor.text();
            Outcome::redraw()
        }
        (_, Overlay::Note(editor) | Overlay::ConfirmFire { typed: editor, .. }) => {
            editor.key(key);
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

fn pasted(view: &mut View, text: &str) -> Outcome {
    match &mut view.overlay {
        Some(Overlay::Note(editor)) => editor.paste(text),
        Some(Overlay::Filter(editor)) => {
            editor.paste(text);
            view.filter = editor.text();
        }
        // A name that must be typed is typed: pasting it would defeat the thought.
        _ => return Outcome::nothing(),
    }
    Outcome::redraw()
}

fn open(view: &mut View, overlay: Overlay) -> Outcome {
    view.overlay = Some(overlay);
    if let Some(last) = view.scroll.last_mut() {
        *last = 0;
    }
    Outcome::redraw()
}

fn toggle(view: &mut View, overlay: Overlay) -> Outcome {
    if view.overlay.as_ref() == Some(&overlay) {
        view.overlay = None;
        return Outcome::redraw();
    }
    open(view, overlay)
}

fn focus(view: &mut View, pane: Pane) -> Outcome {
    view.focus = pane;
    Outcome::redraw()
}

fn numbered(chord: Chord) -> Option<Pane> {
    let KeyCode::Char(digit) = chord.code else { return None };
    Pane::ALL.into_iter().find(|pane| Some(pane.number()) == digit.to_digit(10).map(|d| d as usize))
}

fn scroll(view: &mut View, session: &Session, by: isize) -> Outcome {
    if view.overlay.is_none() && view.focus == Pane::Experiment {
        choose(view, session, by);
        return Outcome::redraw();
    }
    if view.overlay == Some(Overlay::Logs) || (view.overlay.is_none() && view.focus == Pane::Log) {
        return Outcome::effect(Effect::ScrollLog(by));
    }
    let place = if view.overlay.is_some() { Pane::ALL.len() } else { view.focus as usize };
    if let Some(lines) = view.scroll.get_mut(place) {
        *lines = lines.saturating_add_signed(by).min(usize::from(u16::MAX));
    }
    Outcome::redraw()
}

fn choose(view: &mut View, session: &Session, by: isize) {
    let steps: Vec<StepRef> = session.steps.rows.iter().map(|row| row.step.at).collect();
    let at = view.chosen.or(session.steps.cursor).and_then(|step| steps.iter().position(|at| *at == step));
    let place = at.map_or(0, |at| at.saturating_add_signed(by)).min(steps.len().saturating_sub(1));
    view.chosen = steps.get(place).copied();
}

/// Columns of the timeline at the present size.
fn columns(view: &View) -> usize {
    super::panes::lane_columns(match arrange(view.area, view.presenter) {
        Arrangement::Wide(wide) => usize::from(wide.timeline.width).saturating_sub(2),
        _ => usize::from(view.area.width),
    })
}

fn scroll_time(view: &mut View, session: &Session, now: Timestamp, by: i64) -> Outcome {
    let live = Span::live(session, now, columns(view));
    let shown = view.scrolled_to.unwrap_or(live.first);
    let first = (shown + by).clamp(Span::earliest(session, now).min(live.first), live.first);
    view.scrolled_to = (first < live.first).then_some(first);
    Outcome::redraw()
}

fn move_cursor(view: &mut View, session: &Session, now: Timestamp, by: i64) -> Outcome {
    let present = session.axis.second(now);
    let cursor = view.cursor.map_or(present, |cursor| cursor + by);
    let cursor = cursor.clamp(Span::earliest(session, now).min(present), present);
    view.cursor = Some(cursor);
    let shown = Span::shown(session, now, columns(view), view.scrolled_to);
    if shown.column(cursor).is_none() {
        let by = if cursor < shown.first { cursor - shown.first - SCROLL_S } else { SCROLL_S };
        return scroll_time(view, session, now, by);
    }
    Outcome::redraw()
}

fn pointed(view: &mut View, mouse: &MouseEvent) -> Outcome {
    let at = ratatui::layout::Position { x: mouse.column, y: mouse.row };
    let Arrangement::Wide(wide) = arrange(view.area, view.presenter) else { return Outcome::nothing() };
    let panes = [
        (Pane::Experiment, Some(wide.experiment)),
        (Pane::Users, Some(wide.users)),
        (Pane::Pods, Some(wide.pods)),
        (Pane::Breaker, Some(wide.breaker)),
        (Pane::Timeline, Some(wide.timeline)),
        (Pane::Log, wide.log),
    ];
    let pane =
        panes.iter().find(|(_, area)| area.is_some_and(|area| area.contains(at))).map(|(pane, _)| *pane);
    let by: isize = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            return pane.map_or_else(Outcome::nothing, |pane| focus(view, pane));
        }
        MouseEventKind::ScrollUp => -3,
        MouseEventKind::ScrollDown => 3,
        _ => return Outcome::nothing(),
    };
    let place = match (&view.overlay, pane) {
        (Some(_), _) => Pane::ALL.len(),
        (None, Some(pane)) => pane as usize,
        (None, None) => return Outcome::nothing(),
    };
    if let Some(lines) = view.scroll.get_mut(place) {
        *lines = lines.saturating_add_signed(by);
    }
    Outcome::redraw()
}

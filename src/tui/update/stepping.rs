//! Keys that control the experiment's steps.

use super::{leave::leave, open};
use crate::{
    session::{
        Command, Session,
        command::{StepCommand, WatchCommand},
        event::{StepRef, Timestamp},
        state::{StepRow, StepState},
    },
    tui::{
        keymap::{Action, Chord},
        msg::{Effect, Outcome},
        text,
        view::{Overlay, View},
    },
};
use crossterm::event::KeyCode;

/// How long a fire waits for the target card, in seconds; after that, the target counts as unknown.
const CARD_PATIENCE_S: f64 = 3.0;
/// The maximum width of a word to type, in columns; a longer name is truncated.
const LONGEST_WORD: usize = 200;

pub(super) fn next(view: &mut View, session: &Session) -> Outcome {
    if let Some(onward) = super::leave::next_session(view, session) {
        return onward;
    }
    match session.steps.current() {
        Some(row) if awaited(row) && row.step.destructive => {
            view.hint = Some(format!("SPACE never fires: {} does", view.keymap.key_with_shift(Action::Fire)));
            Outcome::redraw()
        }
        Some(row) if row.state.is_active() => {
            let cut = view.keymap.key(Action::Cut);
            view.hint = Some(format!("{cut} cuts the wait: `{}` still runs", row.step.name));
            Outcome::redraw()
        }
        _ => send_and_watch(session, Command::Step(StepCommand::Next)),
    }
}

/// Sends a command that needs the users to be watched; the first such command also starts watching them.
pub(super) fn send_and_watch(session: &Session, command: Command) -> Outcome {
    let mut effects = Vec::new();
    if !session.run.hypothesis_began() && session.fault.is_none() && session.users.endpoints.is_empty() {
        effects.push(Effect::Send(Command::Watch(WatchCommand::Observe(true))));
    }
    effects.push(Effect::Send(command));
    Outcome { redraw: true, effects }
}

pub(super) fn fire(view: &mut View, session: &Session, now: Timestamp) -> Outcome {
    let Some(row) = session.steps.current().filter(|row| awaited(row) && row.step.destructive) else {
        view.hint = Some("nothing to fire: the current step is not destructive".to_owned());
        return Outcome::redraw();
    };
    let step = row.step.at;
    let card = session.target.as_ref().filter(|card| card.step == step);
    if card.is_none() && awaited_for(row, now) < CARD_PATIENCE_S {
        view.hint = Some("looking up the target; fire once the target card is shown".to_owned());
        return Outcome::redraw();
    }
    // Without a target card the cluster is unknown.
    if session.fires_without_typed_name(step) == Some(true) {
        let mut fired = Outcome::send(StepCommand::Fire(step));
        // A lesson continues automatically from here: the changes that it waits for would be over before the operator
        // pressed the key.
        if view.sequence.is_some() && !session.steps.auto {
            fired.effects.push(Effect::Send(Command::Step(StepCommand::Auto(true))));
        }
        return fired;
    }
    let word = card.map_or(row.step.name.as_str(), |card| card.confirm.as_str());
    let place = card.and_then(|card| card.place.clone());
    open(
        view,
        Overlay::ConfirmFire {
            cluster: place,
            step,
            expected: confirm_word(word),
            typed: Default::default(),
        },
    )
}

/// The word to type for a name: the name as shown, as far as the dialog can show it.
fn confirm_word(name: &str) -> String {
    let shown = text::typable(text::prefix(&text::typable(name), LONGEST_WORD));
    if shown.is_empty() { "fire".to_owned() } else { shown }
}

/// Asks for confirmation before a step is skipped: a skipped probe finds out nothing, and a skipped rollback undoes
/// nothing.
pub(super) fn skip(view: &mut View, session: &Session) -> Outcome {
    if let Some(row) = session.steps.current().filter(|row| awaited(row)) {
        open(view, Overlay::ConfirmSkip(row.step.at))
    } else {
        view.hint = Some("nothing to skip: no step waits for you".to_owned());
        Outcome::redraw()
    }
}

/// Handles a key in the skip confirmation. If the step no longer waits for the operator, nothing is skipped.
pub(super) fn skip_confirmed(view: &mut View, session: &Session, step: StepRef, chord: Chord) -> Outcome {
    match chord.code {
        KeyCode::Char('c') if chord == Chord::ctrl('c') => leave(view, session),
        KeyCode::Char('y' | 's') | KeyCode::Enter => {
            view.overlay = None;
            let waits = session.steps.current().is_some_and(|row| row.step.at == step && awaited(row));
            if waits { Outcome::send(StepCommand::Skip) } else { Outcome::redraw() }
        }
        KeyCode::Char('n' | 'q') | KeyCode::Esc => {
            view.overlay = None;
            Outcome::redraw()
        }
        _ => Outcome::nothing(),
    }
}

/// Goes back one step if a step of the same section was run: a checked hypothesis is not a step of the method.
pub(super) fn rerun(view: &mut View, session: &Session) -> Outcome {
    if rerunnable(session) {
        return Outcome::send(StepCommand::Rerun);
    }
    view.hint = Some("nothing to run again: no step of this section has run yet".to_owned());
    Outcome::redraw()
}

/// Returns whether there is a step to go back to.
fn rerunnable(session: &Session) -> bool {
    let Some(here) = session.steps.current().filter(|row| awaited(row)).map(|row| row.step.at) else {
        return false;
    };
    let ran = |row: &StepRow| row.state.is_over();
    session
        .steps
        .rows
        .iter()
        .any(|row| row.step.at.section == here.section && row.step.at.index < here.index && ran(row))
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

pub(super) fn breakpoint(view: &mut View, session: &Session) -> Outcome {
    if let Some(step) = view.selected_step.or_else(|| session.steps.next().map(|row| row.step.at)) {
        Outcome::send(StepCommand::Breakpoint(step))
    } else {
        view.hint = Some("no step is left to hold at".to_owned());
        Outcome::redraw()
    }
}

/// Applies the first fix that the preflight offers.
pub(super) fn fix(view: &mut View, session: &Session) -> Outcome {
    if let Some(offer) = session.checks.iter().find_map(|check| check.offer.clone()) {
        Outcome::send(StepCommand::Fix(offer))
    } else {
        view.hint = Some("the preflight offers no fix".to_owned());
        Outcome::redraw()
    }
}

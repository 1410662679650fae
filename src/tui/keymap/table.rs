//! The one table of keys.

use super::{Action, Binding, Chord, Context, Group};
use Action as A;
use Context::{Everywhere, Overlay, Screen};
use Group::{Look, Move, Safety, Session, Step};
use crossterm::event::KeyCode;

/// Every key there is. The footer takes the rows with a `rank`, highest first, in this order.
pub const TABLE: &[Binding] = &[
    row(&[Chord::char('o')], A::Observe, Step, "observe", "start or stop watching the users", Screen, 0),
    row(&[Chord::char(' ')], A::Next, Step, "next", "run the next step, never a destructive one", Screen, 9),
    danger(row(
        &[Chord::char('F')],
        A::Fire,
        Step,
        "fire",
        "fire the destructive step on the card",
        Screen,
        8,
    )),
    row(&[Chord::char('a')], A::Auto, Step, "auto", "steps run by themselves; F still fires", Screen, 4),
    row(&[Chord::char('.')], A::Pause, Step, "pause", "hold before the next step", Screen, 0),
    row(&[Chord::char('s')], A::Skip, Step, "skip", "leave this step out (asks; r takes it back)", Screen, 2),
    row(&[Chord::char('r')], A::Rerun, Step, "re-run", "run the last step again", Screen, 2),
    row(
        &[Chord::char('R')],
        A::NewRun,
        Step,
        "new-run",
        "play it again, beside the run that ended",
        Screen,
        5,
    ),
    row(&[Chord::char('c')], A::Cut, Step, "cut", "end the pause or the wait that goes on now", Screen, 3),
    row(&[Chord::char('b')], A::Breakpoint, Step, "break", "hold at the selected step", Screen, 0),
    row(&[Chord::char('f')], A::Fix, Step, "fix", "take the preflight's fix, for this session", Screen, 0),
    row(
        &[Chord::char('p')],
        A::Predict,
        Step,
        "predict",
        "write what you expect; scored at the end",
        Screen,
        0,
    ),
    row(&[Chord::char('A')], A::Abort, Safety, "abort", "stop now, roll back, use the undo kit", Screen, 8),
    row(&[Chord::char('u')], A::Undo, Safety, "undo", "put back what was fired away (asks once)", Screen, 3),
    row(&[Chord::key(KeyCode::Esc)], A::Safety, Safety, "back", "one step towards safety", Everywhere, 0),
    row(&[Chord::char('e')], A::End, Safety, "end", "end the run and show the summary", Screen, 0),
    row(
        &[Chord::char('g')],
        A::Guards,
        Safety,
        "guards",
        "what aborts by itself: see it, change it",
        Screen,
        0,
    ),
    row(&[Chord::char('n')], A::Note, Session, "note", "write a note into the session", Screen, 6),
    row(&[Chord::char('m')], A::Mark, Session, "mark", "mark this moment", Screen, 6),
    row(&[Chord::char('w')], A::Why, Look, "why", "the evidence behind the verdict", Everywhere, 7),
    row(
        &[Chord::char('l')],
        A::Logs,
        Look,
        "logs",
        "the log of the chosen pod, or of the victim",
        Everywhere,
        1,
    ),
    row(&[Chord::key(KeyCode::Tab)], A::NextLog, Look, "next-log", "the log of the next pod", Overlay, 0),
    row(
        &[Chord::key(KeyCode::BackTab)],
        A::PreviousLog,
        Look,
        "previous-log",
        "the log of the pod before",
        Overlay,
        0,
    ),
    row(&[Chord::char('L')], A::SessionLog, Look, "session-log", "the log of the session", Everywhere, 0),
    row(&[Chord::char('h')], A::Heatmap, Look, "heatmap", "waiting times over time", Everywhere, 1),
    row(&[Chord::char('z')], A::Zoom, Look, "zoom", "the focused pane, full screen", Everywhere, 1),
    row(&[Chord::char('x')], A::Endpoint, Look, "endpoint", "show the next endpoint", Screen, 0),
    row(
        &[Chord::char('P')],
        A::Presenter,
        Look,
        "present",
        "presenter view: the verdict twice as large",
        Screen,
        0,
    ),
    row(
        &[Chord::char('M')],
        A::Mouse,
        Look,
        "mouse",
        "take the mouse, or leave it to select text",
        Everywhere,
        0,
    ),
    row(&[Chord::key(KeyCode::Tab)], A::FocusNext, Move, "pane", "next pane", Screen, 5),
    row(&[Chord::key(KeyCode::BackTab)], A::FocusPrevious, Move, "previous-pane", "previous pane", Screen, 0),
    row(NUMBERS, A::FocusNumber, Move, "pane-number", "the pane of that number", Screen, 0),
    row(&[Chord::key(KeyCode::Up)], A::Up, Move, "arrow-up", "up", Everywhere, 0),
    row(&[Chord::key(KeyCode::Down)], A::Down, Move, "arrow-down", "down", Everywhere, 0),
    row(&[Chord::char('k')], A::Up, Move, "up", "up", Everywhere, 0),
    row(&[Chord::char('j')], A::Down, Move, "down", "down", Everywhere, 0),
    row(&[Chord::key(KeyCode::PageUp)], A::PageUp, Move, "page-up", "a page up", Everywhere, 0),
    row(&[Chord::key(KeyCode::PageDown)], A::PageDown, Move, "page-down", "a page down", Everywhere, 0),
    row(&[Chord::char('[')], A::Earlier, Move, "earlier", "scroll back in time", Screen, 0),
    row(&[Chord::char(']')], A::Later, Move, "later", "scroll forward in time", Screen, 0),
    row(
        &[Chord::key(KeyCode::Left)],
        A::CursorLeft,
        Move,
        "cursor-left",
        "time cursor to the left",
        Screen,
        0,
    ),
    row(
        &[Chord::key(KeyCode::Right)],
        A::CursorRight,
        Move,
        "cursor-right",
        "time cursor to the right",
        Screen,
        0,
    ),
    row(&[Chord::char('0')], A::Live, Move, "live", "back to now", Screen, 0),
    row(&[Chord::char('/')], A::Filter, Look, "find", "filter pods by name", Screen, 3),
    row(&[Chord::char('?')], A::Help, Look, "help", "all keys", Everywhere, 7),
    row(&[Chord::char('q')], A::Quit, Safety, "quit", "leave (asks while a fault is on)", Everywhere, 9),
    row(
        &[Chord::ctrl('c')],
        A::Interrupt,
        Safety,
        "interrupt",
        "roll back and leave, without asking",
        Everywhere,
        0,
    ),
    row(
        &[Chord::ctrl('z')],
        A::Suspend,
        Safety,
        "suspend",
        "suspend; it goes on when you come back",
        Everywhere,
        0,
    ),
];

const NUMBERS: &[Chord] = &[
    Chord::char('1'),
    Chord::char('2'),
    Chord::char('3'),
    Chord::char('4'),
    Chord::char('5'),
    Chord::char('6'),
];

const fn row(
    keys: &'static [Chord],
    action: Action,
    group: Group,
    name: &'static str,
    text: &'static str,
    context: Context,
    rank: u8,
) -> Binding {
    Binding { keys, action, group, name, text, context, rank, danger: false }
}

/// Marks a row as one that can hurt.
const fn danger(binding: Binding) -> Binding {
    Binding { danger: true, ..binding }
}

//! The key table.

use super::{Action, Binding, Chord, Context, Group};
use Action as A;
use Context::{Everywhere, Overlay, Replay, Screen};
use Group::{Look, Move, Safety, Session, Step};
use crossterm::event::KeyCode;

/// All key bindings.
pub const TABLE: &[Binding] = &[
    row(&[Chord::char('o')], A::Observe, Step, "observe", "start or stop watching the users", Screen),
    shown(
        "next",
        row(&[Chord::char(' ')], A::Next, Step, "next", "run the next step, never a destructive one", Screen),
    ),
    danger(shown(
        "FIRE",
        row(&[Chord::char('F')], A::Fire, Step, "fire", "fire the destructive step on the card", Screen),
    )),
    shown(
        "auto",
        row(&[Chord::char('a')], A::Auto, Step, "auto", "steps run by themselves; F still fires", Screen),
    ),
    row(&[Chord::char('.')], A::Pause, Step, "pause", "hold before the next step", Screen),
    shown(
        "skip it",
        row(&[Chord::char('s')], A::Skip, Step, "skip", "skip this step (asks; r takes it back)", Screen),
    ),
    row(&[Chord::char('r')], A::Rerun, Step, "re-run", "run the last step again", Screen),
    shown(
        "run again",
        row(
            &[Chord::char('R')],
            A::NewRun,
            Step,
            "new-run",
            "run it again, compared with the ended run",
            Screen,
        ),
    ),
    shown("cut wait", row(&[Chord::char('c')], A::Cut, Step, "cut", "end the current pause or wait", Screen)),
    row(&[Chord::char('b')], A::Breakpoint, Step, "break", "hold at the selected step", Screen),
    row(&[Chord::char('f')], A::Fix, Step, "fix", "apply the preflight's fix for this session", Screen),
    row(&[Chord::char('p')], A::Predict, Step, "predict", "predict the outcome; scored at the end", Screen),
    shown(
        "abort",
        row(&[Chord::char('A')], A::Abort, Safety, "abort", "stop now, roll back, use the undo kit", Screen),
    ),
    shown(
        "undo kit",
        row(&[Chord::char('u')], A::Undo, Safety, "undo", "apply the undo kit (asks once)", Screen),
    ),
    shown(
        "undo earlier",
        row(
            &[Chord::char('U')],
            A::Recover,
            Safety,
            "recover",
            "undo what an earlier session left (asks)",
            Screen,
        ),
    ),
    row(&[Chord::key(KeyCode::Esc)], A::StepBack, Safety, "back", "one step towards safety", Everywhere),
    row(&[Chord::char('e')], A::End, Safety, "end", "end the run; after its end, write a report", Screen),
    shown(
        "guards",
        row(
            &[Chord::char('g')],
            A::Guards,
            Safety,
            "guards",
            "automatic abort limits: show and change",
            Screen,
        ),
    ),
    shown(
        "note",
        row(&[Chord::char('n')], A::Note, Session, "note", "write a note into the session", Screen),
    ),
    shown("mark", row(&[Chord::char('m')], A::Mark, Session, "mark", "mark this moment", Screen)),
    shown(
        "why",
        row(&[Chord::char('w')], A::Why, Look, "why", "the evidence behind the verdict", Everywhere),
    ),
    shown(
        "log",
        row(
            &[Chord::char('l')],
            A::Logs,
            Look,
            "logs",
            "the log of the chosen pod, or of the victim",
            Everywhere,
        ),
    ),
    row(&[Chord::key(KeyCode::Tab)], A::NextLog, Look, "next-log", "the log of the next pod", Overlay),
    row(
        &[Chord::key(KeyCode::BackTab)],
        A::PreviousLog,
        Look,
        "previous-log",
        "the log of the pod before",
        Overlay,
    ),
    row(&[Chord::char('L')], A::SessionLog, Look, "session-log", "the log of the session", Everywhere),
    shown(
        "heat",
        row(&[Chord::char('h')], A::Heatmap, Look, "heatmap", "waiting times over time", Everywhere),
    ),
    shown(
        "full pane",
        row(&[Chord::char('z')], A::Zoom, Look, "zoom", "the focused pane, full screen", Everywhere),
    ),
    row(&[Chord::char('x')], A::Endpoint, Look, "endpoint", "show the next endpoint", Screen),
    shown(
        "present",
        row(
            &[Chord::char('P')],
            A::Presenter,
            Look,
            "present",
            "presenter view: the verdict twice as large",
            Screen,
        ),
    ),
    row(
        &[Chord::char('M')],
        A::Mouse,
        Look,
        "mouse",
        "take the mouse, or leave it to select text",
        Everywhere,
    ),
    row(&[Chord::char('y')], A::Copy, Look, "copy", "copy the pod's name, the URL, the evidence", Everywhere),
    shown("pane", row(&[Chord::key(KeyCode::Tab)], A::FocusNext, Move, "pane", "next pane", Screen)),
    row(&[Chord::key(KeyCode::BackTab)], A::FocusPrevious, Move, "previous-pane", "previous pane", Screen),
    row(NUMBERS, A::FocusNumber, Move, "pane-number", "the pane of that number", Screen),
    row(&[Chord::key(KeyCode::Up)], A::Up, Move, "arrow-up", "up", Everywhere),
    row(&[Chord::key(KeyCode::Down)], A::Down, Move, "arrow-down", "down", Everywhere),
    row(&[Chord::char('k')], A::Up, Move, "up", "up", Everywhere),
    row(&[Chord::char('j')], A::Down, Move, "down", "down", Everywhere),
    row(&[Chord::key(KeyCode::PageUp)], A::PageUp, Move, "page-up", "a page up", Everywhere),
    row(&[Chord::key(KeyCode::PageDown)], A::PageDown, Move, "page-down", "a page down", Everywhere),
    row(&[Chord::char('[')], A::Earlier, Move, "earlier", "scroll back in time", Screen),
    row(&[Chord::char(']')], A::Later, Move, "later", "scroll forward in time", Screen),
    row(&[Chord::key(KeyCode::Left)], A::CursorLeft, Move, "cursor-left", "time cursor to the left", Screen),
    row(
        &[Chord::key(KeyCode::Right)],
        A::CursorRight,
        Move,
        "cursor-right",
        "time cursor to the right",
        Screen,
    ),
    shown("zoom", row(&[Chord::char('+')], A::Finer, Move, "finer", "a finer step on the time axis", Screen)),
    shown(
        "zoom",
        row(&[Chord::char('-')], A::Coarser, Move, "coarser", "a coarser step on the time axis", Screen),
    ),
    row(&[Chord::char('=')], A::Fit, Move, "fit", "the step in which the whole run fits", Screen),
    row(&[Chord::char('0')], A::Live, Move, "live", "back to now", Screen),
    shown("find", row(&[Chord::char('/')], A::Filter, Look, "find", "filter pods by name", Screen)),
    shown("help", row(&[Chord::char('?')], A::Help, Look, "help", "all keys", Everywhere)),
    shown(
        "quit",
        row(&[Chord::char('q')], A::Quit, Safety, "quit", "leave (asks while a fault is on)", Everywhere),
    ),
    row(
        &[Chord::ctrl('c')],
        A::Interrupt,
        Safety,
        "interrupt",
        "roll back and leave, without asking",
        Everywhere,
    ),
    row(
        &[Chord::ctrl('z')],
        A::Suspend,
        Safety,
        "suspend",
        "suspend; it goes on when you come back",
        Everywhere,
    ),
    shown("play", replay(&[Chord::char(' ')], A::Play, "play", "play, or stop")),
    shown("second", replay(&[Chord::key(KeyCode::Left)], A::SecondBack, "second-back", "a second back")),
    replay(&[Chord::key(KeyCode::Right)], A::SecondForward, "second-forward", "a second forward"),
    shown("event", replay(&[Chord::char(',')], A::LandmarkBack, "event-back", "to the event before")),
    replay(&[Chord::char('.')], A::LandmarkForward, "event-forward", "to the next event"),
    shown("speed", replay(&[Chord::char('<')], A::Slower, "slower", "slower, down to a tenth")),
    replay(&[Chord::char('>')], A::Faster, "faster", "faster, up to 64 times"),
    shown("T0", replay(&[Chord::char('t')], A::ToT0, "to-t0", "to T0, the first fire")),
    replay(&[Chord::key(KeyCode::Home)], A::ToBegin, "to-begin", "to the beginning"),
    shown("end", replay(&[Chord::char('0'), Chord::key(KeyCode::End)], A::ToEnd, "to-end", "to the end")),
    shown("find", replay(&[Chord::char('/')], A::Find, "search", "find a step, a note or a pod")),
    replay(&[Chord::char('n')], A::FindNext, "find-next", "to the next match"),
    replay(&[Chord::char('N')], A::FindPrevious, "find-previous", "to the match before"),
    shown("report", replay(&[Chord::char('e')], A::Export, "export", "write a report of the whole session")),
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
) -> Binding {
    Binding { keys, action, group, name, text, context, label: "", destructive: false }
}

/// A row for a replay.
const fn replay(keys: &'static [Chord], action: Action, name: &'static str, text: &'static str) -> Binding {
    row(keys, action, Group::Replay, name, text, Replay)
}

/// Adds a row to the keys in the footer.
const fn shown(label: &'static str, binding: Binding) -> Binding {
    Binding { label, ..binding }
}

/// Marks a row as destructive.
const fn danger(binding: Binding) -> Binding {
    Binding { destructive: true, ..binding }
}

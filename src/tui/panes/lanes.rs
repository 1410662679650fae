//! The timeline: lanes on one axis, zero at the kill, with notes, marks and a cursor.

use super::{Scene, breaker, chart, frame, users};
use crate::{
    session::{
        Session,
        event::Timestamp,
        state::{Lane, StepRow},
        wording,
    },
    tui::{
        canvas::{Canvas, Row},
        keymap::Action,
        pane::Pane,
        span::Span,
        targets::Target,
        text,
        theme::Role,
    },
};
use ratatui::style::Modifier;

/// Columns before the first second.
const LABEL: usize = 12;
/// The same on small screens.
const NARROW: usize = 9;
/// Columns that a step's name keeps.
const SHORTEST_NAME: usize = 8;
/// Columns from which labels have room.
const ROOMY: usize = 90;
/// Lanes of small screens, the most telling ones.
const FEW: [Lane; 4] = [Lane::Fault, Lane::Users, Lane::Breaker, Lane::Health];

/// Seconds that a timeline of so many columns shows.
pub(crate) fn columns(width: usize) -> usize {
    width.saturating_sub(label(width))
}

/// Columns before the first second for a width.
pub(super) fn label(width: usize) -> usize {
    if width >= ROOMY { LABEL } else { NARROW }
}

/// Draws the pane of the wide screen.
pub(crate) fn timeline(canvas: &mut Canvas, scene: &Scene) {
    let word = if scene.view.scrolled_to.is_some() {
        Row::of(Role::Waiting, format!("SCROLLED  {} live", scene.view.keymap.key(Action::Live)))
    } else {
        Row::text("x = 1 s")
    };
    let mut inside = frame(canvas, scene, Pane::Timeline, "TIMELINE", word);
    draw(&mut inside, scene, &Lane::ALL);
}

/// Draws the lanes of small screens, without a frame.
pub(crate) fn lanes(canvas: &mut Canvas, scene: &Scene) {
    scene.mark(canvas.area(), Target::Pane(Pane::Timeline));
    draw(canvas, scene, &FEW);
}

fn draw(canvas: &mut Canvas, scene: &Scene, lanes: &[Lane]) {
    let label = label(canvas.width());
    let span = Span::shown(scene.session, scene.now, columns(canvas.width()), scene.view.scrolled_to);
    let indent = usize::from(label == LABEL);
    let ghost = scene.earlier.filter(|_| scene.session.t0().is_some());
    // Its own row where there is one to spare; else it shows where nothing has happened yet.
    let own_row = ghost.is_some() && canvas.height() > lanes.len() + 1;
    let height = lanes.len() + 1 + usize::from(own_row);
    scene.mark(canvas.part(label, 0, span.columns, height).area(), Target::Seconds(span.first));
    for (lane, y) in lanes.iter().zip(rows(lanes, own_row)) {
        if let Some(ghost) = ghost.filter(|_| *lane == Lane::Users) {
            let y = y + usize::from(own_row);
            let mut place = canvas.part(label, y, span.columns, 1);
            match own_row {
                true => haunt(&mut place, ghost, span, 0),
                false => ahead(&mut place, scene, ghost, span),
            }
            if own_row {
                canvas.at(indent, y, &Row::of(Role::Stale, "ghost"));
            }
        }
        let several = *lane == Lane::Users && scene.session.users.endpoints.len() > 1;
        let word = if several { format!("users {}", shown_number(scene)) } else { lane.word().to_owned() };
        canvas.at(indent, y, &Row::of(Role::Muted, word));
        let letters = scene.session.lane_of(*lane, users::endpoint(scene), span.seconds(), scene.now);
        if *lane == Lane::Users && scene.session.users.endpoints.is_empty() {
            let key = scene.view.keymap.key(Action::Observe);
            let words = match scene.session.users.passive {
                true => "(passive: nobody is asked)".to_owned(),
                false => format!("(starts with {key})"),
            };
            canvas.at(label, y, &Row::of(Role::Muted, words));
        }
        paint(&mut canvas.part(label, y, span.columns, 1), scene, *lane, &letters);
    }
    let foot = lanes.len() + usize::from(own_row);
    let labels = span.labels(scene.session, scene.now);
    canvas.at(label, foot, &Row::of(Role::Muted, labels));
    marks(&mut canvas.part(label, 0, span.columns, foot + 1), scene, span, foot);
    if let Some(second) = scene.view.cursor {
        cursor(canvas, scene, span, label, foot, second);
    }
}

/// The row of each lane; the ghost has its own below the users'.
fn rows(lanes: &[Lane], ghost: bool) -> impl Iterator<Item = usize> + '_ {
    let users = lanes.iter().position(|lane| *lane == Lane::Users).unwrap_or(lanes.len());
    (0..lanes.len()).map(move |y| y + usize::from(ghost && y > users))
}

/// What users got in the earlier session in the same seconds after T0, faint, from a column on.
fn haunt(canvas: &mut Canvas, ghost: &Session, span: Span, from: usize) {
    let Some(ended) = ghost.last else { return };
    let letters: String = ghost.lane(Lane::Users, span.seconds(), ended).chars().skip(from).collect();
    canvas.letters(from, 0, &letters, Role::Stale);
}

/// The same where nothing has happened yet, behind a line: faint alone would not tell the two apart.
fn ahead(canvas: &mut Canvas, scene: &Scene, ghost: &Session, span: Span) {
    if let Some(next) = span.column(scene.session.axis.second(scene.now) + 1) {
        canvas.letters(next, 0, "|", Role::Stale);
        haunt(canvas, ghost, span, next + 1);
    }
}

/// The number of the endpoint that is shown, from 1.
fn shown_number(scene: &Scene) -> usize {
    users::number(scene) + 1
}

/// Letters of one colour at a time; all lanes but the steps are ASCII.
fn paint(canvas: &mut Canvas, scene: &Scene, lane: Lane, letters: &str) {
    if lane == Lane::Steps {
        return canvas.letters(0, 0, letters, Role::Text);
    }
    let mut x = 0;
    for run in letters.as_bytes().chunk_by(|a, b| a == b) {
        let letter = char::from(run.first().copied().unwrap_or(b' '));
        if letter != ' ' {
            let text: String = std::iter::repeat_n(letter, run.len()).collect();
            canvas.letters(x, 0, &text, role(scene, lane, letter));
        }
        x += run.len();
    }
}

fn role(scene: &Scene, lane: Lane, letter: char) -> Role {
    use crate::session::event::BreakerState as State;
    match (lane, letter) {
        (Lane::Steps, _) => Role::Text,
        (Lane::Fault, '#') => Role::Fault,
        (Lane::Provider, 'x') => Role::Fault,
        (Lane::Provider, 'd') => Role::Waiting,
        (Lane::Users, letter) => chart::role(letter),
        (Lane::Breaker, 'c') => breaker::role(scene, State::Closed),
        (Lane::Breaker, 'O') => Role::Protected,
        (Lane::Breaker, 'h' | 'M') => breaker::role(scene, State::HalfOpen),
        (Lane::Breaker, 'F') => Role::Protected,
        (Lane::Breaker, 'D' | 'd' | '.') => breaker::role(scene, State::Disabled),
        (Lane::Breaker, '-' | '?' | 'f') => breaker::role(scene, State::ClosedOrNone),
        (Lane::Health, '5') => Role::Failing,
        _ => Role::Muted,
    }
}

/// Notes, marks and the guard that ended the run, on the axis.
fn marks(canvas: &mut Canvas, scene: &Scene, span: Span, y: usize) {
    let diary = &scene.session.diary;
    let notes = diary.notes.iter().map(|note| (note.at, "n"));
    let marks = diary.marks.iter().map(|at| (*at, "m"));
    for (at, letter) in notes.chain(marks) {
        if let Some(column) = span.column(scene.session.axis.second(at)) {
            canvas.letters(column, y, letter, Role::Focus);
        }
    }
    if let Some((at, _)) = &scene.session.undo.done
        && let Some(column) = span.column(scene.session.axis.second(*at))
    {
        canvas.letters(column, y, "u", Role::Ok);
    }
    if let Some((at, _)) = &scene.session.guards.tripped
        && let Some(column) = span.column(scene.session.axis.second(*at))
    {
        canvas.letters(column, y, "G", Role::Failing);
    }
}

/// Marks the second under the cursor in every lane, and says in words what stood then.
fn cursor(canvas: &mut Canvas, scene: &Scene, span: Span, label: usize, foot: usize, second: i64) {
    if let Some(column) = span.column(second) {
        let mut line = canvas.part(label + column, 0, 1, foot + 1);
        for y in 0..=foot {
            line.tint(y, ratatui::style::Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    let roomy = label == LABEL;
    let mut words =
        vec![if scene.session.t0().is_some() { format!("T{second:+}") } else { format!("second {second}") }];
    // What people wrote is rare, and goes before what is there in every second.
    let diary = &scene.session.diary;
    words.extend(diary.notes_in(&scene.session.axis, second).map(|note| format!("note: {}", note.text)));
    words.extend(
        diary.marks.iter().find(|at| scene.session.axis.second(**at) == second).map(|_| "marked".to_owned()),
    );
    let step = step_at(scene, second).filter(|_| roomy);
    let place = words.len();
    words.extend(step.map(|step| format!("step {step}")));
    for lane in Lane::ALL.into_iter().skip(1) {
        let letter = scene.session.lane_of(lane, users::endpoint(scene), second..second + 1, scene.now);
        // Where there is little room, words that can only be about one lane stand without its name.
        let bare = !roomy && matches!(lane, Lane::Users | Lane::Breaker);
        let word = if bare { String::new() } else { format!("{} ", lane.word()) };
        words.extend(meaning(lane, &letter).map(|meaning| format!("{word}{meaning}")));
    }
    let tripped =
        scene.session.guards.tripped.iter().filter(|(at, _)| scene.session.axis.second(*at) == second);
    words.extend(tripped.map(|(_, trip)| format!("guard: {}", trip.because)));
    let y = if canvas.height() > foot + 1 { foot + 1 } else { foot };
    let between = if roomy { " · " } else { ", " };
    // A step's name gives way to what stood in the lanes.
    let room = label + span.columns;
    let wide = text::width(&words.join(between)) + 2;
    if let (Some(name), Some(word)) = (step, words.get_mut(place)) {
        let left = text::width(name).saturating_sub(wide.saturating_sub(room)).max(SHORTEST_NAME);
        *word = format!("step {}", text::fit(name, left, canvas.theme.symbols.ellipsis));
    }
    let row = Row::of(Role::Focus, format!("{} ", words.join(between)));
    canvas.part(0, y, label + span.columns, 1).clear();
    canvas.at(1, y, &row);
}

/// The step that ran in a second of the axis.
fn step_at<'a>(scene: &'a Scene, second: i64) -> Option<&'a str> {
    let within = |row: &&StepRow| {
        let second_of = |at: Option<Timestamp>| at.map(|at| scene.session.axis.second(at));
        let ended = second_of(row.ended).or(row.state.is_active().then_some(i64::MAX));
        second_of(row.started).zip(ended).is_some_and(|(from, to)| (from..=to).contains(&second))
    };
    scene.session.steps.rows.iter().rfind(within).map(|row| row.step.name.as_str())
}

/// What a letter of a lane says.
fn meaning(lane: Lane, letter: &str) -> Option<&'static str> {
    use crate::session::event::BreakerState as State;
    Some(match (lane, letter) {
        (_, " ") | (Lane::Steps, _) => return None,
        (Lane::Fault, "#") => "on",
        (Lane::Fault, _) => "off",
        (Lane::Provider, "x") => "down",
        (Lane::Provider, "d") => "degraded",
        (Lane::Provider, _) => "up",
        (_, "~") => "not observed: this program did not run",
        (Lane::Users, "a") => "an answer",
        (Lane::Users, "A") => "an answer, late",
        (Lane::Users, "r") => "real",
        (Lane::Users, "R") => "real but late",
        (Lane::Users, "f") => "fallback",
        (Lane::Users, "F") => "fallback and late",
        (Lane::Users, "X") => "error",
        (Lane::Users, _) => "waiting",
        (Lane::Breaker, "c") => wording::breaker(State::Closed),
        (Lane::Breaker, "O") => wording::breaker(State::Open),
        (Lane::Breaker, "h") => wording::breaker(State::HalfOpen),
        (Lane::Breaker, "-") => wording::breaker(State::ClosedOrNone),
        (Lane::Breaker, "?") => wording::breaker(State::NotSeenYet),
        (Lane::Breaker, "f") => wording::breaker(State::FallbackAtOnce),
        (Lane::Breaker, "M") => wording::breaker(State::Mixed),
        (Lane::Breaker, "D") => wording::breaker(State::Disabled),
        (Lane::Breaker, "d") => wording::breaker(State::MetricsOnly),
        (Lane::Breaker, "F") => wording::breaker(State::ForcedOpen),
        (Lane::Breaker, ".") => wording::breaker(State::NoBreakerSeen),
        (Lane::Breaker, _) => return None,
        (Lane::Health, "5") => "failing",
        (Lane::Health, _) => "fine",
    })
}

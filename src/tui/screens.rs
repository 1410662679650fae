//! Snapshot tests of recorded sessions: every state of the design at its size, as text and as styles, and the
//! invariants of every frame.

use super::{
    ControlMode, LogFeed, Scene, Theme, View,
    axis::TimeAxis,
    keymap::Keymap,
    layout::{Arrangement, arrange},
    render, still,
    theme::{Depth, Role},
    view::Overlay,
};
use crate::session::{
    Event, Session,
    event::{EventKind, Timestamp},
};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Color, Modifier},
};
use std::{collections::HashMap, fs, path::Path, sync::OnceLock};

/// The events of a recording.
pub(super) fn recorded(name: &str) -> &'static [Event] {
    static ALL: OnceLock<HashMap<String, Vec<Event>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        crate::session::fixtures::RECORDED
            .into_iter()
            .map(|name| (name.to_owned(), crate::session::fixtures::recorded(name)))
            .collect()
    });
    &all[name]
}

/// The session of a recording `seconds` after T0, and that moment; infinity stands for the whole recording.
pub(super) fn at(name: &str, seconds: f64) -> (Session, Timestamp) {
    let events = recorded(name);
    let until = if seconds.is_infinite() {
        events.last().unwrap().at
    } else {
        t0(name) + jiff::SignedDuration::from_secs_f64(seconds)
    };
    let mut session = Session::new();
    events.iter().take_while(|event| event.at <= until).for_each(|event| session.apply(event));
    (session, until)
}

fn t0(name: &str) -> Timestamp {
    let fired = |event: &&Event| matches!(event.what, EventKind::FaultFired { .. });
    recorded(name).iter().find(fired).unwrap().at
}

/// Calls `each` with the session at `tenths` moments, a tenth of a second apart, from `from` seconds after T0 on.
fn film(name: &str, from: f64, tenths: u32, mut each: impl FnMut(&(Session, Timestamp))) {
    let mut session_at = at(name, from);
    let begin = session_at.1;
    let mut rest = recorded(name).iter().skip_while(|event| event.at <= begin).peekable();
    for _ in 0..tenths {
        each(&session_at);
        session_at.1 += jiff::SignedDuration::from_millis(100);
        while let Some(event) = rest.next_if(|event| event.at <= session_at.1) {
            session_at.0.apply(event);
        }
    }
}

pub(super) fn view() -> View {
    View::new(Keymap::default(), ControlMode::Live)
}

pub(super) fn draw(
    (session, now): &(Session, Timestamp),
    view: &View,
    earlier: Option<&Session>,
    theme: &Theme,
    (width, height): (u16, u16),
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let scene = Scene::new(session, view, *now, earlier);
    render(&mut buffer, area, &scene, theme, &LogFeed::default());
    buffer
}

pub(super) fn text(buffer: &Buffer) -> String {
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
}

/// Each row as runs of one style: `12 strong/ground b`, by the names of the palette.
fn styles(buffer: &Buffer, theme: &Theme) -> String {
    let roles = [
        (Role::Text, "text"),
        (Role::Strong, "strong"),
        (Role::Soft, "soft"),
        (Role::Line, "line"),
        (Role::Grid, "grid"),
        (Role::Ghost, "ghost"),
        (Role::Focus, "focus"),
        (Role::Ok, "ok"),
        (Role::Protected, "protected"),
        (Role::Waiting, "waiting"),
        (Role::Failing, "failing"),
        (Role::Fault, "fault"),
        (Role::Ink, "ink"),
    ];
    let mut names: HashMap<Color, String> = HashMap::new();
    for (role, name) in roles {
        names.entry(theme.colour(role).unwrap_or(Color::Reset)).or_insert_with(|| name.to_owned());
    }
    for (role, name) in roles {
        if let Some(tint) = theme.tint(role).and_then(|tint| tint.bg) {
            names.entry(tint).or_insert_with(|| format!("{name}-tint"));
        }
    }
    names.extend(theme.ground().bg.map(|ground| (ground, "-".to_owned())));
    names.extend(theme.band().map(|band| (band, "band".to_owned())));
    let name = |colour: Color| names.get(&colour).cloned().unwrap_or_else(|| format!("{colour:?}"));
    let look = |cell: &Cell| {
        let bold = if cell.modifier.contains(Modifier::BOLD) { " b" } else { "" };
        let inverse = if cell.modifier.contains(Modifier::REVERSED) { " i" } else { "" };
        // The foreground colour of a blank cell does not matter.
        let blank = cell.symbol() == " " && inverse.is_empty();
        let front = if blank { String::new() } else { name(cell.fg) };
        format!("{front}/{}{bold}{inverse}", name(cell.bg))
    };
    (0..buffer.area.height)
        .map(|y| {
            let cells: Vec<String> = (0..buffer.area.width).map(|x| look(&buffer[(x, y)])).collect();
            let runs = cells.chunk_by(|one, other| one == other);
            runs.map(|run| format!("{} {}", run.len(), run[0])).collect::<Vec<_>>().join(", ") + "\n"
        })
        .collect()
}

/// A state of the design: its name, recording, seconds after T0, size.
type State = (&'static str, &'static str, f64, (u16, u16));

const STATES: [State; 21] = [
    ("120-1-ready", "after-kill", -17.0, (120, 36)),
    ("120-2-steady", "after-long", -1.5, (120, 36)),
    ("120-3-waiting", "before-kill", 7.6, (120, 36)),
    ("120-4-failing", "before-long", 21.5, (120, 36)),
    ("120-5-open", "after-hang", 18.5, (120, 36)),
    ("120-6-half-open", "after-hang", 12.8, (120, 36)),
    ("120-7-recovered", "after-kill", 21.3, (120, 36)),
    ("120-8-aborted", "after-long", 23.7, (120, 36)),
    ("120-9-finished", "after-kill", f64::INFINITY, (120, 36)),
    ("120-10-comparison", "after-kill", f64::INFINITY, (120, 36)),
    ("200-2-steady", "after-long", -1.5, (200, 50)),
    ("200-5-open", "after-hang", 18.5, (200, 50)),
    ("200-9-finished", "after-kill", f64::INFINITY, (200, 50)),
    ("200-10-comparison", "after-kill", f64::INFINITY, (200, 50)),
    ("80-2-steady", "after-long", -1.5, (80, 24)),
    ("80-4-failing", "before-long", 21.5, (80, 24)),
    ("80-5-open", "after-hang", 18.5, (80, 24)),
    ("80-9-finished", "after-kill", f64::INFINITY, (80, 24)),
    ("p120-failing", "before-long", 21.5, (120, 36)),
    ("p120-open", "after-hang", 18.5, (120, 36)),
    ("p200-open", "after-hang", 18.5, (200, 50)),
];

fn shown((name, recording, seconds, size): State, theme: &Theme) -> Buffer {
    let session_at = at(recording, seconds);
    let view = View { presenter: name.starts_with('p'), finished: session_at.0.finished(), ..view() };
    let compared = name.ends_with("comparison") || name.ends_with("recovered");
    let earlier = compared.then(|| at("before-kill", f64::INFINITY).0);
    draw(&session_at, &view, earlier.as_ref(), theme, size)
}

#[test]
fn every_state_of_the_design_looks_like_this() {
    let theme = Theme::default();
    for state in STATES {
        let buffer = shown(state, &theme);
        insta::assert_snapshot!(state.0, text(&buffer));
        insta::assert_snapshot!(format!("{}-styles", state.0), styles(&buffer, &theme));
    }
}

/// The pictures in the documentation.
#[test]
fn the_pictures_of_the_pages_are_those_of_the_program() {
    let theme = Theme::default();
    for (name, recording, seconds, compared) in
        [("open", "after-hang", 18.5, false), ("comparison", "after-kill", f64::INFINITY, true)]
    {
        let (session, moment) = at(recording, seconds);
        let earlier = compared.then(|| at("before-kill", f64::INFINITY).0);
        let drawn = still(&session, moment, earlier.as_ref(), &theme, (120, 36));
        is_picture_of_the_docs(name, &drawn);
    }
}

/// Compares a picture in the documentation with what the program draws, or renews it.
pub(super) fn is_picture_of_the_docs(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/images/{name}.svg"));
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        fs::write(&path, drawn).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let how = "INSTA_UPDATE=always cargo test --lib tui:: draws it anew";
    assert!(kept == drawn, "{} is not what the program draws; {how}", path.display());
}

#[test]
fn an_open_breaker_in_the_other_themes_looks_like_this() {
    let dark = Theme::default();
    let themes = [
        ("light", Theme::named("light").unwrap()),
        ("colour-blind", Theme::named("colour-blind").unwrap()),
        ("16", dark.with_depth(Depth::Sixteen)),
        ("mono", Theme::named("mono").unwrap()),
        ("ascii", dark.ascii()),
    ];
    for (name, theme) in themes {
        let buffer = shown(("120-5-open", "after-hang", 18.5, (120, 36)), &theme);
        insta::assert_snapshot!(format!("120-5-open-{name}"), text(&buffer));
        insta::assert_snapshot!(format!("120-5-open-{name}-styles"), styles(&buffer, &theme));
    }
}

/// Moments through all phases of all recordings.
fn moments() -> impl Iterator<Item = (&'static str, f64)> {
    let names = ["before-kill", "after-long", "after-hang"];
    let seconds = [-40.0, -1.0, 0.4, 7.6, 12.8, 23.7, f64::INFINITY];
    names.into_iter().flat_map(move |name| seconds.map(|seconds| (name, seconds)))
}

const SIZES: [(u16, u16); 5] = [(200, 50), (120, 36), (100, 32), (80, 24), (60, 14)];

#[test]
fn no_cell_is_ever_dim_and_mono_uses_bold_and_inverse_only() {
    let themes = ["dark", "light", "colour-blind", "mono"].map(|name| Theme::named(name).unwrap());
    for (name, seconds) in moments() {
        let session_at = at(name, seconds);
        for size in SIZES {
            for theme in &themes {
                for presenter in [false, true] {
                    let buffer = draw(&session_at, &View { presenter, ..view() }, None, theme, size);
                    let allowed = Modifier::BOLD | Modifier::REVERSED;
                    let odd = buffer.content().iter().find(|cell| !allowed.contains(cell.modifier));
                    assert_eq!(odd, None, "{name} at {seconds} in {size:?}");
                }
            }
        }
    }
}

#[test]
fn ascii_is_ascii_and_every_other_symbol_is_one_column_wide() {
    use unicode_width::UnicodeWidthStr;
    for (name, seconds) in moments() {
        let session_at = at(name, seconds);
        for size in SIZES {
            for presenter in [false, true] {
                let view = View { presenter, ..view() };
                let ascii = draw(&session_at, &view, None, &Theme::default().ascii(), size);
                let beyond = ascii.content().iter().find(|cell| !cell.symbol().is_ascii());
                assert_eq!(beyond, None, "{name} at {seconds} in {size:?}:\n{}", text(&ascii));
                let buffer = draw(&session_at, &view, None, &Theme::default(), size);
                for cell in buffer.content() {
                    assert_eq!(cell.symbol().width(), 1, "{:?}", cell.symbol());
                }
            }
        }
    }
}

/// The labels of the axis of waiting times, from top to bottom.
fn scale(buffer: &Buffer, label_ends: u16) -> Vec<String> {
    let row = |y| (2..=label_ends).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height)
        .map(|y| row(y).trim().to_owned())
        .filter(|label| {
            let number = label.split(' ').next().is_some_and(|n| n.parse::<u32>().is_ok());
            number && (label.ends_with(" s") || label.ends_with(" ms"))
        })
        .collect()
}

#[test]
fn the_waiting_axis_never_changes_in_a_run() {
    for name in ["before-kill", "after-hang", "after-long"] {
        let mut seen = None;
        for seconds in [-5.0, -1.0, 0.5, 2.0, 7.0, 15.0, 25.0, 31.0, 36.0] {
            let buffer = draw(&at(name, seconds), &view(), None, &Theme::default(), (120, 36));
            let labels = scale(&buffer, 9);
            assert_eq!(labels.len(), 5, "{name} at {seconds}: {labels:?}");
            assert_eq!(*seen.get_or_insert(labels.clone()), labels, "{name} at {seconds}");
        }
    }
}

#[test]
fn t0_keeps_its_column_and_the_step_grows_by_the_rule() {
    let view = view();
    for name in ["before-kill", "after-hang", "after-long"] {
        let mut step = 0;
        film(name, 0.1, 400, |(session, now)| {
            let scene = Scene::new(session, &view, *now, None);
            let Arrangement::Panes(panes) = arrange(Rect::new(0, 0, 120, 36), scene.layout_request()) else {
                panic!()
            };
            let axis = TimeAxis::new(session, &view, scene.until, usize::from(panes.picture.plot.width));
            assert_eq!(axis.t0_column(), Some(16), "{name} at {now}");
            assert!(axis.step_ms() >= step, "{name} at {now}");
            step = axis.step_ms();
        });
        let last = at(name, f64::INFINITY);
        let long = last.0.since_t0(last.1).is_some_and(|since| since > 32.0);
        assert_eq!(step, if long { 1000 } else { 500 }, "{name}");
    }
}

/// The number of cells in which two frames differ, and of bytes to send them to a terminal.
fn changed(one: &Buffer, other: &Buffer) -> (usize, usize) {
    let cells = one.diff(other);
    let mut wire = Vec::new();
    CrosstermBackend::new(&mut wire).draw(cells.iter().copied()).unwrap();
    (cells.len(), wire.len())
}

#[test]
fn two_frames_a_tenth_of_a_second_apart_hardly_differ() {
    for (name, from) in [("after-hang", 1.0), ("before-long", 1.0), ("after-kill", 9.0)] {
        for size in [(120, 36), (80, 24), (200, 50)] {
            let mut counts = Vec::new();
            let mut last: Option<(Buffer, i64)> = None;
            film(name, from, 150, |session_at| {
                let buffer = draw(session_at, &view(), None, &Theme::default(), size);
                let columns = usize::from(size.0) - if size.0 > 80 { 40 } else { 10 };
                let step = TimeAxis::new(&session_at.0, &view(), session_at.1, columns).step_ms();
                if let Some((before, before_step)) = last.replace((buffer.clone(), step))
                    && before_step == step
                {
                    counts.push(changed(&before, &buffer));
                }
            });
            counts.sort_unstable();
            let (cells, bytes) = counts[counts.len() / 2];
            assert!(cells < 20 && bytes < 2048, "{name} in {size:?}: {cells} cells, {bytes} bytes");
        }
    }
}

/// A line of 64 kbit/s takes 8,000 bytes a second.
#[test]
fn on_a_slow_line_a_key_shows_its_effect_within_a_second() {
    let theme = Theme::default().with_depth(Depth::Sixteen);
    let size = (80, 24);
    let blank = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    for (name, seconds) in [("after-hang", 18.5), ("before-long", 21.5), ("after-kill", f64::INFINITY)] {
        let session_at = at(name, seconds);
        let plain = draw(&session_at, &view(), None, &theme, size);
        let whole = changed(&blank, &plain).1;
        assert!(whole < 8000, "{name}: a whole frame takes {whole} bytes");
        for overlay in [Overlay::Help, Overlay::Why, Overlay::Heatmap] {
            let over = draw(&session_at, &View { overlay: Some(overlay), ..view() }, None, &theme, size);
            let bytes = changed(&plain, &over).1;
            assert!(bytes < 8000, "{name}: an overlay takes {bytes} bytes");
        }
    }
}

#[test]
fn without_colours_every_segment_still_has_a_letter_of_its_word() {
    // Runs of one fill or tint in the lanes, two columns or wider.
    let theme = Theme::default();
    let (ground, band) = (theme.ground().bg, theme.band());
    for (name, seconds) in moments().filter(|(_, seconds)| *seconds > 0.0) {
        let session_at = at(name, seconds);
        let buffer = draw(&session_at, &view(), None, &theme, (120, 36));
        let view = view();
        let scene = Scene::new(&session_at.0, &view, session_at.1, None);
        let Arrangement::Panes(panes) = arrange(Rect::new(0, 0, 120, 36), scene.layout_request()) else {
            panic!()
        };
        let lanes = panes.picture.lanes;
        for y in lanes.top()..lanes.bottom() - 1 {
            let cells: Vec<&Cell> = (lanes.left()..lanes.right()).map(|x| &buffer[(x, y)]).collect();
            for run in cells.chunk_by(|one, other| one.bg == other.bg) {
                let filled = Some(run[0].bg) != ground && Some(run[0].bg) != band;
                let said = run.iter().any(|cell| cell.symbol() != " ");
                assert!(run.len() < 2 || !filled || said, "{name} at {seconds}, row {y}:\n{}", text(&buffer));
            }
        }
    }
}

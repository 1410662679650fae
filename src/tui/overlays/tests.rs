//! Tests of the overlays.

use crate::{
    session::{
        Session,
        event::{Guards, Section, StepRef, Timestamp},
        fixtures::{self, Variant},
    },
    tui::{
        editor::Editor,
        forms::{GuardForm, PredictForm},
        pane_buffer::PaneBuffer,
        panes::Scene,
        screens::{draw, text, view},
        theme::{Role, Theme},
        view::{Overlay, View},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

fn over(overlay: Overlay) -> View {
    View { overlay: Some(overlay), ..view() }
}

fn shown(told: &(Session, Timestamp), view: &View, size: (u16, u16)) -> String {
    text(&draw(told, view, None, &Theme::default(), size))
}

/// An overlay on an empty screen, without its empty rows.
fn alone(told: &(Session, Timestamp), view: &View, (width, height): (u16, u16)) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let scene = Scene::new(&told.0, view, told.1, None);
    let theme = Theme::default();
    let mut canvas = PaneBuffer::new(&mut buffer, area, &theme);
    match view.overlay.as_ref().unwrap() {
        Overlay::Help => super::help(&mut canvas, &scene),
        Overlay::Why => super::why(&mut canvas, &scene),
        Overlay::PodLog => super::pod_log(&mut canvas, &scene),
        Overlay::Heatmap => super::heatmap(&mut canvas, &scene),
        Overlay::Note(editor) => super::note(&mut canvas, &scene, editor),
        Overlay::Predict(form) => super::predict(&mut canvas, &scene, form),
        Overlay::Guards(form) => super::guards(&mut canvas, &scene, form),
        Overlay::ConfirmUndo => super::undo(&mut canvas, &scene),
        Overlay::ConfirmSkip(step) => super::skip(&mut canvas, &scene, *step),
        Overlay::ConfirmQuit => super::quit(&mut canvas, &scene),
        other => panic!("{other:?}"),
    }
    let rows = text(&buffer);
    rows.lines().filter(|row| !row.is_empty()).map(|row| row.trim_start().to_owned() + "\n").collect()
}

fn all() -> Vec<Overlay> {
    vec![
        Overlay::Help,
        Overlay::Why,
        Overlay::PodLog,
        Overlay::Heatmap,
        Overlay::Note(Editor::default()),
        Overlay::Predict(PredictForm::of(None)),
        Overlay::Guards(GuardForm::new(Guards::default())),
        Overlay::ConfirmUndo,
        Overlay::ConfirmSkip(StepRef { section: Section::Method, index: 1 }),
        Overlay::ConfirmQuit,
    ]
}

#[test]
fn every_overlay_at_every_size() {
    let told = fixtures::session_at(Variant::After, 9.0);
    for (i, overlay) in all().into_iter().enumerate() {
        let mut both = String::new();
        for size in [(120, 36), (80, 24)] {
            both += &alone(&told, &over(overlay.clone()), size);
        }
        insta::assert_snapshot!(format!("overlay-{i}"), both);
    }
}

#[test]
fn the_help_begins_with_what_is_used_most_and_all_of_it_can_be_read() {
    let told = fixtures::steady();
    let first = shown(&told, &over(Overlay::Help), (80, 24));
    for words in ["SPACE", "SHIFT+F", "run the next step", "more below"] {
        assert!(first.contains(words), "{words} in\n{first}");
    }
    let mut end = over(Overlay::Help);
    *end.scroll.last_mut().unwrap() = 999;
    assert!(shown(&told, &end, (80, 24)).contains("back to now"));
    let wide = shown(&told, &over(Overlay::Help), (120, 36));
    for words in ["SPACE", "back to now", "all keys"] {
        assert!(wide.contains(words), "{words} in\n{wide}");
    }
    assert!(!wide.contains("more below"), "{wide}");
}

/// The panes below must not show through.
#[test]
fn an_overlay_clears_what_is_below_it() {
    let told = fixtures::session_at(Variant::After, 9.0);
    let theme = Theme::default();
    let under = draw(&told, &view(), None, &theme, (120, 36));
    let step = StepRef { section: Section::Method, index: 1 };
    let over = draw(&told, &over(Overlay::ConfirmSkip(step)), None, &theme, (120, 36));
    let rows: Vec<String> = text(&over).lines().map(str::to_owned).collect();
    let top = rows.iter().position(|row| row.contains("SKIP?")).unwrap() as u16;
    let left = rows[usize::from(top)].split("╭─ SKIP?").next().unwrap().chars().count() as u16;
    let row = |buffer: &Buffer, y: u16| -> String {
        (left + 1..left + 60).map(|x| buffer[(x, y)].symbol()).collect()
    };
    let empty: Vec<u16> = (top + 1..top + 7).filter(|y| row(&over, *y).trim().is_empty()).collect();
    assert_eq!(empty.len(), 2, "{rows:?}");
    assert!(empty.iter().all(|y| !row(&under, *y).trim().is_empty()), "there was something below them");
}

#[test]
fn nothing_is_dim_and_the_chosen_row_is_a_bar() {
    let told = fixtures::session_at(Variant::After, 9.0);
    let theme = Theme::default();
    for overlay in all() {
        let buffer = draw(&told, &over(overlay), None, &theme, (120, 36));
        assert!(buffer.content().iter().all(|cell| !cell.modifier.contains(Modifier::DIM)));
    }
    for overlay in
        [Overlay::Guards(GuardForm::new(Guards::default())), Overlay::Predict(PredictForm::of(None))]
    {
        let buffer = draw(&told, &over(overlay), None, &theme, (120, 36));
        let bar = theme.fill(Role::Focus).bg.unwrap();
        let filled = |y| (24..95).all(|x| buffer[(x, y)].bg == bar);
        assert_eq!((0..36).filter(|y| filled(*y)).count(), 1, "{}", text(&buffer));
    }
}

#[test]
fn without_colours_the_heat_map_has_letters() {
    let told = fixtures::session_at(Variant::After, 9.0);
    let mono = Theme::named("mono").unwrap();
    let shown = text(&draw(&told, &over(Overlay::Heatmap), None, &mono, (120, 36)));
    let map: Vec<&str> = shown.lines().filter(|line| line.contains("│") && line.contains('<')).collect();
    assert!(map.iter().any(|line| line.contains("rrr")) && shown.contains("f fallback"), "{shown}");
    assert!(!shown.contains('▓') && !shown.contains('▒'), "{shown}");
}

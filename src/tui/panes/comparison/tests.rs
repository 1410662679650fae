use super::comparison;
use crate::{
    session::{
        Session,
        event::{ExpectedAnswers, ExpectedTrip, Prediction, Timestamp},
        fixtures::{self, Variant},
    },
    tui::{
        layout::Size,
        pane_buffer::PaneBuffer,
        panes::{
            Scene,
            testing::{rows, view},
        },
        screens,
        theme::{Role, Theme},
        view::View,
    },
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};

/// The size of the comparison on screens of 120x36, 200x50 and 80x24.
const STANDARD: (u16, u16, Size) = (120, 28, Size::Standard);
const WIDE: (u16, u16, Size) = (200, 42, Size::Wide);
const SMALL: (u16, u16, Size) = (80, 19, Size::Compact);

fn cells(
    before: &Session,
    (after, now): &(Session, Timestamp),
    view: &View,
    theme: &Theme,
    (width, height, size): (u16, u16, Size),
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let scene = Scene::new(after, view, *now, Some(before));
    comparison(&mut PaneBuffer::new(&mut buffer, area, theme), &scene, size);
    buffer
}

fn recorded() -> (Session, (Session, Timestamp)) {
    (screens::at("before-kill", f64::INFINITY).0, screens::at("after-kill", f64::INFINITY))
}

fn pane(size: (u16, u16, Size)) -> Vec<String> {
    let (before, after) = recorded();
    rows(&cells(&before, &after, &view(), &Theme::default(), size))
}

fn place(pane: &[String], word: &str) -> usize {
    pane.iter().position(|row| row.contains(word)).unwrap_or_else(|| panic!("{word} in\n{}", pane.join("\n")))
}

#[test]
fn the_table_has_values_bars_and_what_changed() {
    let pane = pane(STANDARD);
    assert!(pane[0].contains("1 SAME FAULT, SAME LOAD, LINED UP AT T0") && pane[0].contains("1 run each"));
    let failed = &pane[place(&pane, "failed users")];
    assert!(failed.contains("33 ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄ ") && failed.contains("BETTER 33 fewer"), "{failed}");
    let back = &pane[place(&pane, "provider back to real answer")];
    assert!(back.contains("0.3 s ▄▖") && back.contains("WORSE breaker waits 10 s [2]"), "{back}");
}

#[test]
fn both_runs_have_the_same_axes_and_t0_in_one_column() {
    for (size, plots) in [(STANDARD, 5), (WIDE, 9)] {
        let pane = pane(size);
        let tops: Vec<usize> = (0..pane.len())
            .filter(|y| pane[*y].starts_with("│     10 s ") || pane[*y].starts_with("│     10 s█"))
            .collect();
        let feet: Vec<usize> = (0..pane.len()).filter(|y| pane[*y].starts_with("│     1 ms ")).collect();
        assert_eq!(tops.len(), 2, "{}", pane.join("\n"));
        assert!(tops.iter().zip(&feet).all(|(top, foot)| foot - top + 1 == plots));
        assert!(pane[tops[0]].contains(" BEFORE ") && pane[tops[1]].contains(" AFTER "));
        let axis = &pane[place(&pane, "T0    ")];
        let at = axis.split("T0").next().unwrap().chars().count();
        let border: Vec<char> = pane[tops[0] - 1].chars().collect();
        let bar: String = border[at..].iter().collect();
        assert!(bar.trim_start().starts_with("FAULT"), "the bar begins at T0: {bar}");
        assert!(pane.iter().any(|row| row.contains("breaker") && row.contains("OPEN")));
    }
}

#[test]
fn a_small_screen_has_the_table_without_bars_and_both_strips() {
    let pane = pane(SMALL);
    assert!(pane[0].contains("before    after   what changed"), "{pane:?}");
    assert!(pane[1].contains("failed users                       33        0   BETTER 33 fewer"), "{pane:?}");
    assert!(pane.iter().all(|row| !row.contains("▄▖")));
    assert!(pane[place(&pane, "before   █real")].contains("FAILED"), "{pane:?}");
    assert!(pane[place(&pane, "after    █real")].contains("fallback"), "{pane:?}");
    assert!(pane[12].starts_with("╭─ 1 FINDINGS ─"), "{pane:?}");
}

#[test]
fn findings_can_be_scrolled_to_their_end() {
    let (before, mut after) = recorded();
    after.0.prediction = Some(Prediction {
        trip: Some(ExpectedTrip::Within(10.0)),
        users: Some(ExpectedAnswers::Fallback),
        ..Prediction::default()
    });
    for size in [STANDARD, SMALL] {
        let top = rows(&cells(&before, &after, &view(), &Theme::default(), size)).join("\n");
        assert!(top.contains("more below") && !top.contains("YOUR PREDICTION"), "{top}");
        let mut scrolled = view();
        scrolled.scroll[0] = 999;
        let end = rows(&cells(&before, &after, &scrolled, &Theme::default(), size)).join("\n");
        assert!(end.contains("YOUR PREDICTION") && !end.contains("more below"), "{end}");
    }
    let tall =
        rows(&cells(&before, &after, &view(), &Theme::default(), (120, 70, Size::Standard))).join("\n");
    for words in ["NOT SEEN", "NOTE", "our own"] {
        assert!(tall.contains(words), "{words} in\n{tall}");
    }
}

#[test]
fn the_tag_of_a_run_has_the_colour_of_its_verdict() {
    let (before, after) = recorded();
    let theme = Theme::default();
    let buffer = cells(&before, &after, &view(), &theme, STANDARD);
    let tag = |word: &str| {
        let pane = rows(&buffer);
        let y = pane.iter().position(|row| row.contains(word)).unwrap();
        let x = pane[y].split(word).next().unwrap().chars().count();
        buffer[(x as u16, y as u16)].bg
    };
    assert_eq!(Some(tag(" BEFORE ")), theme.fill(Role::Failing).bg);
    assert_eq!(Some(tag(" AFTER ")), theme.fill(Role::Protected).bg);
}

#[test]
fn runs_of_different_lengths_are_shown_to_one_moment() {
    let (before, _) = fixtures::finished(Variant::Before);
    let after = fixtures::finished(Variant::After);
    let pane = rows(&cells(&before, &after, &view(), &Theme::default(), STANDARD));
    let axis = &pane[place(&pane, "T0    ")];
    assert!(axis.contains("+40"), "both are well again at T+37 and later: {axis}");
}

proptest! {
    /// The change, its finding and the values are shown in full at every width.
    #[test]
    fn values_are_never_cut(width in 100_u16..240, height in 24_u16..60) {
        let (before, after) = recorded();
        let size = if width < 180 { Size::Standard } else { Size::Wide };
        let pane = rows(&cells(&before, &after, &view(), &Theme::default(), (width, height, size)));
        for words in ["BETTER 33 fewer", "7 users waited first [1]", "breaker waits 10 s [2]", "1 of 3"] {
            prop_assert!(pane.iter().any(|row| row.contains(words)), "{} in\n{}", words, pane.join("\n"));
        }
    }
}

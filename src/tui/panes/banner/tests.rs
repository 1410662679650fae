//! What the banner shows in full at every width.

use super::{
    BadSeconds, BannerText, Size,
    banner_text::{role, text_for},
    filled, plain, presenter,
};
use crate::{
    insight::UserWord,
    session::fixtures,
    tui::{
        LogFeed, Scene, Theme, View,
        letters::LetterSize,
        pane_buffer::PaneBuffer,
        render,
        tests::{drawn, text, view},
        theme::Role,
    },
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

fn saying(word: &'static str, sentence: &str, price: Option<&str>) -> BannerText {
    BannerText {
        role: Role::Failing,
        word,
        sentence: sentence.to_owned(),
        price: price.map(str::to_owned),
        medium: "a sentence in its form for sixty columns at the very most".to_owned(),
        short: "its form for forty columns at most".to_owned(),
        score: Some(BadSeconds { bad: 22, allowed: 120, aborts: false }),
        hold: None,
    }
}

fn rows(width: u16, height: u16, paint: impl FnOnce(&mut PaneBuffer)) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    paint(&mut PaneBuffer::new(&mut buffer, area, &Theme::default()));
    text(&buffer).lines().map(str::to_owned).collect()
}

/// The words of a drawn banner, without its blocks.
fn words(rows: &[String]) -> String {
    let letters = |c: char| if matches!(c, '█' | '▀' | '▄' | '░') { ' ' } else { c };
    let all: String = rows.join(" ").chars().map(letters).collect();
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn word_sentence_price_and_score_have_their_places() {
    let told = saying(
        "FAILING",
        "86 of 86 users got an error since T0: 62 HTTP 500, 24 timeouts after 10 s",
        Some("Nobody cuts their calls short: no breaker was seen."),
    );
    assert_eq!(
        rows(120, 4, |canvas| filled(canvas, &told)).into_iter().skip(1).collect::<Vec<_>>(),
        [
            "  █▀▀▀ ▄▀▀▄ █ █    █ █▄  █ ▄▀▀▀   86 of 86 users got an error since T0: 62 HTTP 500, 24       ▀▀▀▄ ▀▀▀▄  bad seconds",
            "  █▀▀  █▀▀█ █ █    █ █ ▀▄█ █ ▀█   timeouts after 10 s                                         ▄▀▀  ▄▀▀   of 120 allowed",
            "  ▀    ▀  ▀ ▀ ▀▀▀▀ ▀ ▀   ▀  ▀▀▀   Nobody cuts their calls short: no breaker was seen.         ▀▀▀▀ ▀▀▀▀  ███░░░░░░░░░░░",
        ]
    );
}

#[test]
fn a_guard_that_is_used_up_is_what_the_score_is_held_against() {
    let mut told = fixtures::before_failing();
    for (limit, wanted) in [(None, "of 120 allowed"), (Some(90), "of 120 allowed"), (Some(20), "abort at 20")]
    {
        told.0.guards.limits.users_s = limit;
        let shown = text(&drawn(&told, &view(), &Theme::default(), 120, 36));
        assert!(shown.lines().nth(3).unwrap().contains(wanted), "{limit:?}:\n{shown}");
    }
}

#[test]
fn the_word_of_every_phase_is_in_letters_and_in_its_colour() {
    let theme = Theme::default();
    for (session, word, filled) in [
        (fixtures::ready(), "READY", Role::Unknown),
        (fixtures::steady(), "OK", Role::Ok),
        (fixtures::before_failing(), "FAILING", Role::Failing),
        (fixtures::after_open(), "PROTECTED", Role::Protected),
        (fixtures::after_closed(), "OK", Role::Ok),
        (fixtures::finished(fixtures::Variant::After), "PROTECTED", Role::Protected),
    ] {
        let buffer = drawn(&session, &view(), &theme, 120, 36);
        let letters =
            rows(120, 3, |canvas| LetterSize::Small.draw(canvas, 2, 0, word, theme.style(Role::Text)));
        for (line, letters) in text(&buffer).lines().skip(2).zip(letters) {
            assert!(line.starts_with(letters.as_str()), "{word}: {line}");
        }
        assert_eq!(buffer.cell((0, 2)).unwrap().bg, theme.fill(filled).bg.unwrap(), "{word}");
        assert_eq!(buffer.cell((119, 1)).unwrap().fg, theme.style(filled).fg.unwrap(), "{word}");
    }
    let before_t0 = words(&rows(120, 4, |canvas| {
        let (session, now) = fixtures::steady();
        let view = view();
        filled(canvas, &text_for(&Scene::new(&session, &view, now, None)));
    }));
    assert!(!before_t0.contains("bad seconds"), "there is nothing to be bad yet: {before_t0}");
}

#[test]
fn without_colours_it_is_inverse_and_without_blocks_it_has_rules() {
    let told = fixtures::after_open();
    let mono = drawn(&told, &view(), &Theme::named("mono").unwrap(), 120, 36);
    let inverse = |x, y| mono.cell((x, y)).unwrap().modifier.contains(Modifier::REVERSED);
    assert!((0..120).all(|x| inverse(x, 2) && inverse(x, 4)) && !inverse(0, 1) && !inverse(0, 5));
    let ascii = text(&drawn(&told, &view(), &Theme::default().ascii(), 120, 36));
    let lines: Vec<&str> = ascii.lines().collect();
    assert_eq!((lines[1], lines[4]), ("=".repeat(120).as_str(), "=".repeat(120).as_str()));
    assert!(lines[2].starts_with("  PROTECTED ") && lines[2].contains("BAD "), "{ascii}");
    assert!(ascii.is_ascii());
}

#[test]
fn on_stage_letters_get_smaller_rather_than_meet_the_score() {
    let told = saying("NOT RESILIENT", "86 of 86 users got an error since T0", None);
    for (width, height, size, rows_of_letters) in [
        // The word alone takes 120 columns.
        (120, 9, Size::Standard, LetterSize::Small),
        (140, 9, Size::Standard, LetterSize::Small),
        (148, 9, Size::Standard, LetterSize::Middle),
        (200, 12, Size::Wide, LetterSize::Middle),
        (240, 12, Size::Wide, LetterSize::Large),
    ] {
        let shown = rows(width, height, |canvas| presenter::draw(canvas, &told, size));
        let inked = shown.iter().skip(1).filter(|row| row.contains(['█', '▀', '▄'])).count();
        assert_eq!(inked, rows_of_letters.rows(), "{width}:\n{}", shown.join("\n"));
        let words = words(&shown);
        assert!(words.contains("got an error since T0") && words.contains("bad seconds of 120"), "{words}");
    }
}

#[test]
fn two_runs_stand_side_by_side() {
    let (before, now) = fixtures::finished(fixtures::Variant::Before);
    let (after, _) = fixtures::finished(fixtures::Variant::After);
    for (width, height, presenter) in [(80, 24, false), (120, 36, false), (200, 50, false), (120, 36, true)] {
        for theme in [Theme::default(), Theme::default().ascii()] {
            let area = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(area);
            let view = View { presenter, ..view() };
            let scene = Scene::new(&after, &view, now, Some(&before));
            render(&mut buffer, area, &scene, &theme, &LogFeed::default());
            let shown = text(&buffer);
            let verdicts: Vec<&str> = shown.lines().skip(1).take(9).collect();
            let line = verdicts.iter().find(|line| line.contains("BEFORE")).unwrap();
            assert!(line.contains("AFTER") && line.contains("PROTECTED"), "{shown}");
        }
    }
}

#[test]
fn each_word_about_users_has_a_colour_of_its_own() {
    let words = [UserWord::Ok, UserWord::Unknown, UserWord::Protected, UserWord::Waiting, UserWord::Failing]
        .map(role);
    assert_eq!(words, [Role::Ok, Role::Unknown, Role::Protected, Role::Waiting, Role::Failing]);
}

const WORDS: [&str; 8] = [
    "OK",
    "WAITING",
    "PROTECTED",
    "RESILIENT",
    "NOT RESILIENT",
    "NOT OBSERVABLE",
    "FAULT NOT CONFIRMED",
    "FAULT NEVER HAPPENED",
];

proptest! {
    /// One of the sentence's forms, the word in letters of some size, and the score are shown in full.
    #[test]
    fn nothing_is_cut(
        width in 100_u16..240,
        word in 0..WORDS.len(),
        sentence in "([a-z]{1,12} ){4,20}[a-z]{1,9}",
        price in proptest::option::of("([a-z]{1,12} ){4,20}[a-z]{1,9}"),
        bad in 0_u32..1000,
        wide: bool,
    ) {
        let score = Some(BadSeconds { bad, allowed: 9999, aborts: bad > 500 });
        let told = BannerText { score, ..saying(WORDS[word], &sentence, price.as_deref()) };
        let size = if wide { Size::Wide } else { Size::Standard };
        let high = if wide { 12 } else { 9 };
        for shown in [
            rows(width, 4, |canvas| filled(canvas, &told)),
            rows(width, 4, |canvas| plain(canvas, &told)),
            rows(width, high, |canvas| presenter::draw(canvas, &told, size)),
        ] {
            let all = shown.join("\n");
            prop_assert!(!all.contains('…'), "{}", all);
            let said = words(&shown.iter().map(|row| row.replace("bad seconds", "").replace("of 9999 allowed", "")
                .replace("of 9999", "").replace(", abort at 9999", "").replace("abort at 9999", "")).collect::<Vec<_>>());
            prop_assert!(
                [&told.sentence, &told.medium, &told.short].iter().any(|form| said.contains(form.as_str())),
                "{}", all
            );
            prop_assert!(all.contains("9999"), "{}", all);
            prop_assert!(all.contains(told.word) || all.contains('█'), "{}", all);
        }
    }
}

/// The session 10 s after T0 with the hold of a fault, `held` seconds after T0.
fn holding(limit: u32, held: f64) -> (crate::session::Session, crate::session::event::Timestamp) {
    let mut told = fixtures::after_open();
    told.0.guards.limits.hold_s = Some(limit);
    told.0.guards.held = Some(fixtures::at(held));
    told
}

#[test]
fn the_seconds_left_to_press_a_key_are_on_the_banner_at_every_size() {
    for (width, height) in [(60, 14), (80, 24), (120, 36), (200, 50)] {
        for presenter in [false, true] {
            for theme in [Theme::default(), Theme::default().ascii()] {
                let view = View { presenter, ..view() };
                let shown = text(&drawn(&holding(60, 4.0), &view, &theme, width, height));
                assert!(shown.contains("hold 54 s"), "{width}x{height} {presenter}:\n{shown}");
                assert!(!shown.contains("Press any key"), "{shown}");
                let shown = text(&drawn(&holding(12, 3.0), &view, &theme, width, height));
                let said = [
                    "Press any key within 5 s",
                    "any key within 5 s, or the run aborts",
                    "any key in 5 s, or it aborts",
                ];
                assert!(
                    said.iter().any(|said| shown.contains(said)),
                    "{width}x{height} {presenter}:\n{shown}"
                );
            }
        }
    }
}

#[test]
fn a_hold_that_runs_out_takes_the_place_of_the_verdict() {
    let banner = |told, width, height| {
        let shown = text(&drawn(&told, &view(), &Theme::default(), width, height));
        shown.lines().skip(1).take(if width < 100 { 1 } else { 4 }).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(
        "hold",
        [
            banner(holding(60, 4.0), 120, 36),
            banner(holding(12, 3.0), 120, 36),
            banner(holding(60, 4.0), 80, 24),
            banner(holding(12, 3.0), 80, 24),
        ]
        .join("\n\n")
    );
}

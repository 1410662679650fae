use super::{
    super::testing::{cells, rows, shown, view},
    story,
};
use crate::{
    session::fixtures,
    tui::{
        screens, text,
        theme::{Role, Theme},
        view::View,
    },
};
use proptest::prelude::*;

#[test]
fn the_newest_line_stands_last_and_older_ones_can_be_scrolled_to() {
    let told = screens::at("after-hang", 18.6);
    let tall = shown(&told, (52, 24), story);
    assert!(tall[0].contains("6 STORY ─") && tall[0].contains("newest last, L opens the log"), "{tall:?}");
    let fired = tall.iter().position(|row| row.contains("T  +0.0 ▼ FIRED kill-the-providers-pod")).unwrap();
    let again = tall.iter().position(|row| row.contains("T +13.0 ● breaker OPEN again")).unwrap();
    assert!(fired < again);
    let small = shown(&told, (52, 8), story).join("\n");
    assert!(small.contains("T +13.0") && !small.contains("FIRED"), "{small}");
    let mut up = view();
    up.scroll[5] = 999;
    let oldest = rows(&cells(&told, &up, &Theme::default(), (52, 8), story)).join("\n");
    assert!(oldest.contains("users are asked for") && !oldest.contains("T +13.0"), "{oldest}");
}

#[test]
fn a_sentence_wraps_at_its_indent() {
    let pane = shown(&screens::at("after-hang", 18.6), (52, 24), story);
    let place = pane.iter().position(|row| row.contains("breaker OPEN: 7 users")).unwrap();
    assert!(pane[place + 1].starts_with("│           2.0 s"), "{pane:?}");
}

#[test]
fn harm_and_the_fault_are_in_their_colours() {
    let theme = Theme::default();
    let told = screens::at("after-hang", 18.6);
    let buffer = cells(&told, &view(), &theme, (52, 24), story);
    let colour = |word: &str| {
        let y = rows(&buffer).iter().position(|row| row.contains(word)).unwrap() as u16;
        buffer[(12, y)].fg
    };
    assert_eq!(colour("FIRED"), theme.colour(Role::Fault).unwrap());
    assert_eq!(colour("/health 200 to 503"), theme.colour(Role::Failing).unwrap());
    assert_eq!(colour("breaker OPEN again"), theme.colour(Role::Text).unwrap());
}

#[test]
fn before_t0_moments_stand_still() {
    let (session, now) = fixtures::steady();
    let told = |more: u64| (session.clone(), now + std::time::Duration::from_millis(more));
    assert_eq!(shown(&told(0), (52, 12), story), shown(&told(800), (52, 12), story));
}

proptest! {
    #[test]
    fn nothing_is_cut(width in 30_u16..70, seconds in -15.0..30.0_f64) {
        let told = screens::at("after-hang", seconds);
        let view = View { ..view() };
        let pane = rows(&cells(&told, &view, &Theme::default(), (width, 60), story));
        for row in pane.iter().skip(1) {
            prop_assert!(!row.contains('…') && text::width(row) <= usize::from(width), "{}", row);
        }
    }
}

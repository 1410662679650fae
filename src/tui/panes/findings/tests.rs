use super::{
    super::testing::{cells, rows, shown, view},
    FindingText, findings, lines,
};
use crate::{
    insight::Severity,
    tui::{
        pane_buffer::{Emphasis, PaneBuffer},
        panes::Scene,
        screens, text,
        theme::{Role, Theme},
    },
};
use proptest::prelude::*;

fn small(canvas: &mut PaneBuffer, scene: &Scene) {
    findings(canvas, scene, true);
}

#[test]
fn each_finding_has_a_number_its_text_and_advice() {
    let told = screens::at("after-kill", f64::INFINITY);
    let pane = shown(&told, (80, 7), small);
    assert!(pane[0].contains("1 FINDINGS") && pane[0].contains("w opens the evidence"), "{pane:?}");
    assert!(pane[1].starts_with("│  1  The breaker is not free"), "{pane:?}");
    assert!(pane[2].starts_with("│     Try: "), "{pane:?}");
    assert!(pane[6].contains("DOWN  ") && pane[6].contains("more below"), "{pane:?}");
}

#[test]
fn below_them_stands_what_was_not_seen_and_where_there_is_no_pane_for_it_the_score() {
    let told = screens::at("after-kill", f64::INFINITY);
    let tall = shown(&told, (80, 40), small).join("\n");
    assert!(tall.contains("NOT SEEN  the real crowd") && tall.contains("WHAT IT CAME TO"), "{tall}");
    let beside = shown(&told, (76, 40), |canvas, scene| findings(canvas, scene, false)).join("\n");
    assert!(beside.contains("NOT SEEN  the real crowd") && !beside.contains("WHAT IT CAME TO"), "{beside}");
    let mut scrolled = view();
    scrolled.scroll[0] = 99;
    let shown = rows(&cells(&told, &scrolled, &Theme::default(), (80, 7), small)).join("\n");
    assert!(shown.contains("restarts"), "{shown}");
}

#[test]
fn the_colour_of_a_number_is_its_weight() {
    let found = |weight| {
        let told = [FindingText { weight, text: "what", advice: "how" }];
        let lines = lines(&told, &[], 40);
        (lines[0].0[0].role, lines[0].0[0].look)
    };
    assert_eq!(found(Severity::Serious), (Role::Failing, Emphasis::Fill));
    assert_eq!(found(Severity::Caution), (Role::Waiting, Emphasis::Fill));
    assert_eq!(found(Severity::Good), (Role::Ok, Emphasis::Fill));
}

proptest! {
    /// A sentence is wrapped, never cut.
    #[test]
    fn no_word_is_lost(words in proptest::collection::vec("[a-z]{1,12}", 1..40), width in 30_usize..90) {
        let sentence = words.join(" ");
        let told = [FindingText { weight: Severity::Caution, text: &sentence, advice: &sentence }];
        let lines = lines(&told, std::slice::from_ref(&sentence), width);
        let said: String = lines.iter().flat_map(|row| &row.0).map(|piece| format!("{} ", piece.text)).collect();
        for word in &words {
            prop_assert!(said.matches(word.as_str()).count() >= 3, "{} in {}", word, said);
        }
        for row in &lines {
            prop_assert!(row.width() <= width, "{:?}", row);
            prop_assert!(row.0.iter().all(|piece| !text::clean(&piece.text).contains('…')));
        }
    }
}

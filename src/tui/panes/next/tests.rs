//! The NEXT line in every phase and at every width.

use crate::{
    session::{
        Session,
        event::Timestamp,
        fixtures::{self, Variant},
    },
    tui::{
        Theme,
        tests::{drawn, text, view},
    },
};
use proptest::prelude::*;

fn line(told: &(Session, Timestamp), width: u16, height: u16) -> String {
    let shown = text(&drawn(told, &view(), &Theme::default(), width, height));
    shown.lines().find(|line| line.trim_start().starts_with("NEXT ")).unwrap().to_owned()
}

#[test]
fn each_phase_says_what_to_press_for_what() {
    let away = (
        "  NEXT      step 5 waits for its answer   c cut the wait   A abort: re-creates my-provider-app, about 8 s",
        " NEXT   step 5 waits  c cut wait  A abort: re-creates it, about 8 s",
    );
    for (told, (long, short)) in [
        (
            fixtures::ready(),
            (
                "  NEXT      o start asking as a user   then SPACE check the steady state",
                " NEXT   o start asking  then SPACE check steady state",
            ),
        ),
        (
            fixtures::steady(),
            (
                "  NEXT      SHIFT+F kills 1 pod, by deleting it.  SPACE never fires.   s skip it   ESC back to safety",
                " NEXT   SHIFT+F kills 1 pod.  s skip it  ESC safety",
            ),
        ),
        (fixtures::before_failing(), away),
        (fixtures::after_open(), away),
        (
            fixtures::after_closed(),
            (
                "  NEXT      SPACE run all-services-are-healthy   A abort",
                " NEXT   SPACE run all-services-are-healthy  A abort",
            ),
        ),
        (
            fixtures::finished(Variant::After),
            (
                "  NEXT      w evidence   LEFT RIGHT read a moment   q leave",
                " NEXT   w evidence  LEFT RIGHT read a moment  q leave",
            ),
        ),
    ] {
        assert_eq!([line(&told, 120, 36), line(&told, 80, 24)], [long, short]);
    }
}

#[test]
fn where_a_name_is_to_be_typed_the_cluster_is_said() {
    let mut told = fixtures::steady();
    (told.0.meta.allowed, told.0.meta.context) = (false, Some("prod-eu".to_owned()));
    for (width, height) in [(120, 36), (80, 24)] {
        let shown = line(&told, width, height);
        let wanted = "SHIFT+F, then type its name: kills 1 pod on  prod-eu .";
        assert!(shown.contains(wanted), "{shown}");
    }
}

proptest! {
    /// The cost of an abort and the effect of a fire are never cut.
    #[test]
    fn nothing_is_cut(width in 80_u16..240, seconds in -25.0_f64..70.0, variant: bool) {
        let variant = if variant { Variant::After } else { Variant::Before };
        let told = fixtures::session_at(variant, seconds);
        let shown = line(&told, width, if width >= 180 { 50 } else { 36 });
        // Only the name of a step may be cut.
        let cut = shown.split_once('…').map(|(before, _)| before.to_owned());
        let of_step = cut.is_none_or(|before| before.contains(" run ") && !before.contains(" A "));
        prop_assert!(of_step, "{}", shown);
        prop_assert!(shown.chars().count() <= usize::from(width), "{}", shown);
        let on = told.0.fault.as_ref().is_some_and(|fault| fault.is_on()) && told.0.run.ended.is_none();
        prop_assert!(!on || shown.contains("A abort: "), "{}", shown);
        prop_assert!(!shown.contains("SHIFT+F") || shown.contains("SHIFT+F kills 1 pod")
            || shown.contains("SHIFT+F fires "), "{}", shown);
    }
}

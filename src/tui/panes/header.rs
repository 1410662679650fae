//! Line 1: program, title, cluster, phase, clock.

use super::Scene;
use crate::{
    insight::Phase,
    session::state::Endpoint,
    tui::{
        figures,
        layout::Size,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::Role,
        view::ControlMode,
    },
};

/// Columns from which the phases to come are shown too.
const ROOMY: usize = 100;
/// The narrowest title that is shown, and the columns of a cluster's name in its brief form.
const TITLE: usize = 8;
const BRIEF_PLACE: usize = 24;

/// The phases in order, in a run without anomalies.
const PHASES: [Phase; 5] = [Phase::Ready, Phase::Steady, Phase::FaultOn, Phase::Recovered, Phase::Finished];

/// Draws the line. The clock and a cluster outside the allow-list are never cut.
pub(crate) fn header(canvas: &mut PaneBuffer, scene: &Scene, size: Size) {
    let width = canvas.width();
    let sides = HeaderDetail::ALL.into_iter().flat_map(|detail| {
        [true, false].map(|whole| (lead(scene, width, whole), right(scene, size, width, detail)))
    });
    let fits = |(lead, right): &(RoleLine, RoleLine)| lead.width() + right.width() < width;
    let least = || (lead(scene, width, false), right(scene, size, width, HeaderDetail::Clock));
    let (lead, right) = sides.into_iter().find(fits).unwrap_or_else(least);
    canvas.row(0, &lead);
    let room = width.saturating_sub(lead.width() + right.width());
    title(&mut canvas.part(lead.width(), 0, room, 1), scene);
    canvas.right(0, &right);
}

/// The context, if it is not on the allow-list.
pub(crate) fn unlisted_context<'a>(scene: &Scene<'a>) -> Option<&'a str> {
    let meta = &scene.session.meta;
    meta.context.as_deref().filter(|_| !meta.allowed)
}

/// A cluster outside the allow-list, which precedes everything else, with the namespace if there is room.
fn lead(scene: &Scene, width: usize, whole: bool) -> RoleLine {
    let Some(context) = unlisted_context(scene) else { return RoleLine::new() };
    // Besides the name only the clock and a column on each side of the name must fit.
    let context = text::fit_ends(context, width.saturating_sub(14));
    let lead = RoleLine::new().fill(Role::Failing, format!(" {context} "));
    if whole { lead.with(Role::Text, format!("/{}", scene.session.meta.namespace)) } else { lead }
}

/// Program name and title, as far as there is room.
fn title(canvas: &mut PaneBuffer, scene: &Scene) {
    let meta = &scene.session.meta;
    let title = if meta.title.is_empty() { &meta.source } else { &meta.title };
    let program = RoleLine::text(" ").bold(Role::Focus, "chaos-tui");
    let room = canvas.width().saturating_sub(program.width() + 2);
    if canvas.width() <= program.width() {
        return;
    }
    let shown = if room < TITLE { program } else { program.and("  ").with(Role::Strong, title.as_str()) };
    canvas.row(0, &shown);
}

/// How much of the right side is shown, from the most to the least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HeaderDetail {
    All,
    /// Without the symbols of past and future phases.
    Now,
    /// The cluster's name in its brief form.
    BriefPlace,
    /// The phase as its number only.
    Number,
    NoPlace,
    /// Without the steering and dry-run labels: number and clock.
    NoChips,
    Clock,
}

impl HeaderDetail {
    const ALL: [HeaderDetail; 7] = [
        HeaderDetail::All,
        HeaderDetail::Now,
        HeaderDetail::BriefPlace,
        HeaderDetail::Number,
        HeaderDetail::NoPlace,
        HeaderDetail::NoChips,
        HeaderDetail::Clock,
    ];
}

fn right(scene: &Scene, size: Size, width: usize, detail: HeaderDetail) -> RoleLine {
    let mut row = RoleLine::new();
    if detail < HeaderDetail::NoChips {
        row = row.joined(chips(scene));
    }
    if detail < HeaderDetail::NoPlace {
        row = row.joined(place(scene, detail >= HeaderDetail::BriefPlace));
    }
    row = match (size, detail) {
        (_, HeaderDetail::Clock) => row,
        (Size::Wide, HeaderDetail::All) => row.joined(all_phases(scene)),
        _ => row.joined(phase(scene, width, detail)),
    };
    let clock = match scene.since_t0(scene.until) {
        _ if scene.phase == Phase::Finished && scene.earlier.is_some() => "       ".to_owned(),
        Some(since) => figures::clock(since),
        None => "T--:--".to_owned(),
    };
    row.and("  ").bold(Role::Strong, clock).and(" ")
}

/// Labels for read-only or replay mode, for users who are reached by a port-forward, and for a dry run.
fn chips(scene: &Scene) -> RoleLine {
    let mut row = RoleLine::new();
    match scene.view.control {
        ControlMode::Live => {}
        ControlMode::ReadOnly => row = row.and(" ").fill(Role::Waiting, " READ-ONLY "),
        ControlMode::Replay => row = row.and(" ").fill(Role::Protected, " REPLAY "),
    }
    if scene.session.users.main().is_some_and(Endpoint::is_forwarded) {
        row = row.and(" via port-forward");
    }
    match &scene.session.run.dry {
        Some(dry) => row.and(" ").fill(Role::Waiting, format!(" DRY {dry} ")),
        None => row,
    }
}

fn place(scene: &Scene, brief: bool) -> RoleLine {
    let meta = &scene.session.meta;
    let (context, namespace) = match (&meta.context, meta.allowed) {
        (None, _) if scene.phase == Phase::Starting => return RoleLine::text("   "),
        (None, _) => return RoleLine::text("  no cluster   "),
        // The header begins with it.
        (Some(_), false) => return RoleLine::text("   "),
        (Some(context), true) => (context.as_str(), meta.namespace.as_str()),
    };
    let most = if brief { BRIEF_PLACE } else { usize::MAX };
    let context = text::fit_ends(context, most.saturating_sub(text::width(namespace)).max(TITLE));
    RoleLine::text(format!("  {context}")).with(Role::Soft, "/").and(format!("{namespace}   "))
}

/// The phase's number and word, with past phases before it and future ones after it.
fn phase(scene: &Scene, width: usize, detail: HeaderDetail) -> RoleLine {
    let number = scene.phase.number();
    let mut row = RoleLine::new();
    if number > 1 && detail == HeaderDetail::All {
        row = row.with(Role::Ok, format!("{} ", "✓".repeat(usize::from(number) - 1)));
    }
    let chip = match detail {
        HeaderDetail::Number | HeaderDetail::NoPlace | HeaderDetail::NoChips => format!(" {number}/5 "),
        _ => format!(" {number}/5 {} ", word(scene)),
    };
    row = row.fill(role(scene), chip);
    let ahead = usize::from(5_u8.saturating_sub(number));
    if ahead > 0 && width >= ROOMY && detail == HeaderDetail::All {
        row.with(Role::Soft, format!(" {}", "·".repeat(ahead)))
    } else {
        row
    }
}

/// All five phases in words.
fn all_phases(scene: &Scene) -> RoleLine {
    let mut row = RoleLine::new();
    for phase in PHASES {
        let (number, now) = (phase.number(), scene.phase.number());
        if number > 1 {
            row.push(Role::Soft, "›");
        }
        row = match number.cmp(&now) {
            std::cmp::Ordering::Less => row.and(format!(" {} ", phase.word())),
            std::cmp::Ordering::Equal => row.fill(role(scene), format!(" {number} {} ", word(scene))),
            std::cmp::Ordering::Greater => row.with(Role::Soft, format!(" {} ", phase.word())),
        };
    }
    row
}

fn word(scene: &Scene) -> String {
    if aborted(scene) && scene.phase.number() == 4 {
        format!("ABORTED, {}", scene.phase.word())
    } else {
        scene.phase.word().to_owned()
    }
}

/// The phase is in the fault's colour while the fault is on, or if the run was aborted.
fn role(scene: &Scene) -> Role {
    let on = scene.session.fault.as_ref().is_some_and(|fault| fault.is_on());
    if on || aborted(scene) { Role::Fault } else { Role::Focus }
}

/// Whether the run was ended early.
fn aborted(scene: &Scene) -> bool {
    let run = &scene.session.run;
    run.aborted.is_some() || run.interrupted.is_some() || scene.session.guards.tripped.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::Scene;
    use crate::{
        session::{
            Session,
            event::Timestamp,
            fixtures::{self, Variant},
        },
        tui::{
            Theme,
            tests::{drawn, text, view},
            theme::Role,
        },
    };
    use proptest::prelude::*;

    fn line(told: &(Session, Timestamp), width: u16) -> String {
        let height = if width >= 180 { 50 } else { 36 };
        text(&drawn(told, &view(), &Theme::default(), width, height)).lines().next().unwrap().to_owned()
    }

    #[test]
    fn what_is_done_and_what_is_to_come_stand_around_the_phase() {
        for (told, wanted) in [
            (fixtures::ready(), " 1/5 READY  ····  T--:--"),
            (fixtures::steady(), " ✓  2/5 STEADY  ···  T--:--"),
            (fixtures::after_open(), " ✓✓  3/5 FAULT ON  ··  T+00:10"),
            (fixtures::after_closed(), " ✓✓✓  4/5 RECOVERED  ·  T+00:45"),
            (fixtures::finished(Variant::After), " ✓✓✓✓  5/5 FINISHED   T+01:00"),
        ] {
            let shown = line(&told, 120);
            assert!(shown.starts_with(" chaos-tui  ") && shown.ends_with(wanted), "{shown}");
        }
        let small = line(&fixtures::after_open(), 80);
        assert!(small.ends_with(" ✓✓  3/5 FAULT ON   T+00:10") && small.contains('…'), "{small}");
        let large = line(&fixtures::after_open(), 200);
        let wanted = " READY › STEADY › 3 FAULT ON › RECOVERED › FINISHED   T+00:10";
        assert!(large.ends_with(wanted), "{large}");
    }

    #[test]
    fn the_phase_has_the_colour_of_the_fault_while_it_is_on_or_was_aborted() {
        let theme = Theme::default();
        let chip = |told: &(Session, Timestamp)| {
            let buffer = drawn(told, &view(), &theme, 120, 36);
            let line: Vec<char> = text(&buffer).lines().next().unwrap().chars().collect();
            let x = line.windows(2).position(|two| two == ['/', '5']).unwrap();
            buffer.cell((x as u16, 0)).unwrap().bg
        };
        let [fault, calm] = [Role::Fault, Role::Focus].map(|role| theme.fill(role).bg.unwrap());
        assert_eq!((chip(&fixtures::steady()), chip(&fixtures::after_open())), (calm, fault));
        let mut closed = fixtures::after_closed();
        assert_eq!(chip(&closed), calm);
        closed.0.run.aborted = Some("by a control".to_owned());
        assert_eq!(chip(&closed), fault);
        assert!(line(&closed, 120).contains("4/5 ABORTED, RECOVER"), "{}", line(&closed, 120));
    }

    #[test]
    fn a_cluster_outside_the_allow_list_comes_first() {
        let mut told = fixtures::steady();
        told.0.meta.allowed = false;
        told.0.meta.context = Some("prod-eu".to_owned());
        let theme = Theme::default();
        for width in [80, 120, 200] {
            let buffer = drawn(&told, &view(), &theme, width, if width >= 180 { 50 } else { 36 });
            let shown = line(&told, width);
            assert!(shown.starts_with(" prod-eu /"), "{shown}");
            assert_eq!(buffer.cell((1, 0)).unwrap().bg, theme.fill(Role::Failing).bg.unwrap());
            assert_eq!(buffer.cell((1, 0)).unwrap().fg, theme.fill(Role::Failing).fg.unwrap());
        }
        // The smallest screen has no header: the cluster is in the row of the verdict.
        let slim = text(&drawn(&told, &view(), &theme, 60, 14));
        assert!(slim.starts_with(" prod-eu "), "{slim}");
    }

    proptest! {
        #[test]
        fn the_clock_and_a_foreign_cluster_are_never_cut(
            width in 80_u16..240,
            context in "[a-z]{1,9}(_[a-z0-9]{1,12}){0,4}",
            namespace in "[a-z]{1,30}",
            title in "[a-zA-Z]{0,20}( [a-z]{1,12}){0,12}",
            allowed: bool,
            steered in 0_usize..3,
            dry: bool,
        ) {
            let mut told = fixtures::after_open();
            let meta = &mut told.0.meta;
            (meta.context, meta.namespace, meta.title) = (Some(context.clone()), namespace, title);
            meta.allowed = allowed;
            told.0.run.dry = dry.then(|| "activities".to_owned());
            let steering = [super::ControlMode::Live, super::ControlMode::ReadOnly, super::ControlMode::Replay];
            let view = crate::tui::View { control: steering[steered], ..view() };
            let scene = Scene::new(&told.0, &view, told.1, None);
            prop_assert_eq!(scene.phase.number(), 3);
            let buffer = drawn(&told, &view, &Theme::default(), width, 50);
            let shown = text(&buffer).lines().next().unwrap().to_owned();
            prop_assert!(shown.ends_with("  T+00:10"), "{}", shown);
            prop_assert!(allowed || shown.starts_with(&format!(" {context} ")), "{}", shown);
            let numbered = if width >= 180 { shown.contains(" 3 FAULT ON ") } else { false };
            prop_assert!(numbered || shown.contains(" 3/5 "), "{}", shown);
        }
    }
}

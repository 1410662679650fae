use super::{
    super::testing::{SessionAt, apply_event, cells, rows, shown, view},
    pods,
};
use crate::{
    session::{
        Session,
        event::{
            ClusterNote, Container, EventKind, FoundPods, LastEnd, Liveness, Pod, PodKey, Source,
            SourceState, Workload,
        },
        fixtures::{self, NEW, OLD, Variant, at},
    },
    test_support::{container, pod},
    tui::{
        click_targets::ClickTarget,
        pane_buffer::PaneBuffer,
        panes::Scene,
        screens,
        theme::{Role, Theme},
        view::View,
    },
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};

/// The pane on a screen of 120x36, and of 200x50.
const SMALL: (u16, u16) = (37, 9);
const LARGE: (u16, u16) = (62, 15);

fn pane(told: &SessionAt, size: (u16, u16)) -> String {
    shown(told, size, pods).join("\n")
}

fn has(pane: &str, words: &[&str]) {
    for words in words {
        assert!(pane.contains(words), "{words} in\n{pane}");
    }
}

/// The consumer's pod, which has a liveness probe.
fn consumer(told: &SessionAt) -> Pod {
    told.0.cluster.in_play.iter().find(|row| row.pod.key.name.contains("consumer")).unwrap().pod.clone()
}

fn missed(told: &mut SessionAt, seconds: f64, pod: &Pod) {
    let note = ClusterNote {
        object: format!("pod/{}", pod.key.name),
        level: "Warning".to_owned(),
        reason: "Unhealthy".to_owned(),
        message: "Liveness probe failed: 503".to_owned(),
        count: 1,
    };
    apply_event(told, seconds, EventKind::ClusterNoted(note));
}

#[test]
fn a_card_says_which_pod_it_is_and_how_it_is() {
    let told = screens::at("after-hang", 18.6);
    let small = pane(&told, SMALL);
    has(
        &small,
        &[
            "3 PODS ─",
            " live ─╮",
            "│ ● my-consumer-app 4xbww       1/1 │",
            "│   liveness □□□ no miss now        │",
            "│ ✗ my-provider-app dtqjf      gone │",
            "│ ○ my-provider-app 64zrh       0/1 │",
            "│   my-provider-service 0 endpoints │",
        ],
    );
    let large = pane(&told, LARGE);
    has(
        &large,
        &[
            "● my-consumer-app-gfl44f25r6-4xbww   1/1 ready  restarts 0",
            "asks /health every 10 s □□□",
            "gone since T+0, by us",
            "what Kubernetes said",
            "T+18.0 Unhealthy",
        ],
    );
    let ready = pane(&screens::at("after-hang", -16.0), SMALL);
    has(&ready, &["□□□"]);
}

#[test]
fn misses_are_boxes_with_the_moment_of_the_restart() {
    let mut told = fixtures::session_at(Variant::After, 5.0);
    let pod = consumer(&told);
    apply_event(&mut told, 5.0, EventKind::Testified(failing()));
    missed(&mut told, 5.5, &pod);
    told.1 = at(6.0);
    has(&pane(&told, SMALL), &["liveness ■□□ restart due T+26"]);
    has(&pane(&told, LARGE), &["asks /health every 10 s ■□□ 1 of 3, restart due T+26"]);
    has(&pane(&told, (30, 9)), &["■□□", "restart due T+26"]);
    missed(&mut told, 15.5, &pod);
    missed(&mut told, 25.5, &pod);
    told.1 = at(25.6);
    has(&pane(&told, SMALL), &["liveness ■■■ 3 of 3"]);
}

fn failing() -> crate::session::event::SourceReport {
    use crate::session::event::{BreakerState, SourceClaim, SourceKind, SourceReport};
    let says = SourceClaim::State(BreakerState::Open);
    SourceReport { failing: Some(true), ..SourceReport::new(SourceKind::Health, says, "503 Unavailable") }
}

#[test]
fn a_restart_and_its_cause_are_told() {
    let mut told = fixtures::session_at(Variant::After, 12.0);
    let mut pod = consumer(&told);
    let end = LastEnd { reason: "OOMKilled".to_owned(), exit_code: 137 };
    let waiting = Some("ContainerCreating".to_owned());
    pod.containers = vec![Container { last_end: Some(end), waiting, ..container(false, 1) }];
    pod.status = "ContainerCreating".to_owned();
    apply_event(&mut told, 12.5, EventKind::PodSeen(pod));
    told.1 = at(14.0);
    let pane = pane(&told, (37, 12));
    has(
        &pane,
        &[
            "○ my-consumer-app tt8wz       0/1",
            "Creating for 1.5 s",
            "restart 1",
            "last end: OOMKilled, exit 137",
        ],
    );
}

#[test]
fn a_pod_that_took_the_place_of_another_says_so_where_there_is_room() {
    let told = fixtures::session_at(Variant::After, 40.0);
    has(&pane(&told, (62, 18)), &["ready since T+35, in place of x2k8p"]);
}

#[test]
fn what_is_not_whole_without_a_pod_to_say_so_has_a_row() {
    let told = screens::at("before-long", 21.7);
    has(&pane(&told, SMALL), &["my-provider-app     scaled to 0 │"]);
    let mut told = fixtures::session_at(Variant::After, -1.0);
    let (namespace, name) = ("default".to_owned(), "worker".to_owned());
    apply_event(
        &mut told,
        -0.9,
        EventKind::WorkloadSeen(Workload { namespace, name, desired: 3, ready: 2, updated: 3 }),
    );
    has(&pane(&told, SMALL), &["worker                2/3 ready │"]);
}

#[test]
fn the_watch_is_doubted_in_the_title() {
    let mut told = fixtures::session_at(Variant::After, -1.0);
    let reason = "connection reset by peer".to_owned();
    let broken = SourceState::Reconnecting { reason: reason.clone() };
    for (source, state) in [
        (Source::Pods, broken.clone()),
        (Source::Pods, SourceState::Absent { reason }),
        (Source::Api, broken.clone()),
        (Source::Kubelets, broken),
    ] {
        apply_event(&mut told, -0.9, EventKind::SourceChanged { source, state });
        has(&pane(&told, SMALL), &[" STALE 0.", "connection reset by peer"]);
        apply_event(&mut told, -0.8, EventKind::SourceChanged { source, state: SourceState::Live });
        has(&pane(&told, SMALL), &[" live ─╮"]);
    }
}

#[test]
fn pods_that_were_never_seen_are_absent_not_stale() {
    let mut told = (Session::new(), fixtures::at(0.0));
    let state = SourceState::Absent { reason: "pods is forbidden".to_owned() };
    apply_event(&mut told, 0.0, EventKind::SourceChanged { source: Source::Pods, state });
    has(&pane(&told, SMALL), &[" ABSENT ─╮", "pods is forbidden"]);
}

#[test]
fn other_pods_are_counted_and_can_be_looked_for() {
    let mut told = fixtures::session_at(Variant::After, -1.0);
    let states = [("Running".to_owned(), 200), ("Pending".to_owned(), 3)].into();
    apply_event(&mut told, -0.9, EventKind::PodsCounted { namespace: "shop".to_owned(), states });
    has(&pane(&told, SMALL), &["all 205 pods: 202 Running, 3", "Pending"]);
    let key =
        |name: &str| PodKey { namespace: "shop".to_owned(), name: name.to_owned(), uid: name.to_owned() };
    let found = vec![(key("cart-5f6c-abcde"), "Running".to_owned())];
    apply_event(
        &mut told,
        -0.8,
        EventKind::PodsFound(FoundPods { text: "cart".to_owned(), pods: found, all: 4 }),
    );
    let view = View { filter: "cart".to_owned(), ..view() };
    let pane = rows(&cells(&told, &view, &Theme::default(), SMALL, pods)).join("\n");
    has(&pane, &["3 PODS  /cart", "cart-5f6c-abcde         Running", "and 3 more"]);
    assert!(!pane.contains("my-consumer-app"), "{pane}");
}

/// A session with many pods in play.
fn crowd(count: usize) -> SessionAt {
    let mut told = fixtures::session_at(Variant::After, -1.0);
    for n in 0..count {
        let mut seen = pod("default", &format!("shop-5f6c-{n:05}"));
        seen.containers = vec![container(true, 0)];
        apply_event(&mut told, -0.9, EventKind::PodSeen(seen));
    }
    told
}

#[test]
fn hundreds_of_pods_scroll_and_the_chosen_one_stays_in_sight() {
    let told = crowd(220);
    let pane = |view: &View| rows(&cells(&told, view, &Theme::default(), SMALL, pods)).join("\n");
    assert!(!pane(&view()).contains("00150"));
    let chosen = View { selected_pod: Some("uid-shop-5f6c-00150".to_owned()), ..view() };
    has(&pane(&chosen), &["00150"]);
    let mut scrolled = view();
    scrolled.scroll[2] = 215;
    has(&pane(&scrolled), &["00215"]);
}

#[test]
fn the_chosen_pod_is_a_bar_and_every_card_can_be_pointed_at() {
    let told = fixtures::session_at(Variant::After, -1.0);
    let theme = Theme::default();
    let view = View { selected_pod: Some(format!("uid-{OLD}")), ..view() };
    let (area, mut found) = (Rect::new(0, 0, SMALL.0, SMALL.1), None);
    let buffer = cells(&told, &view, &theme, SMALL, |canvas: &mut PaneBuffer, scene: &Scene| {
        pods(canvas, scene);
        found = scene.targets.borrow().of(&ClickTarget::Pod(format!("uid-{OLD}")));
    });
    let place = found.unwrap();
    assert_eq!(place.intersection(area), place);
    let bar = |buffer: &Buffer, y| (1..36).all(|x| Some(buffer[(x, y)].bg) == theme.fill(Role::Focus).bg);
    let filled: Vec<u16> = (0..SMALL.1).filter(|y| bar(&buffer, *y)).collect();
    assert_eq!(filled, [place.y]);
    assert!(rows(&buffer)[usize::from(place.y)].contains("x2k8p"));
}

#[test]
fn the_consumer_stands_first_and_what_was_hit_below_it() {
    let told = fixtures::session_at(Variant::After, 5.0);
    let names: Vec<&str> =
        super::listed(&told.0, "").into_iter().map(|row| row.pod.key.name.as_str()).collect();
    assert_eq!(names, ["my-consumer-app-5f6c-tt8wz", OLD, NEW]);
}

proptest! {
    /// The last part of a pod's name, its readiness and the time of a restart are shown in full.
    #[test]
    fn what_matters_is_never_cut(
        width in 34_u16..90, height in 9_u16..20, owner in "[a-z]{1,60}", leaf in "[a-z0-9]{5}", misses in 1_u32..3
    ) {
        let mut told = fixtures::session_at(Variant::After, 5.0);
        told.0.cluster.in_play.clear();
        let mut seen = pod("default", &format!("{owner}-5f6c-{leaf}"));
        seen.owner = Some(owner);
        seen.containers = vec![container(true, 0)];
        seen.liveness = Some(Liveness { path: Some("/a/long/path/to/health".to_owned()), period_s: 10, threshold: 3 });
        apply_event(&mut told, 5.0, EventKind::PodSeen(seen.clone()));
        apply_event(&mut told, 5.0, EventKind::Testified(failing()));
        for n in 0..misses {
            missed(&mut told, 5.5 + f64::from(n) * 10.0, &seen);
        }
        told.1 = at(6.0 + f64::from(misses - 1) * 10.0);
        let pane = pane(&told, (width, height));
        prop_assert!(pane.contains(&leaf) && pane.contains("1/1"), "{}", pane);
        prop_assert!(pane.contains("restart due T+26"), "{}", pane);
    }
}

//! The screen of a session that is still starting.

use super::{
    Overlay, Theme, View,
    msg::{Effect, Msg},
    tests::{drawn, text, view},
    update::update,
};
use crate::session::{
    Session,
    command::OpenCommand,
    event::{Event, EventKind, Timestamp},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;

fn apply_after(session: &mut Session, after: Duration, what: EventKind) {
    let event = Event { seq: session.events, at: BEGAN + after, what };
    session.apply(&event);
}

fn preparing(title: &str, doing: &str) -> EventKind {
    EventKind::Preparing { title: title.to_owned(), doing: doing.to_owned() }
}

/// The sandbox has been starting for 1.2 seconds.
fn starting() -> (Session, Timestamp) {
    let mut session = Session::new();
    let millis = Duration::from_millis;
    apply_after(&mut session, millis(0), preparing("", "reading kill-pod.json"));
    apply_after(
        &mut session,
        millis(300),
        preparing("A pod is killed", "starting the sandbox with the variant `after`"),
    );
    (session, BEGAN + millis(1500))
}

fn view_of(session: &Session) -> View {
    let mut view = View { starting: true, ..view() };
    update(&mut view, session, BEGAN, Msg::Changed);
    view
}

fn press(view: &mut View, session: &Session, code: KeyCode) -> Vec<Effect> {
    update(view, session, BEGAN, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))).effects
}

#[test]
fn it_says_what_is_done_and_what_is_not_known_is_not_claimed() {
    let session_at = starting();
    let view = view_of(&session_at.0);
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        for theme in [Theme::default(), Theme::named("mono").unwrap(), Theme::default().ascii()] {
            let shown = text(&drawn(&session_at, &view, &theme, width, height));
            for wanted in
                ["STARTING", "A pod is killed", "tarting the sandbox with the variant `after`", "q leave"]
            {
                assert!(shown.contains(wanted), "{wanted} at {width}x{height} in\n{shown}");
            }
            for unknown in ["no cluster", "READY", "nobody is asked"] {
                assert!(!shown.contains(unknown), "{unknown} at {width}x{height} in\n{shown}");
            }
            assert!(!theme.ascii || shown.is_ascii(), "{shown}");
        }
    }
    let shown = text(&drawn(&session_at, &view, &Theme::default(), 120, 36));
    let tasks: Vec<&str> =
        shown.lines().filter(|line| line.contains(" ✓ ") || line.contains(" ▸ ")).collect();
    assert!(tasks[0].contains("✓ reading kill-pod.json") && tasks[0].contains("0.3 s"), "{shown}");
    assert!(tasks[1].contains("▸ starting the sandbox") && tasks[1].contains("1.2 s"), "{shown}");
}

#[test]
fn nothing_can_be_steered_and_leaving_asks_nothing() {
    let (session, _) = starting();
    let mut view = view_of(&session);
    for key in [' ', 'F', 'a', 'o', 'A'] {
        assert_eq!(press(&mut view, &session, KeyCode::Char(key)), [], "{key}");
        assert_eq!(view.hint.as_deref(), Some("the session is still starting"), "{key}");
    }
    assert_eq!(press(&mut view, &session, KeyCode::Esc), []);
    assert_eq!(press(&mut view, &session, KeyCode::Char('q')), [Effect::Leave]);
    let mut view = view_of(&session);
    assert_eq!(update(&mut view, &session, BEGAN, Msg::Interrupted("SIGINT")).effects, [Effect::Leave]);
}

#[test]
fn once_it_is_open_every_key_works() {
    let (mut session, now) = starting();
    let mut view = view_of(&session);
    let opened = EventKind::SessionOpened {
        source: "kill-pod.json".to_owned(),
        context: None,
        namespace: "default".to_owned(),
        allowed: false,
    };
    apply_after(&mut session, Duration::from_secs(2), opened);
    assert!(!press(&mut view, &session, KeyCode::Char('a')).is_empty());
    let shown = text(&drawn(&(session, now), &view, &Theme::default(), 120, 36));
    assert!(
        shown.contains("READY") && shown.contains("no cluster") && !shown.contains("STARTING"),
        "{shown}"
    );
}

#[test]
fn without_a_cluster_the_sandbox_is_offered() {
    let (mut session, now) = starting();
    apply_after(&mut session, Duration::from_secs(1), EventKind::SandboxOffered);
    let open = |variant: &str| Effect::Send(OpenCommand::StartSandbox(variant.to_owned()).into());
    for (key, wanted) in [
        (KeyCode::Char('b'), vec![open("before")]),
        (KeyCode::Char('a'), vec![open("after")]),
        (KeyCode::Enter, vec![Effect::Send(OpenCommand::WithoutCluster.into())]),
        (KeyCode::Esc, vec![Effect::Leave]),
        (KeyCode::Char('q'), vec![Effect::Leave]),
        (KeyCode::Char(' '), vec![]),
    ] {
        let mut view = view_of(&session);
        assert_eq!(view.overlay, Some(Overlay::Sandbox));
        assert_eq!(press(&mut view, &session, key), wanted, "{key:?}");
    }
    let mut view = view_of(&session);
    for (width, height) in [(80, 24), (120, 36)] {
        let shown = text(&drawn(&(session.clone(), now), &view, &Theme::default(), width, height));
        assert!(shown.contains("NO CLUSTER") && shown.contains("go on without a cluster"), "{shown}");
    }
    // The session has moved on: the question is closed.
    apply_after(&mut session, Duration::from_secs(2), preparing("", "starting the sandbox"));
    update(&mut view, &session, BEGAN, Msg::Changed);
    assert_eq!(view.overlay, None);
}

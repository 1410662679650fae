use super::*;
use crate::{
    session::{Event, fixtures},
    tui::{
        ControlMode, Theme, View,
        keymap::Keymap,
        screens::{self, draw, text},
    },
};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Every recording of the tests, recorded anew in today's format.
fn recordings() -> &'static TempDir {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for name in fixtures::RECORDED {
            runtime.block_on(fixtures::record(&folder.path().join(name), screens::recorded(name)));
        }
        folder
    })
}

fn player(name: &str) -> (Player, watch::Receiver<Session>) {
    Player::new(Timeline::open(&recordings().path().join(name)).unwrap())
}

fn go(player: &mut Player, asked: &ReplayMove) -> Option<String> {
    player.make(asked, Instant::now())
}

/// Seconds since T0.
fn place(player: &Player) -> f64 {
    player.moment().duration_since(player.timeline.t0().unwrap()).as_millis_f64() / 1000.0
}

/// The frame of a replay at its moment.
fn frame(player: &Player, session: &Session, size: (u16, u16)) -> String {
    let view = View {
        finished: session.finished(),
        replay: Some(player.status()),
        ..View::new(Keymap::default(), ControlMode::Replay)
    };
    text(&draw(&(session.clone(), player.moment()), &view, None, &Theme::default(), size))
}

const MOMENTS: [f64; 5] = [-17.0, -1.5, 7.6, 21.3, f64::INFINITY];
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 50)];

/// The rows that are the same live: all but the header and the rows of keys; without the word LIVE of the time axis, where the
/// border is as much longer.
fn common(frame: &str) -> Vec<String> {
    let rows: Vec<&str> = frame.lines().collect();
    let plain = |row: &&str| {
        let is_axis = row.contains("TIMELINE");
        if is_axis { row.replace("  LIVE", "").replace('─', "") } else { (*row).to_owned() }
    };
    rows[1..rows.len() - 2].iter().map(plain).collect()
}

#[test]
fn the_screen_of_a_replay_is_the_live_one() {
    for name in fixtures::RECORDED {
        let (mut player, session) = player(name);
        for seconds in MOMENTS {
            let live = screens::at(name, seconds);
            assert_eq!(go(&mut player, &ReplayMove::To(live.1)), None);
            let moment = player.moment();
            assert!(seconds.is_infinite() || moment == live.1, "{name} at {seconds}");
            let view = View { finished: live.0.finished(), ..screens::view() };
            for size in SIZES {
                let was = text(&draw(&(live.0.clone(), moment), &view, None, &Theme::default(), size));
                let is = frame(&player, &session.borrow(), size);
                let differ: Vec<_> =
                    common(&was).into_iter().zip(common(&is)).filter(|(was, is)| was != is).collect();
                assert!(differ.is_empty(), "{name} at {seconds} in {size:?}: {differ:#?}");
            }
        }
    }
}

#[test]
fn a_replay_looks_like_this() {
    let (mut player, session) = player("after-kill");
    for seconds in MOMENTS {
        let moment = screens::at("after-kill", seconds).1;
        go(&mut player, &ReplayMove::To(moment));
        for size in SIZES {
            let name = format!("{}-at-{seconds}", size.0);
            insta::assert_snapshot!(name, frame(&player, &session.borrow(), size));
        }
    }
}

/// The picture of docs/replay.md.
#[test]
fn the_picture_of_the_page_is_that_of_the_program() {
    let (mut player, session) = player("after-kill");
    go(&mut player, &ReplayMove::To(screens::at("after-kill", 7.6).1));
    let view = View { replay: Some(player.status()), ..View::new(Keymap::default(), ControlMode::Replay) };
    let theme = Theme::default();
    let buffer = draw(&(session.borrow().clone(), player.moment()), &view, None, &theme, (120, 36));
    let title = format!("chaos-tui replays: {}", session.borrow().meta.title);
    screens::is_picture_of_the_docs("replay", &crate::tui::svg::svg(&buffer, &theme, &title));
}

#[tokio::test(start_paused = true)]
async fn it_plays_at_the_chosen_speed_and_stops_at_the_end() {
    let (mut player, session) = player("after-kill");
    go(&mut player, &ReplayMove::T0);
    assert_eq!((place(&player), player.is_playing()), (0.0, false));
    go(&mut player, &ReplayMove::PlayOrStop);
    tokio::time::advance(Duration::from_secs(2)).await;
    player.advance(Instant::now()).unwrap();
    assert_eq!(place(&player), 2.0);
    go(&mut player, &ReplayMove::Speed(Direction::Forward));
    go(&mut player, &ReplayMove::Speed(Direction::Forward));
    assert_eq!(player.status().speed, 4.0);
    tokio::time::advance(Duration::from_secs(2)).await;
    player.advance(Instant::now()).unwrap();
    assert_eq!(place(&player), 10.0, "the session is played four times as fast");
    assert_eq!(session.borrow().since_t0(player.moment()), Some(10.0));
    // What was played so far is kept when it stops.
    tokio::time::advance(Duration::from_secs(1)).await;
    go(&mut player, &ReplayMove::PlayOrStop);
    tokio::time::advance(Duration::from_secs(60)).await;
    player.advance(Instant::now()).unwrap();
    assert_eq!((place(&player), player.is_playing()), (14.0, false));
    go(&mut player, &ReplayMove::PlayOrStop);
    tokio::time::advance(Duration::from_secs(600)).await;
    player.advance(Instant::now()).unwrap();
    assert!(!player.is_playing() && session.borrow().finished());
    assert_eq!(player.status().moment, player.status().end);
    go(&mut player, &ReplayMove::PlayOrStop);
    assert_eq!(player.status().moment, player.status().begin, "at the end it plays from the beginning");
    for _ in 0..40 {
        go(&mut player, &ReplayMove::Speed(Direction::Back));
    }
    assert_eq!(player.status().speed, 0.1);
    for _ in 0..40 {
        go(&mut player, &ReplayMove::Speed(Direction::Forward));
    }
    assert_eq!(player.status().speed, 64.0);
}

#[tokio::test(start_paused = true)]
async fn it_moves_by_whole_seconds_and_by_events() {
    let (mut player, session) = player("after-kill");
    go(&mut player, &ReplayMove::To(screens::at("after-kill", 3.4).1));
    for (by, at) in [(1, 4.0), (1, 5.0), (-1, 4.0), (-1, 3.0)] {
        go(&mut player, &ReplayMove::Seconds(by));
        assert_eq!(place(&player), at);
    }
    go(&mut player, &ReplayMove::To(screens::at("after-kill", 3.4).1));
    go(&mut player, &ReplayMove::Seconds(-1));
    assert_eq!(place(&player), 3.0, "back to the second that has begun");

    go(&mut player, &ReplayMove::Begin);
    let all = player.status().landmarks.1;
    for number in 1..=all {
        let said = go(&mut player, &ReplayMove::Landmark(Direction::Forward));
        assert_eq!(said.as_ref(), player.timeline.landmarks().get(number - 1).map(|found| &found.text));
        assert_eq!(player.status().landmarks.0, number);
    }
    for number in (1..all).rev() {
        go(&mut player, &ReplayMove::Landmark(Direction::Back));
        assert_eq!(player.status().landmarks.0, number);
    }
    go(&mut player, &ReplayMove::Landmark(Direction::Back));
    let begin = player.status().begin;
    assert_eq!((player.moment(), session.borrow().events), (begin, 1), "the first event is at the beginning");
}

#[tokio::test(start_paused = true)]
async fn steps_and_notes_are_found_around_the_end() {
    let (mut player, _) = player("after-kill");
    let again = |direction| ReplayMove::FindAgain(direction);
    assert!(go(&mut player, &again(Direction::Forward)).unwrap().contains("/ finds"));
    let said = |player: &mut Player, asked: &ReplayMove| go(player, asked).unwrap();
    assert_eq!(said(&mut player, &ReplayMove::Find("KILL-the".to_owned())), "kill-the-providers-pod");
    let first = player.moment();
    let fired = said(&mut player, &again(Direction::Forward));
    assert!(fired.starts_with("kill-the-providers-pod was fired: "), "{fired}");
    assert_eq!(place(&player), 0.0);
    let hint = said(&mut player, &again(Direction::Forward));
    assert_eq!(hint, "kill-the-providers-pod (found from the beginning on)");
    assert_eq!(player.moment(), first);
    let hint = said(&mut player, &again(Direction::Back));
    assert!(hint.contains("(found from the end back)"), "{hint}");
    // What is no name of a step is looked for in all events.
    assert!(said(&mut player, &ReplayMove::Find("breaker open".to_owned())).starts_with("breaker OPEN"));
    let hint = go(&mut player, &ReplayMove::Find("nowhere".to_owned())).unwrap();
    assert!(hint.contains("no step and no note contains \"nowhere\""), "{hint}");
}

/// A damaged recording may hold any moments.
#[tokio::test]
async fn any_moments_can_be_moved_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.ctui");
    let mut events: Vec<Event> = screens::recorded("after-kill").to_vec();
    for (number, event) in events.iter_mut().enumerate().skip(40) {
        event.at = [Timestamp::MAX, Timestamp::MIN, Timestamp::UNIX_EPOCH][number % 3];
    }
    fixtures::record(&path, &events).await;
    let (mut player, _) = Player::new(Timeline::open(&path).unwrap());
    tokio::time::pause();
    for asked in [
        ReplayMove::PlayOrStop,
        ReplayMove::Seconds(1),
        ReplayMove::Seconds(-1),
        ReplayMove::End,
        ReplayMove::Seconds(1),
        ReplayMove::T0,
        ReplayMove::Landmark(Direction::Back),
        ReplayMove::To(Timestamp::MIN),
        ReplayMove::PlayOrStop,
    ] {
        go(&mut player, &asked);
        tokio::time::advance(Duration::from_secs(100)).await;
        player.status();
    }
}

//! The start screen at several sizes, and what its keys choose.

use super::{draw::draw, *};
use crate::tui::tests::text;
use ratatui::{buffer::Buffer, layout::Rect};

fn found(count: usize) -> Vec<FoundExperiment> {
    (0..count)
        .map(|i| FoundExperiment {
            path: format!("experiments/kill-{i}.json"),
            title: format!("Are users spared {i}?"),
        })
        .collect()
}

fn offer(count: usize) -> StartMenu {
    StartMenu { found: Some(found(count)), ..StartMenu::default() }
}

fn press(offer: &mut StartMenu, code: KeyCode) -> Option<StartChoice> {
    offer.pressed(&KeyEvent::new(code, KeyModifiers::NONE))
}

fn shown(offer: &StartMenu, theme: &Theme, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw(&mut buffer, area, offer, theme);
    text(&buffer)
}

#[test]
fn everything_is_there_at_every_size_and_in_every_theme() {
    let mono = Theme::named("mono").unwrap();
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        for theme in [Theme::default(), mono, mono.ascii(), Theme::named("light").unwrap()] {
            let shown = shown(&offer(3), &theme, width, height);
            for wanted in
                ["demo ", "sandbox ", "experiments/kill-2.json", "Are users spared 2?", "ENTER", "q leave"]
            {
                assert!(shown.contains(wanted), "{wanted} at {width}x{height} in\n{shown}");
            }
            assert!(!theme.ascii || shown.is_ascii(), "{shown}");
            assert!(shown.lines().all(|line| !line.contains('…')), "{shown}");
        }
    }
    insta::assert_snapshot!("start-80x24", shown(&offer(3), &Theme::default(), 80, 24));
    insta::assert_snapshot!("start-120x36", shown(&offer(3), &Theme::default(), 120, 36));
    let help = StartMenu { help: true, ..offer(3) };
    let explained = shown(&help, &Theme::default(), 80, 24);
    assert!(!explained.contains('…'), "{explained}");
    insta::assert_snapshot!("start-help-80x24", explained);
    for (width, height) in [(40, 12), (60, 14), (10, 3), (1, 1)] {
        shown(&offer(3), &Theme::default(), width, height);
        shown(&help, &Theme::default(), width, height);
    }
}

#[test]
fn what_is_not_known_yet_is_said_and_so_is_that_there_is_nothing() {
    let looking = shown(&StartMenu::default(), &Theme::default(), 80, 24);
    assert!(looking.contains("searching ..."), "{looking}");
    let none = shown(&offer(0), &Theme::default(), 80, 24);
    assert!(none.contains("none here; name one: chaos-tui experiment.json"), "{none}");
}

#[test]
fn arrows_choose_and_enter_opens() {
    let mut menu = offer(2);
    assert_eq!(press(&mut menu, KeyCode::Enter), Some(StartChoice::Demo));
    assert_eq!(press(&mut menu, KeyCode::Char('a')), None, "the demo has its own sandbox");
    press(&mut menu, KeyCode::Down);
    assert_eq!(press(&mut menu, KeyCode::Enter), Some(StartChoice::Sandbox { variant: "after" }));
    assert_eq!(press(&mut menu, KeyCode::Char('b')), Some(StartChoice::Sandbox { variant: "before" }));
    press(&mut menu, KeyCode::Char('j'));
    let experiment =
        |sandbox| Some(StartChoice::Experiment { path: "experiments/kill-0.json".to_owned(), sandbox });
    assert_eq!(press(&mut menu, KeyCode::Enter), experiment(None));
    assert_eq!(press(&mut menu, KeyCode::Char('a')), experiment(Some("after")));
    for _ in 0..9 {
        press(&mut menu, KeyCode::Down);
    }
    assert_eq!(menu.row, 3, "the last one");
    for _ in 0..9 {
        press(&mut menu, KeyCode::Up);
    }
    assert_eq!(press(&mut menu, KeyCode::Enter), Some(StartChoice::Demo));
    assert_eq!(press(&mut menu, KeyCode::Char('d')), Some(StartChoice::Demo));
    assert_eq!(press(&mut menu, KeyCode::Char('?')), None);
    assert!(menu.help);
    assert_eq!(press(&mut menu, KeyCode::Esc), None, "closes the help first");
    assert_eq!(press(&mut menu, KeyCode::Esc), Some(StartChoice::Leave));
    assert_eq!(press(&mut menu, KeyCode::Char('q')), Some(StartChoice::Leave));
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(menu.pressed(&interrupt), Some(StartChoice::Leave));
}

#[test]
fn the_chosen_one_of_many_is_always_in_sight() {
    let mut menu = offer(100);
    for _ in 0..101 {
        press(&mut menu, KeyCode::Down);
        let shown = shown(&menu, &Theme::default(), 80, 24);
        let marked: Vec<&str> = shown.lines().filter(|line| line.contains('▸')).collect();
        let name = menu.experiment().map_or("sandbox", |found| found.path.as_str());
        assert!(marked.len() == 1 && marked[0].contains(name), "{name} in\n{shown}");
    }
}

#[test]
fn names_from_outside_cannot_steer_the_terminal() {
    let found =
        vec![FoundExperiment { path: "a\x1b[2Jb.json".to_owned(), title: "\x1b]0;x\x07title".to_owned() }];
    let shown = shown(&StartMenu { found: Some(found), ..StartMenu::default() }, &Theme::default(), 80, 24);
    assert!(shown.contains("ab.json") && shown.contains("title") && !shown.contains('\x1b'), "{shown}");
}

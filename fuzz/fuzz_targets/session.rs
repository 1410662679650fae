//! Events of a session, changed: the reducer takes them, and the screen draws the result at three sizes.
//!
//! Input: a line of keys, then one event a line. The keys are pressed after the events, so that overlays, forms, zoom
//! and scrolling are drawn too.

#![no_main]

use chaos_tui::tui::{ControlMode, LogFeed, Msg, Scene, Theme, View, keymap::Keymap, render, update};
use chaos_tui_fuzz::{applied, mutate_json_lines, session_of};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::SignedDuration;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use ratatui::{buffer::Buffer, layout::Rect};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 50)];
/// The maximum number of keys that are pressed.
const KEYS: usize = 12;

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (keys, events) = data.split_at(end);
    let (session, count) = session_of(events);
    applied(count > 0);
    let Some(last) = session.last else { return };
    // The present is at the last event, or a little or an hour after it.
    let later = keys.first().map_or(0, |byte| [0, 0, 1, 7, 90, 3600][usize::from(*byte) % 6]);
    let now = last.checked_add(SignedDuration::from_secs(later)).unwrap_or(last);
    let controls = [ControlMode::Live, ControlMode::ReadOnly, ControlMode::Replay];
    let mut view = View::new(Keymap::default(), controls[keys.len() % 3]);
    for byte in keys.iter().skip(1).take(KEYS) {
        update(&mut view, &session, now, Msg::Key(key(*byte)));
    }
    let (theme, mut log) = (Theme::default(), LogFeed::default());
    log.follow(&session);
    for (width, height) in SIZES {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let scene = Scene::new(&session, &view, now, None);
        render(&mut buffer, area, &scene, &theme, &log);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json_lines(data, size, max_size, seed)
});

/// Printable characters are themselves; the others are the keys without a character.
fn key(byte: u8) -> KeyEvent {
    let codes = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Backspace,
        KeyCode::Delete,
    ];
    match byte {
        b' '..=b'~' => {
            let modifiers = if byte.is_ascii_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
            KeyEvent::new(KeyCode::Char(char::from(byte)), modifiers)
        }
        byte => KeyEvent::new(codes[usize::from(byte) % codes.len()], KeyModifiers::NONE),
    }
}

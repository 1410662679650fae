//! Pages that show a breaker: Prometheus text, and the JSON and event streams of libraries.
//!
//! The first byte says which format; the rest are pages with a zero byte between them, read one after the other as one
//! page that changes. What follows from them goes into a session.

#![no_main]

use chaos_tui::{
    observe::breaker::fuzzing::{PageFormat, read_pages},
    session::{Event, Session, event::Timestamp},
};
use chaos_tui_fuzz::applied;
use libfuzzer_sys::fuzz_target;

/// The maximum number of pages of one input.
const PAGES: usize = 6;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let format = match kind % 16 {
        0..=9 => PageFormat::Prometheus,
        10 => PageFormat::Mesh,
        11 => PageFormat::Breakers,
        12 => PageFormat::BreakerEvents,
        13 => PageFormat::Hystrix,
        _ => PageFormat::Health,
    };
    let began = Timestamp::from_second(1_795_352_700).expect("a valid second");
    let pages = rest.split(|byte| *byte == 0).take(PAGES);
    let events = read_pages(format, pages, began);
    let mut session = Session::new();
    for (seq, what) in (0..).zip(events) {
        session.apply(&Event { seq, at: began, what });
    }
    let belief = session.breaker.belief.as_ref();
    applied(belief.is_some_and(|belief| belief.breaker.is_some()));
});

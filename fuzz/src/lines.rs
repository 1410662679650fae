//! A session from JSON lines.

use chaos_tui::session::{Event, Session};

/// The events of those lines that are events; other lines are left out.
pub fn session_of(text: &[u8]) -> (Session, usize) {
    let mut session = Session::new();
    let events =
        text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Event>(line).ok());
    let mut count = 0;
    for event in events {
        session.apply(&event);
        count += 1;
    }
    (session, count)
}

/// Counts the runs of a target that reached what it is for, and prints the share at the end of the process:
/// `CHAOS_FUZZ_COUNT=1`.
pub fn applied(reached: bool) {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    static COUNTS: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];
    let all = COUNTS[0].fetch_add(1, Relaxed) + 1;
    let hits = COUNTS[1].fetch_add(u64::from(reached), Relaxed) + u64::from(reached);
    if all.is_power_of_two() && all >= 1024 && std::env::var_os("CHAOS_FUZZ_COUNT").is_some() {
        eprintln!("{hits} of {all} inputs passed the parser");
    }
}

//! Waits for what nothing announces.

use std::time::{Duration, Instant};

/// Generous: the machine that runs the tests may be busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// Looks until it holds. Pauses between two looks: the program under test needs the processor.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

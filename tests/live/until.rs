//! Waits for what nothing announces.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

/// Generous: the machine that runs the tests may be busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// Looks until it holds.
pub(crate) fn until(what: &str, holds: impl FnMut() -> bool) {
    until_seen(what, &true, holds);
}

/// Looks until it sees this. Pauses between two looks: the program under test needs the processor.
pub(crate) fn until_seen<T, W>(what: &str, wanted: &W, mut look: impl FnMut() -> T)
where
    T: Debug + PartialEq<W>,
    W: Debug + ?Sized,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look();
        if seen == *wanted {
            return;
        }
        assert!(Instant::now() < deadline, "waited for {what}: {seen:?} instead of {wanted:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

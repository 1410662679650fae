//! How often a page may be polled, so that all pages together cost little.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The bytes per second read of all pages together: at most some percent of a core.
const BYTES_PER_S: usize = 2 * 1024 * 1024;
/// The length up to which a page is never polled less often for the sake of others.
const LIGHT: usize = 16 * 1024;

/// The share of one page in the bytes of all pages, until it is no longer read.
pub(super) struct PageLoad {
    all: Arc<AtomicUsize>,
    mine: usize,
}

impl PageLoad {
    pub(super) fn on(all: &Arc<AtomicUsize>) -> Self {
        Self { all: all.clone(), mine: 0 }
    }

    /// Sets the page's present length; returns the minimum time between two polls that keeps all pages within the
    /// limit.
    pub(super) fn set(&mut self, bytes: usize) -> Duration {
        self.all.fetch_add(bytes, Ordering::Relaxed);
        let before = self.all.fetch_sub(self.mine, Ordering::Relaxed);
        let all = before.saturating_sub(self.mine);
        self.mine = bytes;
        match bytes {
            0..=LIGHT => Duration::ZERO,
            _ => Duration::from_secs_f64(all as f64 / BYTES_PER_S as f64),
        }
    }
}

impl Drop for PageLoad {
    fn drop(&mut self) {
        self.all.fetch_sub(self.mine, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_together_have_so_many_bytes_a_second() {
        let all = Arc::default();
        let mut pages: Vec<PageLoad> = (0..10).map(|_| PageLoad::on(&all)).collect();
        let mut small = PageLoad::on(&all);
        let waits: Vec<Duration> = pages.iter_mut().map(|page| page.set(BYTES_PER_S / 20)).collect();
        let last = waits.last().unwrap().as_millis();
        assert!((490..=500).contains(&last), "ten of them twice a second: {last} ms");
        assert_eq!(small.set(1000), Duration::ZERO, "who is read at no cost is not slowed by others");
        assert!(pages[0].set(BYTES_PER_S * 4) >= Duration::from_secs(4), "the long one waits");
        drop((pages, small));
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}

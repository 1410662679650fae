//! A bounded sample of values, the same for the same values in the same order.

/// The most values that are kept.
pub(super) const KEPT: usize = 10_000;

/// Keeps every value up to [`KEPT`], and from then on a uniform sample of all (algorithm R).
#[derive(Clone, Debug, Default)]
pub(super) struct Reservoir<T> {
    kept: Vec<T>,
    seen: u64,
    state: u64,
}

impl<T> Reservoir<T> {
    pub(super) fn push(&mut self, value: T) {
        self.seen += 1;
        if self.kept.len() < KEPT {
            self.kept.push(value);
            return;
        }
        let place = usize::try_from(self.random() % self.seen).unwrap_or(usize::MAX);
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = value;
        }
    }

    pub(super) fn into_kept(self) -> Vec<T> {
        self.kept
    }

    /// SplitMix64 from a fixed seed: two reports of one session are equal.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(count: u64) -> Vec<u64> {
        let mut reservoir = Reservoir::default();
        (0..count).for_each(|value| reservoir.push(value));
        reservoir.into_kept()
    }

    #[test]
    fn all_are_kept_while_there_are_few_and_a_fair_share_of_many() {
        assert_eq!(sampled(100), (0..100).collect::<Vec<_>>());
        let many = sampled(100_000);
        assert_eq!(many.len(), KEPT);
        assert_eq!(many, sampled(100_000), "it is the same again");
        let mean = many.iter().sum::<u64>() as f64 / KEPT as f64;
        assert!((mean - 50_000.0).abs() < 1_500.0, "{mean}");
    }
}

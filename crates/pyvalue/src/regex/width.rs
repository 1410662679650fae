//! How wide what a pattern matches can be: Python looks behind only by a fixed width.

/// A least and a most number of characters; a most that is too large to matter is as good as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Width {
    least: u64,
    most: u64,
}

impl Width {
    pub(super) const NONE: Self = Self { least: 0, most: 0 };
    pub(super) const ONE: Self = Self { least: 1, most: 1 };

    /// One after the other.
    pub(super) fn then(self, other: Self) -> Self {
        let most = self.most.saturating_add(other.most);
        Self { least: self.least.saturating_add(other.least), most }
    }

    /// Either.
    pub(super) fn or(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    /// Repeated.
    pub(super) fn times(self, least: u32, most: Option<u32>) -> Self {
        let most = most
            .map_or(if self.most == 0 { 0 } else { u64::MAX }, |most| self.most.saturating_mul(most.into()));
        Self { least: self.least.saturating_mul(least.into()), most }
    }

    pub(super) fn is_fixed(self) -> bool {
        self.least == self.most
    }
}

//! The width of the text that a pattern can match: Python allows only fixed-width look-behinds.

/// The minimum and maximum number of characters; `u64::MAX` means unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Width {
    least: u64,
    most: u64,
}

impl Width {
    pub(super) const NONE: Self = Self { least: 0, most: 0 };
    pub(super) const ONE: Self = Self { least: 1, most: 1 };

    /// Returns the width of a concatenation.
    pub(super) fn then(self, other: Self) -> Self {
        let most = self.most.saturating_add(other.most);
        Self { least: self.least.saturating_add(other.least), most }
    }

    /// Returns the width of an alternative.
    pub(super) fn or(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    /// Returns the width of a repetition.
    pub(super) fn times(self, least: u32, most: Option<u32>) -> Self {
        let most = most
            .map_or(if self.most == 0 { 0 } else { u64::MAX }, |most| self.most.saturating_mul(most.into()));
        Self { least: self.least.saturating_mul(least.into()), most }
    }

    pub(super) fn is_fixed(self) -> bool {
        self.least == self.most
    }
}

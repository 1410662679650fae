//! The five words about a run, and one for a fire of which nobody knows.

/// How the system stood the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunVerdict {
    /// Users did not notice.
    Resilient,
    /// Users got less, or later, but got something.
    Protected,
    /// Users were let down.
    NotResilient,
    /// There was nothing to stand.
    FaultNeverHappened,
    /// The fire failed, and nobody knows whether there was anything to stand.
    FaultNotConfirmed,
    /// Nobody looked, or not long enough.
    NotObservable,
}

impl RunVerdict {
    /// As sentences and lines write it.
    pub fn text(self) -> &'static str {
        match self {
            RunVerdict::Resilient => "RESILIENT",
            RunVerdict::Protected => "PROTECTED",
            RunVerdict::NotResilient => "NOT RESILIENT",
            RunVerdict::FaultNeverHappened => "FAULT NEVER HAPPENED",
            RunVerdict::FaultNotConfirmed => "FAULT NOT CONFIRMED",
            RunVerdict::NotObservable => "NOT OBSERVABLE",
        }
    }

    /// The same in big letters, where fourteen of them have room.
    pub fn big(self) -> &'static str {
        match self {
            RunVerdict::FaultNeverHappened => "NO FAULT",
            RunVerdict::FaultNotConfirmed => "NOT CONFIRMED",
            standing => standing.text(),
        }
    }

    /// The worst endpoint speaks for the run; one that could not be observed only if no other was.
    pub(super) fn severity(self) -> u8 {
        match self {
            RunVerdict::NotResilient => 0,
            RunVerdict::Protected => 1,
            RunVerdict::Resilient => 2,
            RunVerdict::NotObservable => 3,
            RunVerdict::FaultNeverHappened | RunVerdict::FaultNotConfirmed => 4,
        }
    }
}

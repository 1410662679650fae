//! The five words about a run, and one for a fire of which nobody knows.

/// How the system stood the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
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

impl Standing {
    /// As sentences and lines write it.
    pub fn text(self) -> &'static str {
        match self {
            Standing::Resilient => "RESILIENT",
            Standing::Protected => "PROTECTED",
            Standing::NotResilient => "NOT RESILIENT",
            Standing::FaultNeverHappened => "FAULT NEVER HAPPENED",
            Standing::FaultNotConfirmed => "FAULT NOT CONFIRMED",
            Standing::NotObservable => "NOT OBSERVABLE",
        }
    }

    /// The same in big letters, where fourteen of them have room.
    pub fn big(self) -> &'static str {
        match self {
            Standing::FaultNeverHappened => "NO FAULT",
            Standing::FaultNotConfirmed => "NOT CONFIRMED",
            standing => standing.text(),
        }
    }

    /// The worst endpoint speaks for the run; one that could not be observed only if no other was.
    pub(super) fn severity(self) -> u8 {
        match self {
            Standing::NotResilient => 0,
            Standing::Protected => 1,
            Standing::Resilient => 2,
            Standing::NotObservable => 3,
            Standing::FaultNeverHappened | Standing::FaultNotConfirmed => 4,
        }
    }
}

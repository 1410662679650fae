//! The five verdicts about a run, and one for a fire whose effect is unknown.

/// How the system withstood the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunVerdict {
    /// Users did not notice.
    Resilient,
    /// Users got less, or later, but got something.
    Protected,
    /// Users were let down.
    NotResilient,
    /// There was no fault to withstand.
    FaultNeverHappened,
    /// The fire failed, and whether there was a fault is unknown.
    FaultNotConfirmed,
    /// Users were not observed, or not for long enough.
    NotObservable,
}

impl RunVerdict {
    const ALL: [RunVerdict; 6] = [
        RunVerdict::Resilient,
        RunVerdict::Protected,
        RunVerdict::NotResilient,
        RunVerdict::FaultNeverHappened,
        RunVerdict::FaultNotConfirmed,
        RunVerdict::NotObservable,
    ];

    /// Returns its name in files: `not-resilient`.
    pub fn key(self) -> String {
        self.text().to_lowercase().replace(' ', "-")
    }

    /// Returns the verdict of a name in files.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.key() == key)
    }

    /// Returns the text for sentences and lines.
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

    /// Returns the text for big letters, of which fourteen fit.
    pub fn big_text(self) -> &'static str {
        match self {
            RunVerdict::FaultNeverHappened => "NO FAULT",
            RunVerdict::FaultNotConfirmed => "NOT CONFIRMED",
            standing => standing.text(),
        }
    }

    /// Returns the rank by which the endpoint with the lowest one decides the verdict of the run: the worst, and an
    /// unobservable one only if no other was observed.
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

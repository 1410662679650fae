//! How far the reference is followed where its behaviour may harm (docs/differences.md).

/// Whether the deliberate differences hold. Each question is about one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Compat {
    /// They do: whatever happens, the run rolls back as the strategy says and leaves its journal.
    #[default]
    Safe,
    /// They do not: `--strict-compat`.
    Strict,
}

impl Compat {
    fn is_strict(self) -> bool {
        self == Self::Strict
    }

    /// What nobody expected in the hypothesis or the rollbacks, a tolerance that cannot be evaluated among it, ends
    /// everything at once: no rollbacks, no journal.
    pub(crate) fn crashes(self) -> bool {
        self.is_strict()
    }

    /// SIGTERM during a Python activity only fails that activity.
    pub(crate) fn swallows_sigterm(self) -> bool {
        self.is_strict()
    }

    /// SIGHUP is not heard, so that it kills.
    pub(crate) fn ends_on_hangup(self) -> bool {
        self.is_strict()
    }

    /// After a signal, background activities are awaited for as long as they take.
    pub(crate) fn awaits_background(self) -> bool {
        self.is_strict()
    }

    /// An automatic control is applied once for each control of the activity's or hypothesis' own.
    pub(crate) fn repeats_controls(self) -> bool {
        self.is_strict()
    }

    /// A rollback that failed changes nothing about the exit code.
    pub(crate) fn forgives_rollbacks(self) -> bool {
        self.is_strict()
    }

    /// A Python result that JSON cannot hold costs the journal.
    pub(crate) fn needs_json(self) -> bool {
        self.is_strict()
    }

    /// The log file where none is named.
    pub(crate) fn log_file(self) -> Option<&'static str> {
        self.is_strict().then_some("chaostoolkit.log")
    }
}

//! How far the run follows the reference where the reference's behaviour may harm (docs/differences.md).

/// Whether the deliberate differences from the reference hold. Each method is about one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Compat {
    /// They hold: in every case the run rolls back as the strategy says and writes its journal.
    #[default]
    Safe,
    /// They do not hold: `--strict-compat`.
    Strict,
}

impl Compat {
    fn is_strict(self) -> bool {
        self == Self::Strict
    }

    /// An unexpected error in the hypothesis or the rollbacks, such as a tolerance that cannot be evaluated, ends the
    /// run at once: no rollbacks, no journal.
    pub(crate) fn crashes(self) -> bool {
        self.is_strict()
    }

    /// A second signal ends the rollbacks that a first one has led to.
    pub(crate) fn ends_rollbacks_at_once(self) -> bool {
        self.is_strict()
    }

    /// SIGTERM during a Python activity only fails that activity.
    pub(crate) fn swallows_sigterm(self) -> bool {
        self.is_strict()
    }

    /// SIGHUP, SIGQUIT and SIGXCPU are not handled, so that they kill the process.
    pub(crate) fn dies_of_signals(self) -> bool {
        self.is_strict()
    }

    /// After a signal, the run waits for background activities without a time limit.
    pub(crate) fn awaits_background(self) -> bool {
        self.is_strict()
    }

    /// An automatic control is applied once for each control that the activity or hypothesis declares itself.
    pub(crate) fn repeats_controls(self) -> bool {
        self.is_strict()
    }

    /// A failed rollback does not change the exit code.
    pub(crate) fn forgives_rollbacks(self) -> bool {
        self.is_strict()
    }

    /// If JSON cannot hold a Python result, no journal is written.
    pub(crate) fn needs_json(self) -> bool {
        self.is_strict()
    }

    /// The log file if none is named.
    pub(crate) fn log_file(self) -> Option<&'static str> {
        self.is_strict().then_some("chaostoolkit.log")
    }
}

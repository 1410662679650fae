//! When the hypothesis is checked and when rollbacks run (experiment-format 2.5, 7.1, 9).

use crate::{
    experiment::{Experiment, Runtime},
    session::event::RunStatus,
};
use std::str::FromStr;

/// When the hypothesis is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HypothesisStrategy {
    /// Before and after the method.
    Default,
    BeforeMethodOnly,
    AfterMethodOnly,
    /// Only while the method runs.
    DuringMethodOnly,
    /// Before, during and after.
    Continuously,
    Skip,
}

impl HypothesisStrategy {
    /// Returns the name that the console prints.
    pub(crate) fn printed(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::BeforeMethodOnly => "before-method-only",
            Self::AfterMethodOnly => "after-method-only",
            Self::DuringMethodOnly => "during-method-only",
            Self::Continuously => "continuous",
            Self::Skip => "skip",
        }
    }

    /// Whether a pass runs before the method.
    pub(crate) fn before(self) -> bool {
        matches!(self, Self::Default | Self::BeforeMethodOnly | Self::Continuously)
    }

    /// Whether passes run during the method.
    pub(crate) fn during(self) -> bool {
        matches!(self, Self::DuringMethodOnly | Self::Continuously)
    }

    /// Whether a pass runs after the method.
    pub(crate) fn after(self) -> bool {
        matches!(self, Self::Default | Self::AfterMethodOnly | Self::Continuously)
    }
}

impl FromStr for HypothesisStrategy {
    type Err = String;

    /// Parses the names used by files and the command line; accepts the misspelling `continously`, not `continuous`.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "default" => Ok(Self::Default),
            "before-method-only" => Ok(Self::BeforeMethodOnly),
            "after-method-only" => Ok(Self::AfterMethodOnly),
            "during-method-only" => Ok(Self::DuringMethodOnly),
            "continuously" | "continously" => Ok(Self::Continuously),
            "skip" => Ok(Self::Skip),
            _ => Err(format!(
                "'{name}' is no steady-state strategy; use default, before-method-only, after-method-only, \
                 during-method-only, continuously or skip"
            )),
        }
    }
}

/// When rollbacks run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RollbackStrategy {
    /// Unless the run failed or was interrupted.
    Default,
    Always,
    Never,
    /// Only after a deviation.
    Deviated,
    /// An unknown name: rollbacks never run, and no line is logged.
    Unknown(String),
}

impl RollbackStrategy {
    /// Accepts every name, as the reference does.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "default" => Self::Default,
            "always" => Self::Always,
            "never" => Self::Never,
            "deviated" => Self::Deviated,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Returns the name that the console prints.
    pub(crate) fn printed(&self) -> &str {
        match self {
            Self::Default => "default",
            Self::Always => "always",
            Self::Never => "never",
            Self::Deviated => "deviated",
            Self::Unknown(name) => name,
        }
    }

    /// Returns whether rollbacks run, and the line that the console prints about it.
    pub(super) fn decide(&self, status: Option<RunStatus>, deviated: bool) -> (bool, Option<&'static str>) {
        match self {
            Self::Default => (!matches!(status, Some(RunStatus::Failed | RunStatus::Interrupted)), None),
            Self::Always => (true, Some("Rollbacks were explicitly requested to be played")),
            Self::Never => (false, Some("Rollbacks were explicitly requested to not be played")),
            Self::Deviated if deviated => {
                (true, Some("Rollbacks will be played only because the experiment deviated"))
            }
            Self::Deviated => (
                false,
                Some(
                    "Rollbacks were explicitely requested to be played only if the experiment deviated. \
                     Since this is not the case, we will not play them.",
                ),
            ),
            Self::Unknown(_) => (false, None),
        }
    }
}

/// Returns the strategies in force: the command line before the experiment before the settings.
///
/// Fails for a malformed `runtime` and an unknown hypothesis strategy, with which the reference fails at the start.
pub(crate) fn strategies(
    hypothesis: Option<&str>,
    rollbacks: Option<&str>,
    experiment: &Experiment,
    settings: Option<Runtime>,
) -> Result<(HypothesisStrategy, RollbackStrategy), String> {
    let declared = experiment.runtime().map_err(|error| error.to_string())?.or(settings);
    let default = || "default".to_owned();
    let hypothesis =
        hypothesis.map(str::to_owned).or_else(|| declared.as_ref().map(|runtime| runtime.hypothesis.clone()));
    let rollbacks = rollbacks.map(str::to_owned).or_else(|| declared.map(|runtime| runtime.rollbacks));
    Ok((
        hypothesis.unwrap_or_else(default).parse()?,
        RollbackStrategy::named(&rollbacks.unwrap_or_else(default)),
    ))
}

#[cfg(test)]
mod tests {
    use super::{HypothesisStrategy, RollbackStrategy};
    use crate::session::event::RunStatus::{Aborted, Completed, Failed, Interrupted};

    #[test]
    fn c087_rollbacks_follow_their_strategy() {
        let table = [
            ("default", [true, false, true, false], [true, false, true, false]),
            ("always", [true; 4], [true; 4]),
            ("never", [false; 4], [false; 4]),
            ("deviated", [false; 4], [true; 4]),
            ("sometimes", [false; 4], [false; 4]),
        ];
        let statuses = [None, Some(Failed), Some(Aborted), Some(Interrupted)];
        for (name, plain, deviated) in table {
            let strategy = RollbackStrategy::named(name);
            assert_eq!(strategy.printed(), name);
            assert_eq!(statuses.map(|status| strategy.decide(status, false).0), plain, "{name}");
            assert_eq!(statuses.map(|status| strategy.decide(status, true).0), deviated, "{name} deviated");
        }
        assert!(RollbackStrategy::Default.decide(Some(Completed), true).0);
    }

    #[test]
    fn names_of_hypothesis_strategies() {
        for (name, printed) in [
            ("default", "default"),
            ("before-method-only", "before-method-only"),
            ("after-method-only", "after-method-only"),
            ("during-method-only", "during-method-only"),
            ("continuously", "continuous"),
            ("continously", "continuous"),
            ("skip", "skip"),
        ] {
            assert_eq!(name.parse::<HypothesisStrategy>().unwrap().printed(), printed);
        }
        assert!("continuous".parse::<HypothesisStrategy>().is_err());
    }
}

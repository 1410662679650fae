//! `run --fail-on`: an optional exit code that depends on the verdict about users.

use crate::{
    insight::{self, RunVerdict},
    session::{Session, event::Timestamp, state::SafetyBasis},
};

/// The exit code if a condition of `--fail-on` applies.
pub(super) const CODE: u8 = 3;

/// A condition under which the run counts as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOn {
    /// The verdict is not RESILIENT
    NotResilient,
    /// Nothing was fired, or the effect of the fire is not confirmed
    FaultNeverHappened,
    /// The effect on users could not be observed
    NotObservable,
    /// Users or targets had not recovered a minute after the end
    NotRecovered,
}

/// Returns the first condition that applies, as a line for the console.
pub(super) fn first_match(session: &Session, now: Timestamp, fail_on: &[FailOn]) -> Option<String> {
    let conclusion = insight::conclusion(session, now);
    let verdict = || format!("{}: {}", conclusion.verdict.text(), conclusion.because());
    fail_on.iter().find_map(|condition| {
        let (name, why) = match condition {
            FailOn::NotResilient => {
                ("not-resilient", (conclusion.verdict != RunVerdict::Resilient).then(verdict)?)
            }
            FailOn::FaultNeverHappened => {
                let never = matches!(
                    conclusion.verdict,
                    RunVerdict::FaultNeverHappened | RunVerdict::FaultNotConfirmed
                );
                ("fault-never-happened", never.then(verdict)?)
            }
            FailOn::NotObservable => {
                ("not-observable", (conclusion.verdict == RunVerdict::NotObservable).then(verdict)?)
            }
            FailOn::NotRecovered => ("not-recovered", recovery_problem(session, now)?),
        };
        Some(format!("Exit code {CODE}, as --fail-on {name} asks for: {why}"))
    })
}

/// Returns why the system has not recovered, or `None` if it has.
fn recovery_problem(session: &Session, now: Timestamp) -> Option<String> {
    match &session.safety {
        Some(safety) if safety.final_check.as_ref().is_some_and(|done| done.met) => {
            (session.safety_basis() == SafetyBasis::Unknown).then(|| session.safety_text())
        }
        Some(_) => Some(session.safety_text()),
        None => insight::needs_recovery(session, now).then(|| "the fault is still on".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::fixtures::{self, Variant};

    #[test]
    fn each_condition_is_found_where_it_is_so_and_nowhere_else() {
        use FailOn::{FaultNeverHappened, NotObservable, NotRecovered, NotResilient};
        let all = [NotResilient, FaultNeverHappened, NotObservable, NotRecovered];
        let found = |(session, now): &(Session, Timestamp)| {
            let applies = |condition: &&FailOn| super::first_match(session, *now, &[**condition]).is_some();
            all.iter().filter(applies).copied().collect::<Vec<_>>()
        };
        let cases = [
            ("not resilient", fixtures::finished(Variant::Before), vec![NotResilient]),
            ("protected", fixtures::finished(Variant::After), vec![NotResilient]),
            ("nothing fired", fixtures::steady(), vec![NotResilient, FaultNeverHappened]),
            (
                "too short",
                fixtures::session_at(Variant::After, 1.0),
                vec![NotResilient, NotObservable, NotRecovered],
            ),
            ("still on", fixtures::before_failing(), vec![NotResilient, NotRecovered]),
        ];
        for (name, state, wanted) in cases {
            assert_eq!(found(&state), wanted, "{name}");
        }
        let (session, now) = fixtures::finished(Variant::Before);
        let line = super::first_match(&session, now, &all).unwrap();
        assert!(
            line.starts_with(
                "Exit code 3, as --fail-on not-resilient asks for: NOT RESILIENT: 60 of 70 users"
            ),
            "{line}"
        );
        assert_eq!(super::first_match(&session, now, &[]), None);
    }
}

//! What a session leaves on: fired steps whose rollbacks were not played.

use crate::session::{
    event::{Section, StepRef},
    state::{Session, StepState},
};

/// How many targets of a step a sentence names.
const TARGETS_NAMED: usize = 3;

/// The fired steps and the declared rollbacks that were not played to their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOn {
    /// The fired steps, in the order in which they were first fired.
    pub fired: Vec<FiredStep>,
    /// The names of the rollbacks that were not played, or were cut short, in order of execution.
    pub rollbacks: Vec<String>,
}

/// A fired step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiredStep {
    pub step: StepRef,
    pub name: String,
    /// The objects it hit, without duplicates; empty if they are not known.
    pub targets: Vec<String>,
}

/// Returns what is still on: `None` if nothing was fired, no rollback is declared, or all of them were played.
///
/// A rollback that was played and failed is not listed: [`super::rollback_failure_text`] reports it. A rollback that is
/// running is listed, because it may not come to its end.
pub fn left_on(session: &Session) -> Option<LeftOn> {
    let fault = session.fault.as_ref()?;
    let rollbacks: Vec<String> = session
        .steps
        .rows
        .iter()
        .filter(|row| row.step.at.section == Section::Rollbacks && !was_played(&row.state))
        .map(|row| row.step.name.clone())
        .collect();
    if rollbacks.is_empty() {
        return None;
    }
    let mut fired: Vec<FiredStep> = Vec::new();
    for firing in &fault.fires {
        let place = fired.iter().position(|known| known.step == firing.step).unwrap_or_else(|| {
            let row = session.steps.row(firing.step);
            let name = row.map_or_else(|| firing.what.clone(), |row| row.step.name.clone());
            fired.push(FiredStep { step: firing.step, name, targets: Vec::new() });
            fired.len() - 1
        });
        let targets = &mut fired[place].targets;
        for target in &firing.targets {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
    }
    (!fired.is_empty()).then_some(LeftOn { fired, rollbacks })
}

/// Whether a rollback in this state was played to its end, with any result.
fn was_played(state: &StepState) -> bool {
    use StepState::{Failed, NotMet, Succeeded};
    matches!(state, Succeeded | Failed | NotMet)
}

impl LeftOn {
    /// How the operator undoes it, and how to have rollbacks played next time.
    pub const REMEDY: &str = "`chaos-tui recover` undoes it; with `--rollback-strategy always` a run that is \
                              interrupted before its rollbacks plays them";

    /// Describes what is on, in one sentence without a full stop.
    pub fn text(&self) -> String {
        let fired: Vec<String> = self.fired.iter().map(FiredStep::text).collect();
        let rollbacks: Vec<String> = self.rollbacks.iter().map(|name| format!("'{name}'")).collect();
        let were = |count: usize| if count == 1 { "was" } else { "were" };
        format!(
            "{} {} fired and not rolled back: {} {} not played",
            fired.join(", "),
            were(fired.len()),
            rollbacks.join(", "),
            were(rollbacks.len())
        )
    }
}

impl FiredStep {
    /// Names the step and its first targets.
    fn text(&self) -> String {
        let targets = match self.targets.len() {
            0 => return format!("'{}'", self.name),
            count if count > TARGETS_NAMED => {
                let more = count - TARGETS_NAMED;
                format!("{} and {more} more", self.targets[..TARGETS_NAMED].join(", "))
            }
            _ => self.targets.join(", "),
        };
        format!("'{}' ({targets})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        Event, EventKind,
        event::{ActivityOutcome, RunId},
        fixtures::{self, at},
    };

    const FIRST: StepRef = StepRef { section: Section::Rollbacks, index: 0 };
    const SECOND: StepRef = StepRef { section: Section::Rollbacks, index: 1 };

    /// A session with a fault, and with rollbacks of these names.
    fn fired(rollbacks: &[&str]) -> Session {
        let (mut session, _) = fixtures::before_failing();
        let row = session.steps.rows[0].clone();
        for (index, name) in rollbacks.iter().enumerate() {
            let mut row = row.clone();
            row.step.at = StepRef { section: Section::Rollbacks, index };
            row.step.name = (*name).to_owned();
            row.state = StepState::Waiting;
            session.steps.rows.push(row);
        }
        session
    }

    fn tell(session: &mut Session, what: EventKind) {
        session.apply(&Event { seq: 0, at: at(60.0), what });
    }

    fn played(session: &mut Session, step: StepRef, succeeded: Option<bool>) {
        let (run, entry) = (RunId(90 + step.index as u64), pyvalue::Value::Null);
        tell(
            session,
            EventKind::ActivityStarted { run, step, name: "undo".to_owned(), entry: entry.clone() },
        );
        let outcome = ActivityOutcome {
            succeeded,
            tolerance_met: None,
            summary: String::new(),
            trouble: None,
            seconds: 0.1,
        };
        tell(session, EventKind::ActivityEnded { run, step, outcome, entry });
    }

    #[test]
    fn nothing_is_left_without_a_fire_or_without_rollbacks() {
        let mut session = fired(&["undo"]);
        session.fault = None;
        assert_eq!(left_on(&session), None);
        assert_eq!(left_on(&fired(&[])), None);
    }

    #[test]
    fn rollbacks_that_were_not_played_are_named_until_all_were() {
        let mut session = fired(&["scale back", "open the gate"]);
        let left = left_on(&session).unwrap();
        assert_eq!(left.rollbacks, ["scale back", "open the gate"]);
        assert_eq!(
            left.text(),
            "'kill-provider-microservice' (pod/my-provider-app-6c8b-x2k8p) was fired and not rolled back: 'scale back', \
             'open the gate' were not played"
        );
        // A rollback that failed was played; one that was cut short or skipped was not.
        played(&mut session, FIRST, Some(false));
        assert_eq!(left_on(&session).unwrap().rollbacks, ["open the gate"]);
        played(&mut session, SECOND, None);
        assert_eq!(left_on(&session).unwrap().rollbacks, ["open the gate"]);
        tell(&mut session, EventKind::StepSkipped { step: SECOND, name: String::new() });
        assert_eq!(left_on(&session).unwrap().rollbacks, ["open the gate"]);
        played(&mut session, SECOND, Some(true));
        assert_eq!(left_on(&session), None);
    }

    #[test]
    fn a_step_that_was_fired_twice_is_named_once_with_all_its_targets() {
        let mut session = fired(&["undo"]);
        let step = StepRef { section: Section::Method, index: 0 };
        let targets = ["a", "b", "c", "a"].map(str::to_owned).to_vec();
        tell(&mut session, EventKind::FaultFired { step, what: "again".to_owned(), targets });
        let left = left_on(&session).unwrap();
        assert_eq!(left.fired.len(), 1);
        assert_eq!(left.fired[0].targets, ["pod/my-provider-app-6c8b-x2k8p", "a", "b", "c"]);
        for (targets, text) in [
            (6, "'kill-provider-microservice' (pod/my-provider-app-6c8b-x2k8p, a, b and 3 more) was fired"),
            (4, "'kill-provider-microservice' (pod/my-provider-app-6c8b-x2k8p, a, b and 1 more) was fired"),
            (3, "'kill-provider-microservice' (pod/my-provider-app-6c8b-x2k8p, a, b) was fired"),
            (0, "'kill-provider-microservice' was fired"),
        ] {
            let mut left = left.clone();
            left.fired[0].targets.extend(["d", "e"].map(str::to_owned));
            left.fired[0].targets.truncate(targets);
            assert!(left.text().starts_with(text), "{}", left.text());
        }
    }
}

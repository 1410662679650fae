//! What was undone after a fault, and what is still on.

use super::{LeftOn, left_on, rollback_failure_text, verdict::targets_not_back};
use crate::session::{
    event::Section,
    state::{Session, StepState},
};

/// What was undone, and what is still on, one sentence each without a full stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aftermath {
    pub undone: Vec<String>,
    pub still_on: Vec<String>,
}

/// Returns what was undone, and what is still on as far as it is known.
pub fn aftermath(session: &Session) -> Aftermath {
    let mut aftermath = Aftermath::default();
    let rollbacks = session.steps.rows.iter().filter(|row| row.step.at.section == Section::Rollbacks);
    for row in rollbacks.filter(|row| !row.failed() && row.state == StepState::Succeeded) {
        aftermath.undone.push(format!("rollback '{}' was played", row.step.name));
    }
    if let Some((_, undone)) = &session.undo.done {
        aftermath.undone.extend(undone.restored.iter().cloned());
        aftermath.still_on.extend(undone.failed.iter().cloned());
    }
    aftermath.still_on.extend(session.steps.failed_rollbacks().map(rollback_failure_text));
    aftermath.still_on.extend(left_on(session).map(|left| format!("{}; {}", left.text(), LeftOn::REMEDY)));
    aftermath.still_on.extend(targets_not_back(session));
    let last = session.safety.as_ref().and_then(|safety| safety.final_check.as_ref());
    if let Some(check) = last {
        let list = if check.met { &mut aftermath.undone } else { &mut aftermath.still_on };
        list.push(session.safety_text());
    }
    aftermath
}

#[cfg(test)]
mod tests {
    use super::aftermath;
    use crate::session::{Session, fixtures};

    #[test]
    fn nothing_is_on_where_nothing_was_fired_and_what_is_away_is_said() {
        assert_eq!(aftermath(&Session::new()), super::Aftermath::default());
        let (failing, _) = fixtures::before_failing();
        assert!(!aftermath(&failing).still_on.is_empty());
        let (whole, _) = fixtures::recorded_whole("after-kill");
        assert_eq!(aftermath(&whole).still_on, [] as [&str; 0]);
    }
}

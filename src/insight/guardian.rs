//! Whether a fault needs a guardian, and what a suspended session leaves on.

use crate::session::{event::Section, state::Session};

/// Whether the latest fire does not end by itself and there is something that would undo it: rollbacks, or an undo kit.
pub fn needs_guardian(session: &Session) -> bool {
    let Some(firing) = session.fault.as_ref().and_then(|fault| fault.fires.last()) else { return false };
    let kit = session.undo.kits.get(&firing.step).is_some_and(|kit| kit.needed);
    let rollbacks = session.steps.rows.iter().any(|row| row.step.at.section == Section::Rollbacks);
    let card = session.target.as_ref().filter(|card| card.step == firing.step);
    let returns = card.is_some_and(|card| card.comes_back.starts_with("yes"));
    kit || rollbacks && !returns
}

/// What is on while the session is suspended, and what becomes of it; `None` unless a fault is on. `resume` is how the
/// operator comes back.
pub fn suspension_notice(session: &Session, resume: &str) -> Option<String> {
    let fault = session.fault.as_ref().filter(|fault| fault.is_on())?;
    let what = fault.fires.last().map_or("a fault", |firing| firing.what.as_str());
    let then = match session.guardian.lease_s {
        Some(seconds) => format!("undone in {seconds} s unless you come back ({resume})"),
        None => format!("it stays on until you come back ({resume})"),
    };
    Some(format!("still on: {what}; {then}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        Event, EventKind,
        event::GuardianNews,
        fixtures::{self, Variant},
    };

    #[test]
    fn what_comes_back_by_itself_needs_no_guardian() {
        let (mut session, _) = fixtures::session_at(Variant::After, 5.0);
        let step = session.fault.as_ref().unwrap().fires[0].step;
        assert!(!needs_guardian(&fixtures::steady().0), "nothing was fired");
        session.undo.kits.clear();
        let rollbacks = session.steps.rows.iter().any(|row| row.step.at.section == Section::Rollbacks);
        assert!(!needs_guardian(&session) || rollbacks, "nothing would undo it");
        let kit = |needed| crate::session::event::UndoKit {
            step,
            manifests: vec!["Deployment a".to_owned()],
            cost: String::new(),
            needed,
            file: None,
        };
        session.undo.kits.insert(step, kit(false));
        let without = needs_guardian(&session);
        session.undo.kits.insert(step, kit(true));
        assert!(needs_guardian(&session));
        let mut row = session.steps.rows[0].clone();
        row.step.at.section = Section::Rollbacks;
        session.steps.rows.push(row);
        session.undo.kits.clear();
        session.target = session.target.map(|card| crate::session::event::TargetCard {
            step,
            comes_back: "yes: a new pod, by the ReplicaSet of a".to_owned(),
            ..card
        });
        assert_eq!((without, needs_guardian(&session)), (false, session.target.is_none()));
        if let Some(card) = &mut session.target {
            card.comes_back = "not known".to_owned();
        }
        assert!(needs_guardian(&session));
    }

    #[test]
    fn who_suspends_the_session_is_told_what_is_on() {
        assert_eq!(suspension_notice(&fixtures::steady().0, "fg"), None);
        let (mut session, now) = fixtures::session_at(Variant::After, 5.0);
        let notice = suspension_notice(&session, "fg").unwrap();
        assert!(
            notice.starts_with("still on: ") && notice.ends_with("; it stays on until you come back (fg)"),
            "{notice}"
        );
        let what = EventKind::Guardian(GuardianNews::Guards { lease_s: 30 });
        session.apply(&Event { seq: 0, at: now, what });
        assert!(
            suspension_notice(&session, "fg")
                .unwrap()
                .ends_with("; undone in 30 s unless you come back (fg)")
        );
        assert_eq!(suspension_notice(&fixtures::after_closed().0, "fg"), None, "it is over");
    }
}

//! Checks whether the objects that steps name exist.

use super::{StepToCheck, fix};
use crate::{
    cluster::Connection,
    provider::kubernetes::{absence, resolve},
    session::event::PreflightCheck,
};

/// One line for each step whose object is missing.
pub(super) async fn check(subjects: &[StepToCheck<'_>], connection: &Connection) -> Vec<PreflightCheck> {
    let mut checks = Vec::new();
    let mut reported = Vec::new();
    for subject in subjects {
        let Some(native) = resolve(subject.text("module"), subject.text("func")) else { continue };
        // Objects that cannot be looked up are reported by the other checks.
        let Ok(Some(absent)) = absence(connection, native, &subject.arguments()).await else { continue };
        if !reported.contains(&absent) {
            let remedy = "correct the step's arguments, or deploy the named object".to_owned();
            checks.push(fix(format!("{}: {absent}", subject.title()), Some(remedy)));
            reported.push(absent);
        }
    }
    checks
}

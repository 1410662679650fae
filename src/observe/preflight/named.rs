//! Whether the objects that steps name are there.

use super::{StepToCheck, fix};
use crate::cluster::Connection;
use crate::provider::kubernetes::{absence, resolve};
use crate::session::event::PreflightCheck;

/// One line for each step whose object is not there.
pub(super) async fn check(subjects: &[StepToCheck<'_>], connection: &Connection) -> Vec<PreflightCheck> {
    let mut checks = Vec::new();
    let mut told = Vec::new();
    for subject in subjects {
        let Some(native) = resolve(subject.text("module"), subject.text("func")) else { continue };
        // What cannot be looked up is for the other checks to tell.
        let Ok(Some(absent)) = absence(connection, native, &subject.arguments()).await else { continue };
        if !told.contains(&absent) {
            let remedy = "mend the step's arguments, or deploy what it names".to_owned();
            checks.push(fix(format!("{}: {absent}", subject.title()), Some(remedy)));
            told.push(absent);
        }
    }
    checks
}

//! Checks whether the objects that steps name exist, and which ones a fire would hit now.

use super::{StepToCheck, fix, know, ok};
use crate::{
    cluster::Connection,
    provider::{
        gremlin,
        kubernetes::{absence, resolve},
        preview::card,
    },
    session::event::{PreflightCheck, TargetCard},
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

/// One line for each step that changes something in the cluster: what it would hit now.
pub(super) async fn targets(subjects: &[StepToCheck<'_>], connection: &Connection) -> Vec<PreflightCheck> {
    let mut checks = Vec::new();
    let foreseen = |subject: &&StepToCheck<'_>| {
        subject.destructive && (subject.needs_cluster() || subject.text("module") == gremlin::MODULE)
    };
    for subject in subjects.iter().filter(foreseen) {
        let TargetCard { headline, objects, consequences, .. } =
            card(subject.at, subject.activity, &subject.provider, Some(connection)).await;
        let title = subject.title();
        checks.push(match objects.as_slice() {
            // A missing object is reported by the other check.
            [] => know(format!("{title}: {headline}: {}", consequences.join("; ")), None),
            objects => ok(format!("{title}: {headline}: {}", objects.join(", "))),
        });
    }
    checks
}

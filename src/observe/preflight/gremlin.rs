//! Whether Gremlin can be used.

use super::{Preflight, fix, ok};
use crate::provider::{flat_secrets, gremlin::Gremlin};
use crate::session::event::Check;

/// One line for each step that attacks through Gremlin.
pub(super) fn check(preflight: &Preflight<'_>) -> Vec<Check> {
    let gremlin = Gremlin::new(preflight.settings.clone());
    let attacks =
        preflight.subjects.iter().filter(|subject| subject.text("module").starts_with("chaosgremlin."));
    attacks
        .map(|subject| {
            let scopes = subject.provider.get("secrets");
            let secrets = scopes.and_then(|scopes| flat_secrets(scopes, preflight.secrets).ok());
            match gremlin.lacks(secrets.as_ref()) {
                None => {
                    ok(format!("{}: Gremlin at {}, credentials there", subject.title(), gremlin.base_url()))
                }
                Some(lack) => fix(
                    format!("{}: {lack}", subject.title()),
                    Some("or use chaosk8s.pod.actions.terminate_pods, which needs no account".to_owned()),
                ),
            }
        })
        .collect()
}

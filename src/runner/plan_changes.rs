//! Fixes that the operator accepted from the preflight: they replace what the file declares, in this run only.

use crate::{
    experiment::{Activity, ProviderKind, Secrets, substitute},
    session::event::{PlanChange, StepRef},
};
use pyvalue::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// The fixes accepted so far; clones share them.
#[derive(Clone, Default)]
pub(super) struct PlanChanges(Arc<Mutex<Vec<PlanChange>>>);

impl PlanChanges {
    /// Applies a fix from now on.
    pub(super) fn take(&self, fix: PlanChange) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fix);
    }

    /// Returns the activity that a fix puts in place of this one, if any. The journal shows the replacement.
    pub(super) fn instead(
        &self,
        activity: &Activity,
        step: StepRef,
        configuration: &Map,
    ) -> Option<Activity> {
        let fixes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fixes.iter().rev().find_map(|fix| match fix {
            PlanChange::Readdress { .. } => readdressed(activity, fix, configuration),
            PlanChange::Instead { step: other, activity: declared, .. } if *other == step => {
                Activity::declared(declared.as_map()?, &activity.place).ok()
            }
            PlanChange::Instead { .. } => None,
        })
    }
}

/// Returns the activity with its URL at another address. Placeholders of secrets in the URL stay placeholders.
fn readdressed(activity: &Activity, fix: &PlanChange, configuration: &Map) -> Option<Activity> {
    if activity.provider.kind != ProviderKind::Http {
        return None;
    }
    let declared = activity.provider.raw.get("url")?;
    let url = fix.readdressed(substitute(declared, configuration, &Secrets::default()).as_str()?)?;
    let mut fixed = activity.clone();
    fixed.provider.raw.insert("url".to_owned(), url.into());
    let provider = Value::Map(fixed.provider.raw.clone());
    fixed.raw.insert("provider".to_owned(), provider);
    Some(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{session::event::Section, test_support::activity};
    use pyvalue::parse_json;

    fn at(index: usize) -> StepRef {
        StepRef { section: Section::Method, index }
    }

    #[test]
    fn requests_to_a_dead_address_go_to_the_other_one() {
        let fixes = PlanChanges::default();
        let (from, to) = ("http://127.0.0.1:31117".to_owned(), "http://10.0.0.1:30817".to_owned());
        fixes.take(PlanChange::Readdress { steps: vec![at(0)], from, to, via: None });
        let configuration = parse_json(r#"{"base": "http://127.0.0.1:31117"}"#).unwrap();
        let url = |provider: &str| {
            let fixed =
                fixes.instead(&activity("probe", "p", &provider), at(3), configuration.as_map().unwrap())?;
            let shown_url = fixed.raw.get("provider")?.get("url")?.as_str()?.to_owned();
            assert_eq!(
                fixed.provider.raw.get("url")?.as_str(),
                Some(shown_url.as_str()),
                "the journal shows what is played"
            );
            Some(shown_url)
        };
        for (declared, wanted) in [
            ("${base}/invoke?key=${secret}", Some("http://10.0.0.1:30817/invoke?key=${secret}")),
            ("http://127.0.0.1:31117", Some("http://10.0.0.1:30817")),
            ("http://127.0.0.1:311170/", None),
            ("http://elsewhere/", None),
        ] {
            let provider = format!(r#"{{"type": "http", "url": "{declared}"}}"#);
            assert_eq!(url(&provider).as_deref(), wanted, "{declared}");
        }
        let process = r#"{"type": "process", "path": "http://127.0.0.1:31117"}"#;
        assert_eq!(url(process), None);
    }

    #[test]
    fn another_activity_takes_the_place_of_its_step_only() {
        let fixes = PlanChanges::default();
        let other = parse_json(
            r#"{"type": "action", "name": "other", "provider": {"type": "process", "path": "x"}}"#,
        );
        fixes.take(PlanChange::Instead { step: at(1), activity: other.unwrap(), words: String::new() });
        let own = activity("probe", "p", &r#"{"type": "process", "path": "y"}"#);
        let name = |step| fixes.instead(&own, step, &Map::default()).map(|activity| activity.name);
        assert_eq!((name(at(0)), name(at(1)).as_deref()), (None, Some("other")));
    }
}

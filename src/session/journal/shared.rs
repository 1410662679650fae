//! The experiment as the journal contains it after controls changed it.

use pyvalue::{Map, Value};
use std::collections::HashSet;

/// The journal starts with a shallow copy of the experiment's top-level mapping, whose members it shares with the run.
/// A change inside a member therefore appears in the journal; a replaced or added member does not (experiment-format
/// 11.2).
#[derive(Debug, Default)]
pub(super) struct SharedMapping {
    members: Map,
    /// Keys whose member the run has replaced, so that it is no longer shared.
    detached: HashSet<String>,
}

impl SharedMapping {
    /// Creates the mapping at the start of a run.
    pub(super) fn new(experiment: &Value) -> Self {
        Self { members: experiment.as_map().cloned().unwrap_or_default(), detached: HashSet::new() }
    }

    /// Applies a changed experiment, in which the members under `reassigned` were replaced.
    pub(super) fn amend(&mut self, experiment: &Value, reassigned: &[String]) {
        self.detached.extend(reassigned.iter().cloned());
        for (key, member) in self.members.iter_mut().filter(|(key, _)| !self.detached.contains(*key)) {
            if let Some(changed) = experiment.get(key) {
                member.clone_from(changed);
            }
        }
    }

    /// Returns the experiment for the journal.
    pub(super) fn value(&self) -> Value {
        self.members.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use super::SharedMapping;
    use pyvalue::parse_json;

    #[test]
    fn the_journal_shares_members_not_the_mapping() {
        let mut shared =
            SharedMapping::new(&parse_json(r#"{"title": "t", "method": [1], "tags": []}"#).unwrap());
        let cases: [(&str, &[&str], &str); 3] = [
            // A change inside a member; an added key.
            (
                r#"{"title": "t", "method": [1, 2], "tags": [], "more": 1}"#,
                &[],
                r#"{"title": "t", "method": [1, 2], "tags": []}"#,
            ),
            // A replaced member, and a removed one.
            (
                r#"{"title": "u", "method": [1, 2, 3]}"#,
                &["title", "tags"],
                r#"{"title": "t", "method": [1, 2, 3], "tags": []}"#,
            ),
            // A member that is no longer shared stays so.
            (
                r#"{"title": "v", "method": [4], "tags": [1]}"#,
                &[],
                r#"{"title": "t", "method": [4], "tags": []}"#,
            ),
        ];
        for (changed, reassigned, wanted) in cases {
            let reassigned: Vec<String> = reassigned.iter().map(|key| (*key).to_owned()).collect();
            shared.amend(&parse_json(changed).unwrap(), &reassigned);
            assert_eq!(shared.value(), parse_json(wanted).unwrap(), "{changed}");
        }
    }
}

//! Activities that were played. In the reference an entry of the journal has a copy of its activity's mapping, not of what
//! is in it: what a control changes inside the activity later, it changes in the entry too.

use crate::{
    experiment::{Map, Value, part},
    session::event::RunId,
};
use std::collections::HashSet;

/// A call, and what its entry shares with its activity.
pub(super) struct Played {
    run: RunId,
    /// Where the activity is declared.
    place: String,
    /// Keys whose member is no longer the one that the entry has.
    parted: HashSet<String>,
}

impl Played {
    pub fn new(run: RunId, place: &str) -> Self {
        Self { run, place: place.to_owned(), parted: HashSet::new() }
    }

    /// What a change of the experiment changed inside the activity; `parted` are the steps to keys of activities that
    /// have got another member.
    pub fn changed(&mut self, before: &Map, after: &Map, parted: &[Value]) -> Option<(RunId, Map)> {
        let steps = part::steps(&self.place);
        let own = |path: &Value| match path.as_list()?.split_last()? {
            (Value::Text(key), place) if Some(place) == steps.as_list() => Some(key.clone()),
            _ => None,
        };
        self.parted.extend(parted.iter().filter_map(own));
        let [old, new] = [before, after].map(|experiment| part::at(experiment, &self.place)?.as_map());
        let (old, new) = (old?, new?);
        let changed = |(key, member): &(&String, &Value)| {
            !self.parted.contains(*key) && old.get(*key).is_some_and(|before| before != *member)
        };
        let members: Map =
            new.iter().filter(changed).map(|(key, member)| (key.clone(), member.clone())).collect();
        (!members.is_empty()).then_some((self.run, members))
    }
}

/// An entry with these members of its activity, as far as it has such.
pub(super) fn with_members(entry: &Value, members: Map) -> Option<Value> {
    let mut entry = entry.as_map()?.clone();
    let Some(Value::Map(activity)) = entry.get_mut("activity") else { return None };
    for (key, member) in members {
        if let Some(place) = activity.get_mut(&key) {
            *place = member;
        }
    }
    Some(entry.into())
}

#[cfg(test)]
mod tests {
    use super::{Played, with_members};
    use crate::test_support::map;
    use crate::{
        experiment::{Map, parse_json},
        session::event::RunId,
    };

    #[test]
    fn what_changes_inside_an_activity_changes_in_its_entry() {
        let mut played = Played::new(RunId(7), "$.method[0]");
        let states = [
            r#"{"method": [{"name": "a", "x": [1]}, {"x": [1]}]}"#,
            r#"{"method": [{"name": "a", "x": [2]}, {"x": [1]}]}"#,
            r#"{"method": [{"name": "b", "x": [3], "new": 1}, {"x": [1]}]}"#,
            r#"{"method": [{"name": "c", "x": [3], "new": 1}, {"x": [9]}]}"#,
            r#"{"method": []}"#,
        ]
        .map(map);
        let parted = parse_json(r#"[["method", 0, "name"], ["method", 1, "x"]]"#).unwrap();
        let parted = parted.as_list().unwrap();
        let seen = |played: &mut Played, at: usize, parted: &[_]| {
            let changed = played.changed(&states[at], &states[at + 1], parted);
            changed.map(|(run, members)| (run, members.keys().cloned().collect::<Vec<_>>().join(",")))
        };
        assert_eq!(seen(&mut played, 0, &[]), Some((RunId(7), "x".to_owned())));
        assert_eq!(seen(&mut played, 1, parted), Some((RunId(7), "x".to_owned())), "the name is another one");
        assert_eq!(seen(&mut played, 2, &[]), None, "and stays so");
        assert_eq!(seen(&mut played, 3, &[]), None);
    }

    #[test]
    fn an_entry_gets_no_new_keys() {
        let entry = map(r#"{"activity": {"x": 1}, "output": 2}"#).into();
        let entry = with_members(&entry, map(r#"{"x": 3, "y": 4}"#)).unwrap();
        assert_eq!(entry.to_json(), r#"{"activity": {"x": 3}, "output": 2}"#);
        assert_eq!(with_members(&map(r#"{"activity": 1}"#).into(), Map::default()), None);
    }
}

//! Values that the configuration shares with the experiment that declares them.

use super::{controls::Changes, stage::Stage};
use crate::experiment::{Map, Value};
use std::sync::Arc;

impl Stage {
    /// A function has changed something inside the configuration's values. All that follows sees it, and so does the
    /// experiment, where such a value is the declared one itself.
    pub(super) async fn share(&self, configuration: Map) {
        let declared = with_changed(&self.raw(), &self.configuration(), &configuration);
        self.set_configuration(configuration);
        if let Some(declared) = declared {
            self.adopt(Changes { experiment: Some(Arc::new(declared)), ..Changes::default() }).await;
        }
    }
}

/// The experiment with what was changed inside the values that it shares with the configuration; none if that is nothing.
/// A value that an option or the environment gave is another than the declared one.
fn with_changed(experiment: &Map, before: &Map, after: &Map) -> Option<Map> {
    let mut changed = experiment.clone();
    let Some(Value::Map(entries)) = changed.get_mut("configuration") else { return None };
    let mut any = false;
    for (name, new) in after {
        let Some(old) = before.get(name).filter(|old| *old != new && is_collection(old)) else { continue };
        let declared = match entries.get_mut(name) {
            Some(Value::Map(entry)) if entry.get("default") == Some(old) => entry.get_mut("default"),
            declared => declared.filter(|declared| *declared == old),
        };
        if let Some(declared) = declared {
            declared.clone_from(new);
            any = true;
        }
    }
    any.then_some(changed)
}

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

#[cfg(test)]
mod tests {
    use super::with_changed;
    use crate::experiment::{Map, parse_json};

    fn map(json: &str) -> Map {
        parse_json(json).unwrap().as_map().unwrap().clone()
    }

    #[test]
    fn c063_declared_values_are_shared_and_others_are_not() {
        let cases = [
            (
                r#"{"l": [1], "m": {"x": 1}}"#,
                r#"{"l": [1, 2], "m": {"x": 1}}"#,
                Some(r#"{"l": [1, 2], "m": {"x": 1}}"#),
            ),
            // An option gave it.
            (
                r#"{"l": [7], "m": {"x": 1}}"#,
                r#"{"l": [7, 2], "m": {"x": 2}}"#,
                Some(r#"{"l": [1], "m": {"x": 2}}"#),
            ),
            (r#"{"l": [7]}"#, r#"{"l": [8]}"#, None),
            (r#"{"l": [1]}"#, r#"{"l": [1]}"#, None),
        ];
        let experiment = |configuration: &str| {
            map(&format!(r#"{{"title": "t", "configuration": {configuration}, "method": []}}"#))
        };
        let declared = experiment(r#"{"l": [1], "m": {"x": 1}}"#);
        for (before, after, expected) in cases {
            let changed = with_changed(&declared, &map(before), &map(after));
            assert_eq!(changed, expected.map(experiment), "{before} {after}");
        }
        let default =
            |list: &str| experiment(&format!(r#"{{"l": {{"type": "env", "key": "L", "default": {list}}}}}"#));
        let changed = with_changed(&default("[1]"), &map(r#"{"l": [1]}"#), &map(r#"{"l": []}"#));
        assert_eq!(changed, Some(default("[]")));
        assert_eq!(with_changed(&map("{}"), &map(r#"{"l": [1]}"#), &map(r#"{"l": []}"#)), None::<Map>);
    }
}

//! Access to a part of a mapping by its JSON path.

use crate::{
    document::place::{Segment, segments},
    value::{Map, Value},
};

/// Replaces the value at `path` by `part`; returns whether the path exists. The path `$` addresses the whole mapping,
/// which only another mapping can replace.
pub fn put(root: &mut Map, path: &str, part: Value) -> bool {
    let mut steps = segments(path).into_iter();
    let Some(first) = steps.next() else {
        let Value::Map(whole) = part else { return false };
        *root = whole;
        return true;
    };
    let Segment::Key(key) = first else { return false };
    let place = root.get_mut(&key).and_then(|value| steps.try_fold(value, below));
    place.map(|place| *place = part).is_some()
}

/// Returns the steps of a path as JSON: keys and indices.
pub fn steps(path: &str) -> Value {
    let step = |segment| match segment {
        Segment::Key(key) => Value::Text(key),
        Segment::Index(index) => Value::Int(i64::try_from(index).unwrap_or(i64::MAX)),
    };
    segments(path).into_iter().map(step).collect::<Vec<_>>().into()
}

fn below(value: &mut Value, segment: Segment) -> Option<&mut Value> {
    match (value, segment) {
        (Value::Map(map), Segment::Key(key)) => map.get_mut(&key),
        (Value::List(list), Segment::Index(index)) => list.get_mut(index),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{put, steps};
    use crate::{Map, parse_json};

    #[test]
    fn a_part_takes_the_place_of_another() {
        let cases = [
            ("$.method[1].n", true, r#"{"method": [{"n": 1}, {"n": "new"}]}"#),
            ("$.method[0]", true, r#"{"method": ["new", {"n": 2}]}"#),
            ("$.method[2]", false, r#"{"method": [{"n": 1}, {"n": 2}]}"#),
            ("$.rollbacks[0]", false, r#"{"method": [{"n": 1}, {"n": 2}]}"#),
            ("$", false, r#"{"method": [{"n": 1}, {"n": 2}]}"#),
        ];
        for (path, done, wanted) in cases {
            let mut experiment = map(r#"{"method": [{"n": 1}, {"n": 2}]}"#);
            assert_eq!((put(&mut experiment, path, "new".into()), experiment), (done, map(wanted)), "{path}");
        }
        let mut experiment = map("{}");
        assert!(put(&mut experiment, "$", map(r#"{"title": "t"}"#).into()));
        assert_eq!(experiment, map(r#"{"title": "t"}"#));
    }

    #[test]
    fn steps_are_names_and_numbers() {
        let path = "$.steady-state-hypothesis.probes[3]";
        assert_eq!(steps(path).to_json(), r#"["steady-state-hypothesis", "probes", 3]"#);
        assert_eq!(steps("$").to_json(), "[]");
    }

    fn map(json: &str) -> Map {
        parse_json(json).unwrap().as_map().unwrap().clone()
    }
}

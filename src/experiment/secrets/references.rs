//! The `secrets` of an experiment without their literal values, for what is kept on a disk.

use pyvalue::{Map, Value};

/// The type that stands for a literal value.
const LITERAL: &str = "literal";

/// Replaces every literal value by `{"type": "literal"}`; references to the environment and to Vault stay.
pub fn secret_references(declared: &Value) -> Value {
    match declared {
        Value::Map(map) if is_reference(map) => declared.clone(),
        Value::Map(map) => {
            map.iter().map(|(key, value)| (key.clone(), secret_references(value))).collect::<Map>().into()
        }
        Value::Null => Value::Null,
        _ => Value::Map(Map::from_iter([("type".to_owned(), LITERAL.into())])),
    }
}

/// Puts the literal values of `declared`, the same secrets read again, in the places that [`secret_references`] emptied.
/// The JSON paths below `place` that `declared` does not have are added to `missing`.
pub fn with_literals(
    references: &Value,
    declared: Option<&Value>,
    place: &str,
    missing: &mut Vec<String>,
) -> Value {
    let Value::Map(map) = references else { return references.clone() };
    if map.len() == 1 && map.get("type").and_then(Value::as_str) == Some(LITERAL) {
        return declared.filter(|value| value.as_map().is_none()).cloned().unwrap_or_else(|| {
            missing.push(place.to_owned());
            Value::Null
        });
    }
    let entry = |(key, value): (&String, &Value)| {
        let declared = declared.and_then(|declared| declared.get(key));
        (key.clone(), with_literals(value, declared, &format!("{place}.{key}"), missing))
    };
    map.iter().map(entry).collect::<Map>().into()
}

fn is_reference(map: &Map) -> bool {
    matches!(map.get("type").and_then(Value::as_str), Some("env" | "vault"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::parse_json;

    #[test]
    fn no_literal_value_stays_and_each_is_found_again_in_its_file() {
        let declared = r#"{"k8s": {"TOKEN": "canary", "USER": {"type": "env", "key": "WHO"}, "n": 7, "none": null},
            "deep": {"a": {"b": "canary2"}}, "v": {"type": "vault", "path": "p"}}"#;
        let declared = parse_json(declared).unwrap();
        let references = secret_references(&declared);
        let text = serde_json::to_string(&references).unwrap();
        assert!(!text.contains("canary") && !text.contains('7') && text.contains("WHO"), "{text}");
        let mut missing = Vec::new();
        assert_eq!(with_literals(&references, Some(&declared), "$.secrets", &mut missing), declared);
        assert!(missing.is_empty());
        let changed = parse_json(r#"{"k8s": {"TOKEN": {"type": "env", "key": "T"}, "n": 8}}"#).unwrap();
        with_literals(&references, Some(&changed), "$.secrets", &mut missing);
        assert_eq!(missing, ["$.secrets.k8s.TOKEN", "$.secrets.deep.a.b"]);
    }
}

//! Properties of substitution with random templates.

use crate::experiment::{Secrets, substitute};
use proptest::{collection::vec, prelude::*};
use pyvalue::{Map, Value};

/// Pieces of templates.
fn template() -> impl Strategy<Value = String> {
    let pieces =
        ["$", "$$", "${", "}", "{", "a", "b", "_", "é", " ", "${a}", "$a", "${b}", "${unknown}", "$$a", "\\"];
    vec(prop::sample::select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn templates_are_filled_once_and_keep_what_they_do_not_know(template in template(), value in super::value()) {
        let nothing = substitute(&Value::from(template.as_str()), &Map::default(), &Secrets::default());
        prop_assert_eq!(nothing, Value::from(template.replace("$$", "$")));
        let text = "${a} $b $$ of the value itself";
        let variables: Map = [("a".to_owned(), Value::from(text)), ("b".to_owned(), value.clone())].into_iter().collect();
        let filled = substitute(&Value::from(template.as_str()), &variables, &Secrets::default());
        match template.as_str() {
            "${b}" => {
                // NaN is not equal to itself, but its text is.
                prop_assert_eq!(pyvalue::python_text(&filled), pyvalue::python_text(&value));
            }
            "${a}" | "$a" => prop_assert_eq!(filled, Value::from(text)),
            other if !other.contains('$') => prop_assert_eq!(filled, Value::from(other)),
            _ => prop_assert!(filled.as_str().is_some()),
        }
    }
}

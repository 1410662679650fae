//! Parses a text or a list of texts, from a settings file or from the extension block of an experiment.

use pyvalue::Value;

/// One text, or a list of them.
///
/// # Errors
/// When the value is neither; the message is to be appended to the name of the setting.
pub fn text_list(value: &Value) -> Result<Vec<String>, String> {
    let refused = || "must be a text or a list of texts".to_owned();
    match value {
        Value::Text(text) => Ok(vec![text.clone()]),
        Value::List(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(refused)).collect()
        }
        _ => Err(refused()),
    }
}

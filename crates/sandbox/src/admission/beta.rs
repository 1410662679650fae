//! The additional defaults of the old beta API versions (kubernetes-wire 11.3).

use serde_json::Value;

/// Completes a new workload of `apps/v1beta1` or `extensions/v1beta1`: an omitted selector and omitted workload labels
/// default to the labels of the pod template.
pub fn complete_beta(object: &mut Value) {
    let labels = object.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
    if !labels.is_object() {
        return;
    }
    let empty =
        |value: Option<&Value>| value.and_then(Value::as_object).is_none_or(serde_json::Map::is_empty);
    if empty(object.pointer("/spec/selector"))
        && let Some(spec) = object.pointer_mut("/spec").and_then(Value::as_object_mut)
    {
        spec.insert("selector".into(), serde_json::json!({"matchLabels": labels}));
    }
    if empty(object.pointer("/metadata/labels"))
        && let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut)
    {
        metadata.insert("labels".into(), labels);
    }
}

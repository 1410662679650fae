//! Kubernetes events, one line each.

use super::row::one_line;
use crate::session::event::ClusterNote;
use k8s_openapi::api::core::v1::Event;

/// The maximum number of characters of a message.
const MESSAGE: usize = 300;

pub(super) fn note(event: &Event) -> ClusterNote {
    let object = &event.involved_object;
    let kind = object.kind.as_deref().unwrap_or_default().to_lowercase();
    let series = event.series.as_ref().and_then(|series| series.count);
    let count = series.or(event.count).and_then(|count| u32::try_from(count).ok());
    ClusterNote {
        object: format!("{kind}/{}", object.name.as_deref().unwrap_or_default()),
        level: one_line(event.type_.as_deref().unwrap_or("Normal"), MESSAGE),
        reason: one_line(event.reason.as_deref().unwrap_or_default(), MESSAGE),
        message: one_line(event.message.as_deref().unwrap_or_default(), MESSAGE),
        count: count.unwrap_or(1).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn notes() {
        let event = |more: serde_json::Value| {
            let mut event = json!({"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "p"},
                                   "type": "Warning", "reason": "Unhealthy", "message": "Liveness\nprobe failed"});
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            note(&serde_json::from_value(event).unwrap())
        };
        let plain = event(json!({}));
        assert_eq!((plain.object.as_str(), plain.message.as_str()), ("pod/p", "Liveness probe failed"));
        assert_eq!(plain.count, 1);
        assert_eq!(event(json!({"count": 3})).count, 3);
        let series =
            json!({"count": 3, "series": {"count": 7, "lastObservedTime": "2024-01-01T00:00:00.000000Z"}});
        assert_eq!(event(series).count, 7);
    }
}

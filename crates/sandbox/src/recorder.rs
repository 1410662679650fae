//! Recording of Events, which `kubectl describe` and `kubectl events` show.

use super::store::{Key, Object, Resource, Store, Written, time};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

/// The maximum number of events. A real cluster deletes events after an hour; here the oldest ones are deleted.
const KEPT: usize = 1000;

/// The severity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// An expected event.
    Normal,
    /// A possible problem.
    Warning,
}

/// Records the events of one component. Clones share the list of recorded events.
#[derive(Debug, Clone)]
pub struct EventRecorder {
    store: Store,
    component: &'static str,
    ring: Arc<Mutex<VecDeque<Key>>>,
}

impl EventRecorder {
    /// Creates a recorder for the whole cluster; [`EventRecorder::of`] sets the component.
    pub fn new(store: Store) -> Self {
        Self { store, component: "sandbox", ring: Arc::default() }
    }

    /// Returns the same recorder for `component`.
    pub fn of(&self, component: &'static str) -> Self {
        Self { component, ..self.clone() }
    }

    /// Records an expected event.
    pub fn normal(&self, about: &Object, reason: &str, message: &str) {
        self.record(about, None, Severity::Normal, reason, message);
    }

    /// Records a problem.
    pub fn warning(&self, about: &Object, reason: &str, message: &str) {
        self.record(about, None, Severity::Warning, reason, message);
    }

    /// Records an event about a part of the object (`field`: `spec.containers{name}`). Repeating the same event only
    /// increases its count.
    pub fn record(
        &self,
        about: &Object,
        field: Option<&str>,
        severity: Severity,
        reason: &str,
        message: &str,
    ) {
        let mut hasher = DefaultHasher::new();
        (&about.uid, field, severity, reason, message, self.component).hash(&mut hasher);
        let name = format!("{}.{:016x}", about.name, hasher.finish());
        let namespace = if about.namespace.is_empty() { "default" } else { &about.namespace };
        let fresh = self.event(about, field, severity, reason, message);
        let written = self.store.mutate(Resource::Events, namespace, &name, |known| {
            let Some(mut event) = known else { return Ok(Some(fresh)) };
            event["count"] = (event["count"].as_i64().unwrap_or(1) + 1).into();
            event["lastTimestamp"] = time::now().into();
            Ok(Some(event))
        });
        if let Ok(Written::Created(event)) = written {
            self.keep(event.key());
        }
    }

    fn event(
        &self,
        about: &Object,
        field: Option<&str>,
        severity: Severity,
        reason: &str,
        message: &str,
    ) -> Value {
        let now = Timestamp::now();
        let mut involved = json!({
            "kind": about.resource.kind(),
            "namespace": about.namespace,
            "name": about.name,
            "uid": about.uid,
            "apiVersion": about.resource.api_version(),
            "resourceVersion": about.version.to_string(),
        });
        if let Some(field) = field {
            involved["fieldPath"] = field.into();
        }
        json!({
            "metadata": {},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": {"component": self.component},
            "firstTimestamp": time::seconds(now),
            "lastTimestamp": time::seconds(now),
            "count": 1,
            "type": match severity { Severity::Normal => "Normal", Severity::Warning => "Warning" },
            "eventTime": null,
            "reportingComponent": self.component,
            "reportingInstance": "",
        })
    }

    fn keep(&self, key: Key) {
        let oldest = {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.push_back(key);
            if ring.len() > KEPT { ring.pop_front() } else { None }
        };
        if let Some((namespace, name)) = oldest {
            // The event may already be deleted, which is not an error.
            let _ = self.store.mutate(Resource::Events, &namespace, &name, |_| Ok(None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Selectors;

    fn pod(store: &Store, name: &str) -> Arc<Object> {
        let written = store.mutate(Resource::Pods, "default", name, |_| Ok(Some(json!({})))).unwrap();
        written.object().unwrap().clone()
    }

    fn events(store: &Store) -> Vec<Value> {
        store
            .list(Resource::Events, None, &Selectors::default())
            .objects
            .iter()
            .map(|event| event.value())
            .collect()
    }

    #[test]
    fn the_same_words_again_raise_the_count() {
        let store = Store::new();
        let recorder = EventRecorder::new(store.clone()).of("kubelet");
        let pod = pod(&store, "a");
        for _ in 0..3 {
            recorder.record(&pod, Some("spec.containers{main}"), Severity::Warning, "BackOff", "later");
        }
        recorder.normal(&pod, "Started", "Started container main");
        let events = events(&store);
        assert_eq!(events.len(), 2);
        let back_off = events.iter().find(|event| event["reason"] == "BackOff").unwrap();
        assert_eq!(back_off["count"], 3);
        assert_eq!(back_off["involvedObject"]["uid"], pod.uid.as_str());
        assert_eq!(back_off["involvedObject"]["fieldPath"], "spec.containers{main}");
        assert_eq!(back_off["source"]["component"], "kubelet");
    }

    #[test]
    fn the_oldest_make_room() {
        let store = Store::new();
        let recorder = EventRecorder::new(store.clone());
        let pod = pod(&store, "a");
        for number in 0..KEPT + 5 {
            recorder.normal(&pod, "Counted", &number.to_string());
        }
        let events = events(&store);
        assert_eq!(events.len(), KEPT);
        assert!(!events.iter().any(|event| event["message"] == "0"));
    }
}

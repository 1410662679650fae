//! The running containers as Gremlin's agent sees them: with the labels that a container runtime adds.

use super::attack_request::Selection;
use crate::{
    kubelet::Kubelet,
    store::{Object, Resource, Selectors, Store},
};
use std::{collections::BTreeMap, sync::Arc};

/// A running container.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub pod: Arc<Object>,
    pub name: String,
    id: String,
    labels: BTreeMap<String, String>,
}

impl Running {
    /// Returns all running containers, ordered by pod name.
    pub(super) fn all(store: &Store, kubelet: &Kubelet) -> Vec<Self> {
        let mut found = Vec::new();
        for pod in store.list(Resource::Pods, None, &Selectors::default()).objects {
            for status in pod.value()["status"]["containerStatuses"].as_array().into_iter().flatten() {
                let name = status["name"].as_str().unwrap_or_default();
                if kubelet.is_running(&pod, name) {
                    let id = status["containerID"].as_str().unwrap_or_default();
                    found.push(Self::new(&pod, name, id));
                }
            }
        }
        found
    }

    fn new(pod: &Arc<Object>, name: &str, id: &str) -> Self {
        let mut labels = pod.labels.clone();
        for (key, value) in [
            ("io.kubernetes.container.name", name),
            ("io.kubernetes.pod.name", &pod.name),
            ("io.kubernetes.pod.namespace", &pod.namespace),
            ("io.kubernetes.pod.uid", &pod.uid),
        ] {
            labels.insert(key.to_owned(), value.to_owned());
        }
        Self { pod: Arc::clone(pod), name: name.to_owned(), id: id.to_owned(), labels }
    }

    /// Returns whether the selection contains this container.
    pub(super) fn is_selected(&self, selection: &Selection) -> bool {
        match selection {
            Selection::Ids(ids) => ids.contains(&self.id),
            Selection::Labels(wanted) => wanted
                .iter()
                .all(|(key, values)| self.labels.get(key).is_some_and(|value| values.contains(value))),
        }
    }

    /// Returns `pod/container`, for messages.
    pub(super) fn title(&self) -> String {
        format!("{}/{}", self.pod.name, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_must_all_fit_and_each_may_have_several_values() {
        let store = Store::new();
        let pod = json!({"metadata": {"labels": {"app": "web"}}});
        let pod = store.mutate(Resource::Pods, "default", "web-1", |_| Ok(Some(pod))).unwrap();
        let container = Running::new(pod.object().unwrap(), "main", "built-in://1");
        let labels = |pairs: &[(&str, &[&str])]| {
            let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
            Selection::Labels(pairs.iter().map(|(key, values)| ((*key).to_owned(), owned(values))).collect())
        };
        for (selection, expected) in [
            (labels(&[("io.kubernetes.container.name", &["main"])]), true),
            (labels(&[("io.kubernetes.container.name", &["other", "main"])]), true),
            (labels(&[("io.kubernetes.container.name", &["main"]), ("app", &["api"])]), false),
            (labels(&[("io.kubernetes.pod.namespace", &["default"]), ("app", &["web"])]), true),
            (labels(&[("unknown", &["main"])]), false),
            (Selection::Ids(vec!["built-in://1".into()]), true),
            (Selection::Ids(vec!["built-in://2".into()]), false),
        ] {
            assert_eq!(container.is_selected(&selection), expected, "{selection:?}");
        }
    }
}

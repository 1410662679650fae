//! What to call things in sentences.

use crate::session::state::{PodRow, Session};

/// A pod that the fault is not about: `the consumer`, or its workload where there are several.
pub(super) fn bystander(session: &Session, pod: &PodRow) -> String {
    let owner = |pod: &PodRow| pod.pod.owner.clone();
    if session.bystanders().all(|other| owner(other) == owner(pod)) {
        return "the consumer".to_owned();
    }
    owner(pod).unwrap_or_else(|| pod.pod.key.name.clone())
}

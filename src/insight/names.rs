//! Names of pods and pages in sentences.

use crate::session::{
    event::SourceKind,
    state::{PodRow, Session},
};

/// Trailing characters that distinguish a pod's name from those of its siblings.
const END: usize = 5;

/// Returns the name of a pod that the fault does not target: `the consumer`, or the workload of any other pod; followed
/// by the end of the pod's name if there are several pods of that workload.
pub(super) fn bystander(session: &Session, pod: &PodRow) -> String {
    let kin = |other: &&PodRow| other.pod.owner == pod.pod.owner;
    let who = if is_consumer(session, pod) {
        "the consumer"
    } else {
        pod.pod.owner.as_deref().unwrap_or(&pod.pod.key.name)
    };
    if session.bystanders().filter(kin).count() == 1 {
        return who.to_owned();
    }
    let end = pod.pod.key.name.chars().rev().take(END).collect::<Vec<_>>();
    format!("{who} {}", end.into_iter().rev().collect::<String>())
}

/// Whether a pod belongs to the consumer; while the consumer is unknown, whether all bystanders are of the same
/// workload.
pub(super) fn is_consumer(session: &Session, pod: &PodRow) -> bool {
    match session.roles().consumer {
        Some(consumer) => pod.pod.owner.as_deref() == Some(consumer.workload.name.as_str()),
        None => session.bystanders().all(|other| other.pod.owner == pod.pod.owner),
    }
}

/// Returns the path of the health page that is read, without host and port; `/health` if it is unknown.
pub fn health_page(session: &Session) -> String {
    let page =
        session.breaker.reports.iter().find(|statement| statement.report.witness == SourceKind::Health);
    let place = page.and_then(|page| page.report.place.as_deref());
    let path = place.and_then(|place| place.get(place.find('/')?..));
    path.unwrap_or("/health").to_owned()
}

/// Whether the health page that is read is also the one that the kubelet's liveness probe requests.
pub(super) fn reads_liveness_page(session: &Session, pod: &PodRow) -> bool {
    let path = pod.pod.liveness.as_ref().and_then(|liveness| liveness.path.as_deref());
    session.breaker.health_failing.last().is_some() && path == Some(health_page(session).as_str())
}

//! What to call things in sentences.

use crate::session::{
    event::SourceKind,
    state::{PodRow, Session},
};

/// Letters of a pod's name that tell it from others of its kind.
const END: usize = 5;

/// A pod that the fault is not about: `the consumer`, or its workload where there are several; with the end of its name where
/// it is one of several.
pub(super) fn bystander(session: &Session, pod: &PodRow) -> String {
    let kin = |other: &&PodRow| other.pod.owner == pod.pod.owner;
    let who = match is_consumer(session, pod) {
        true => "the consumer",
        false => pod.pod.owner.as_deref().unwrap_or(&pod.pod.key.name),
    };
    if session.bystanders().filter(kin).count() == 1 {
        return who.to_owned();
    }
    let end = pod.pod.key.name.chars().rev().take(END).collect::<Vec<_>>();
    format!("{who} {}", end.into_iter().rev().collect::<String>())
}

/// Whether a pod is the consumer's: as far as that is known, else whether there is no other bystander than its kind.
pub(super) fn is_consumer(session: &Session, pod: &PodRow) -> bool {
    match session.roles().consumer {
        Some(consumer) => pod.pod.owner.as_deref() == Some(consumer.workload.name.as_str()),
        None => session.bystanders().all(|other| other.pod.owner == pod.pod.owner),
    }
}

/// The path of the health page that is read, without a host or a port; `/health` where it is not told.
pub fn health_page(session: &Session) -> String {
    let page =
        session.breaker.statements.iter().find(|statement| statement.testimony.witness == SourceKind::Health);
    let place = page.and_then(|page| page.testimony.place.as_deref());
    let path = place.and_then(|place| place.get(place.find('/')?..));
    path.unwrap_or("/health").to_owned()
}

/// Whether the page that is read is the one that the kubelet asks whether a pod lives.
pub(super) fn reads_liveness_page(session: &Session, pod: &PodRow) -> bool {
    let path = pod.pod.liveness.as_ref().and_then(|liveness| liveness.path.as_deref());
    session.breaker.health_failing.last().is_some() && path == Some(health_page(session).as_str())
}

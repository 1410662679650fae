//! What a fire would do: looked up when a destructive step is awaited, and again when pods in play change.

use super::played::Played;
use crate::{
    cluster::Connection,
    experiment::{Activity, Experiment},
    provider::preview,
    runner::Request,
    session::{
        Event, What,
        event::{Section, StepRef},
        stream::Emitter,
    },
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Follows the session and emits a card whenever one is due.
pub async fn cards(
    request: Request,
    connection: Option<Connection>,
    emitter: Emitter,
    mut tap: mpsc::Receiver<Arc<Event>>,
) {
    let mut played = Played::new(request);
    let mut awaited = None;
    while let Some(event) = tap.recv().await {
        let fixed = played.hear(&event);
        let due = match &event.what {
            What::Fixed(_) => fixed.is_some() && fixed == awaited,
            What::StepAwaited { step, destructive } => {
                awaited = destructive.then_some(*step);
                awaited.is_some()
            }
            What::ActivityStarted { .. } | What::StepSkipped { .. } | What::RunEnded { .. } => {
                awaited = None;
                false
            }
            What::PodSeen(_) | What::PodGone(_) => awaited.is_some(),
            _ => false,
        };
        if let (true, Some(step)) = (due, awaited) {
            look_up(&played, step, connection.as_ref(), &emitter).await;
        }
    }
}

async fn look_up(played: &Played, step: StepRef, connection: Option<&Connection>, emitter: &Emitter) {
    let Some(activity) = activity_at(&played.request.experiment, step) else { return };
    let Some(provider) = played.provider(step) else { return };
    let card = preview::card(step, activity, &provider, connection).await;
    emitter.emit(What::Targeted(card)).await;
}

/// The activity of a step; `None` for a ref that leads nowhere.
pub fn activity_at(experiment: &Experiment, step: StepRef) -> Option<&Activity> {
    let entry = match step.section {
        Section::Method => experiment.method().get(step.index),
        Section::Rollbacks => experiment.rollbacks().get(step.index),
        Section::Before | Section::During | Section::After => {
            experiment.hypothesis().and_then(|hypothesis| hypothesis.probes.get(step.index))
        }
    };
    entry.and_then(|entry| entry.activity.as_ref().ok())
}

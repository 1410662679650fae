//! The preflight of a session: what to mend and what to know, looked up while nothing has been asked of the service.

use super::target::activity_at;
use crate::{
    cluster::{Connection, Settings},
    experiment::{Map, Secrets, substitute},
    observe::preflight::{Preflight, Subject},
    runner::Request,
    session::{
        What,
        event::{Plan, Section},
        stream::Emitter,
    },
};

/// Looks once, and tells what was found.
pub async fn look(request: Request, plan: Plan, settings: Settings, emitter: Emitter) {
    let connection = Connection::choose(&settings, &Map::default()).await;
    let namespace = connection.as_ref().map_or("default", |connection| connection.namespace()).to_owned();
    let subjects = subjects(&request, &plan);
    let preflight = Preflight {
        connection: connection.as_ref(),
        namespace: &namespace,
        subjects: &subjects,
        secrets: &request.secrets,
        settings: &settings,
    };
    for check in preflight.look().await {
        emitter.emit(What::Checked(check)).await;
    }
}

/// The activities of the plan, each once: refs and the hypothesis' second pass repeat others.
fn subjects<'a>(request: &'a Request, plan: &Plan) -> Vec<Subject<'a>> {
    let steps = (1..).zip(&plan.steps);
    let own = steps.filter(|(_, step)| !step.reference && step.at.section != Section::After);
    own.filter_map(|(number, step)| {
        let activity = activity_at(&request.experiment, step.at)?;
        let declared = activity.provider.raw.clone().into();
        // Without secrets: what is found here is shown.
        let provider = substitute(&declared, &request.configuration, &Secrets::default());
        let provider = provider.as_map()?.clone();
        Some(Subject { number, at: step.at, activity, provider })
    })
    .collect()
}

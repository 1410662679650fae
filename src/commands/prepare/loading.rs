//! Loads the experiment and calls the controls before and after loading (experiment-format 10.2).

use super::{PrepareContext, Refusal};
use crate::{
    experiment::{self, Access, Environment},
    runner::{Controls, StopByControl},
    session::event::Level,
};
use pyvalue::{Document, python_text};
use std::sync::Arc;

/// Loads the experiment. Controls may forbid the loading and may change the loaded experiment. The controls after
/// loading are called even if the loading fails. `environment` is the present one, which the controls may change.
pub(super) async fn load(
    source: &str,
    access: Access<'_>,
    environment: impl FnOnce() -> Arc<Environment>,
    controls: &Controls,
    context: &PrepareContext<'_>,
) -> Result<Document, Refusal> {
    let before = controls.before_loading(source).await;
    log_complaints(context, before.complaints).await;
    let loaded = match before.stopped_by {
        None => {
            let access = Access { environment: &environment(), ..access };
            experiment::load(source, access).await.map_err(Refusal::invalid)
        }
        Some(stop) => Err(refusal_by_control(stop)),
    };
    let after = controls.after_loading(source, loaded.as_ref().ok().map(Document::root)).await;
    log_complaints(context, after.complaints).await;
    if let Some(stop) = after.stopped_by {
        return Err(refusal_by_control(stop));
    }
    let mut document = loaded?;
    if let Some(changed) = after.experiment {
        document.replace(changed);
    }
    Ok(document)
}

async fn log_complaints(context: &PrepareContext<'_>, complaints: Vec<String>) {
    for complaint in complaints {
        context.log(Level::Debug, complaint).await;
    }
}

fn refusal_by_control(stop: StopByControl) -> Refusal {
    let forbidden = |why: &str| format!("a control forbids loading the experiment: {why}");
    match stop {
        StopByControl::Interrupt(message) => Refusal::invalid(forbidden(&message)),
        StopByControl::Exit(code) => {
            Refusal::exit(forbidden(&format!("it requested to exit with {}", python_text(&code))), &code)
        }
        StopByControl::KeyboardInterrupt => Refusal::interrupted(forbidden("it was interrupted")),
    }
}

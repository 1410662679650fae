//! Loading the experiment, between the controls of its loading (experiment-format 10.2).

use super::{PrepareContext, Refusal};
use crate::{
    experiment::{self, Access},
    runner::{Controls, StopByControl},
    session::event::Level,
};
use pyvalue::{Document, python_text};

/// Loads the experiment. Controls may forbid it, and change what was loaded; those after it are called whatever became
/// of it.
pub(super) async fn load(
    source: &str,
    access: Access<'_>,
    controls: &Controls,
    company: &PrepareContext<'_>,
) -> Result<Document, Refusal> {
    let before = controls.before_loading(source).await;
    complain(company, before.complaints).await;
    let loaded = match before.stopped_by {
        None => experiment::load(source, access).await.map_err(Refusal::invalid),
        Some(turned) => Err(forbidden(turned)),
    };
    let after = controls.after_loading(source, loaded.as_ref().ok().map(Document::root)).await;
    complain(company, after.complaints).await;
    if let Some(turned) = after.stopped_by {
        return Err(forbidden(turned));
    }
    let mut document = loaded?;
    if let Some(changed) = after.experiment {
        document.replace(changed);
    }
    Ok(document)
}

async fn complain(company: &PrepareContext<'_>, complaints: Vec<String>) {
    for complaint in complaints {
        company.log(Level::Debug, complaint).await;
    }
}

fn forbidden(turned: StopByControl) -> Refusal {
    let forbidden = |why: &str| format!("a control does not let the experiment be loaded: {why}");
    match turned {
        StopByControl::Interrupt(message) => Refusal::invalid(forbidden(&message)),
        StopByControl::Exit(code) => {
            Refusal::exit(forbidden(&format!("it asks to exit with {}", python_text(&code))), &code)
        }
        StopByControl::KeyboardInterrupt => Refusal::interrupted(forbidden("it was interrupted")),
    }
}

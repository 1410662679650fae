//! The method, and the loop it shares with the rollbacks (experiment-format 8, 9).

use super::{
    activity::{Cutoff, Ground, perform},
    background::{Background, Starter},
    consent::{Cleared, needs_consent},
    continuous::is_final,
    controls::{Level as ControlLevel, Subject},
    cursor::Cursor,
    halt::Turn,
    helm::{Go, Helm},
    rounds::{self, Stopped},
    stage::Stage,
};
use crate::{
    experiment::{Entry, Value},
    provider::Effect,
    session::{
        What,
        event::{Level, Section, StepRef},
    },
};
use std::sync::Arc;

/// Plays the method to its end, or to where the run leaves its course. Background activities are awaited.
pub(super) async fn play(
    stage: &Arc<Stage>,
    helm: &mut Helm,
    background: &mut Background,
) -> Result<(), Turn> {
    let steps = stage.experiment().method().len();
    stage.voice.emit(What::MethodStarted { steps }).await;
    let let_in = rounds::before(stage, helm, Subject::whole(ControlLevel::Method, &stage.raw())).await;
    let begun = let_in.is_ok();
    let played = match let_in {
        Ok(()) => walk(stage, helm, background).await,
        Err(stopped) => Err(stopped),
    };
    let played = match played {
        Ok(()) => Ok(()),
        Err(stopped) => Err(stopped.turn(stage).await),
    };
    if !matches!(&played, Err(Turn::Halt(halt)) if !halt.waits) {
        background.settle(helm, stage.options.compat).await;
    }
    let told = || if begun { stage.told(Section::Method) } else { Value::Null };
    let raw = stage.raw();
    let subject = Subject::whole(ControlLevel::Method, &raw);
    let (changed, ended) = rounds::after(stage, helm, subject, told).await;
    stage.amend(Section::Method, changed).await;
    stage.voice.emit(What::MethodEnded).await;
    played?;
    helm.halted()?;
    match ended {
        Ok(()) => Ok(()),
        Err(cutoff) => Err(stage.turn(cutoff).await),
    }
}

/// Step by step, while a continuous hypothesis does not end it.
async fn walk(stage: &Arc<Stage>, helm: &mut Helm, background: &mut Background) -> Result<(), Stopped> {
    let mut cursor = Cursor::default();
    loop {
        // Controls may have changed what is to come.
        let experiment = stage.experiment();
        let Some(entry) = experiment.method().get(cursor.index()) else { break };
        let step = StepRef { section: Section::Method, index: cursor.index() };
        turn(stage, helm, background, &mut cursor, entry, step).await?;
        // A pass that failed in the meantime is noticed after an activity: the first one always has its turn.
        if is_final(stage.status()) {
            break;
        }
    }
    Ok(())
}

/// One step: waits for its go, runs it or starts it in the background, moves the cursor.
pub(super) async fn turn(
    stage: &Arc<Stage>,
    helm: &mut Helm,
    background: &mut Background,
    cursor: &mut Cursor,
    entry: &Entry,
    step: StepRef,
) -> Result<(), Stopped> {
    let activity = entry.activity.as_ref();
    let effect = activity.map_or(Effect::Reads, |activity| stage.effect(activity));
    let consent = match cursor.go(helm, step, needs_consent(effect, step.section)).await? {
        Go::Run(consent) => consent,
        Go::Skip => {
            let name = activity.map_or_else(|_| entry.name(), |activity| activity.name.clone());
            stage.voice.emit(What::StepSkipped { step, name }).await;
            cursor.skip();
            return Ok(());
        }
        Go::Back => {
            cursor.back(&stage.voice).await;
            return Ok(());
        }
    };
    announce(stage, entry, step).await;
    let activity = activity.map_err(|missing| Stopped::Cutoff(Cutoff::Broke(missing.to_string())))?;
    if entry.background {
        if let (Some(fired), Ok(activity)) = (&consent, &entry.activity)
            && !fired.is_up_front()
            && let Some(why) = stage.moved(activity, step).await
        {
            stage.voice.log(Level::Warning, why).await;
            return Ok(());
        }
        let starter = Starter { activity: activity.clone(), step, effect, consent };
        background.start(stage, helm, starter).await;
        cursor.ran();
        return Ok(());
    }
    let cleared = Cleared::new(activity, step, effect, consent.as_ref());
    let Some(cleared) = cleared else {
        let message = format!("'{}' changes the system and was not fired", activity.name);
        return Err(Stopped::Cutoff(Cutoff::Broke(message)));
    };
    let reins = helm.reins();
    let performed = helm.hear(&reins, perform(stage, cleared, step, Ground::Fore, &reins)).await;
    if let Err(Cutoff::Moved(why)) = performed {
        stage.voice.log(Level::Warning, why).await;
        helm.halted()?;
        // The cursor stays: the step is awaited again, with a new card.
        return Ok(());
    }
    cursor.ran();
    helm.halted()?;
    performed.map(drop).map_err(Stopped::Cutoff)
}

/// The console names a rollback before its activity: the referring entry's own name.
async fn announce(stage: &Stage, entry: &Entry, step: StepRef) {
    if step.section == Section::Rollbacks {
        stage.voice.log(Level::Info, format!("Rollback: {}", entry.name())).await;
    }
}

//! A run from its first line to its last (experiment-format 8.1).

use super::{
    Ending, Request, Signal,
    background::Background,
    continuous::Continuous,
    controls::{Level as ControlLevel, Subject},
    halt::{Halt, Turn, Undo},
    helm::Helm,
    hypothesis, method,
    plan::plan,
    rollbacks, rounds,
    stage::Stage,
};
use crate::{
    experiment::{Map, Value, python_text, substitute},
    provider::Providers,
    session::{
        What,
        command::StepCommand,
        event::{Level, RunStatus},
        journal::status_name,
        stream::Emitter,
    },
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Plays an experiment.
///
/// Everything that happens is told through `emitter`, secrets masked, beginning with the plan; every order it
/// receives is told as [`What::Commanded`]. Whoever reads the stream must keep reading. With [`super::Pace::Step`] the
/// run waits before each step, and turns to its end when the sender of `orders` is dropped.
pub async fn play(
    request: Request,
    providers: Arc<Providers>,
    emitter: Emitter,
    orders: mpsc::Receiver<StepCommand>,
    signals: mpsc::Receiver<Signal>,
) -> Ending {
    let planned = What::Planned(plan(&request, &providers));
    let (raw, pace) = (journalled(&request), request.pace.clone());
    let mut stage = Stage::new(request, raw.clone(), providers, emitter);
    let mut helm = Helm::new(pace, orders, signals, stage.voice.clone(), stage.fixes.clone());
    stage.voice.emit(planned).await;
    stage.voice.emit(started(&stage, raw)).await;
    let mut controls = std::mem::take(&mut stage.controls);
    let reins = helm.reins();
    let changes = helm.hear(&reins, controls.configure(stage.scene(), &reins)).await;
    stage.controls = controls;
    stage.adopt(changes).await;
    let stage = Arc::new(stage);
    let hypothetical = has_probes(&stage);
    say_strategies(&stage, hypothetical).await;

    let mut background = Background::default();
    let undo = match act(&stage, &mut helm, &mut background, hypothetical).await {
        Ok(()) => Undo::ByStrategy,
        Err(halt) => {
            if !stage.has_crashed() {
                stage.set_status(RunStatus::Interrupted);
            }
            halt.rollbacks
        }
    };
    rollbacks::play(&stage, &mut helm, undo).await;
    background.end().await;
    end(&stage, &mut helm).await
}

/// The experiment as the journal shows it: title substituted, `dry` set.
fn journalled(request: &Request) -> Map {
    let mut raw = request.experiment.raw().clone();
    let title = substitute(request.experiment.title(), &request.configuration, &request.secrets);
    raw.insert("title".to_owned(), title);
    let dry = request.options.dry.map_or(Value::Null, |dry| dry.name().into());
    raw.insert("dry".to_owned(), dry);
    raw
}

fn started(stage: &Stage, raw: Map) -> What {
    What::RunStarted {
        title: raw.get("title").map(python_text).unwrap_or_default(),
        hypothesis_strategy: stage.options.hypothesis.printed().to_owned(),
        rollback_strategy: stage.options.rollbacks.printed().to_owned(),
        dry: stage.options.dry.map(|dry| dry.name().to_owned()),
        experiment: raw.into(),
    }
}

/// What the reference says once the controls are configured, which may have said something themselves.
async fn say_strategies(stage: &Stage, hypothetical: bool) {
    let (hypothesis, rollbacks) = (stage.options.hypothesis.printed(), stage.options.rollbacks.printed());
    stage.voice.log(Level::Info, format!("Steady-state strategy: {hypothesis}")).await;
    stage.voice.log(Level::Info, format!("Rollbacks strategy: {rollbacks}")).await;
    let said = match (stage.options.hypothesis, hypothetical) {
        (super::HypothesisStrategy::Skip, _) => "Skipping Steady-State Hypothesis as requested",
        (_, false) => "No steady state hypothesis defined. That's ok, just exploring.",
        (_, true) => return,
    };
    stage.voice.log(Level::Info, said).await;
}

/// Whether there is a hypothesis with probes; asked once, before any control may change that.
fn has_probes(stage: &Stage) -> bool {
    stage.experiment().hypothesis().is_some_and(|hypothesis| !hypothesis.probes.is_empty())
}

/// Gate, method and final pass. Errors nobody expected are settled here: they abort the run.
async fn act(
    stage: &Arc<Stage>,
    helm: &mut Helm,
    background: &mut Background,
    hypothetical: bool,
) -> Result<(), Halt> {
    helm.halted()?;
    let raw = stage.raw();
    let subject = Subject::whole(ControlLevel::Experiment, &raw);
    if let Err(stopped) = rounds::before(stage, helm, subject).await {
        return settle(stage, stopped.turn(stage).await).await;
    }
    let strategy = stage.options.hypothesis;
    if hypothetical && strategy.before() {
        match hypothesis::gate(stage, helm).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(turn) => return settle_hypothesis(stage, turn).await,
        }
    }
    let continuous = match hypothetical && strategy.during() {
        true => Some(Continuous::start(stage, helm.up_front()).await),
        false => None,
    };
    let played = played(stage, helm, background, hypothetical, continuous.as_ref()).await;
    if let Some(continuous) = continuous {
        if played.is_err() {
            continuous.halt();
        }
        continuous.stop();
        let reins = continuous.reins();
        helm.hear(&reins, continuous.join()).await;
    }
    played?;
    helm.halted()
}

/// The method and the pass after it; a continuous pass that runs when the method ends may overlap with the latter.
async fn played(
    stage: &Arc<Stage>,
    helm: &mut Helm,
    background: &mut Background,
    hypothetical: bool,
    continuous: Option<&Continuous>,
) -> Result<(), Halt> {
    if let Err(turn) = method::play(stage, helm, background).await {
        return settle(stage, turn).await;
    }
    if let Some(continuous) = continuous {
        continuous.stop();
    }
    let over = matches!(stage.status(), Some(RunStatus::Aborted | RunStatus::Interrupted));
    if !hypothetical || !stage.options.hypothesis.after() || over {
        return Ok(());
    }
    match hypothesis::after(stage, helm).await {
        Ok(()) => Ok(()),
        Err(turn) => settle_hypothesis(stage, turn).await,
    }
}

/// An abort is a status and a line; a halt goes on up.
async fn settle(stage: &Stage, turn: Turn) -> Result<(), Halt> {
    match turn {
        Turn::Halt(halt) => Err(halt),
        Turn::Abort(message) => {
            stage.set_status(RunStatus::Aborted);
            stage.voice.emit(What::Aborted { message }).await;
            Ok(())
        }
    }
}

/// The same in the passes before and after the method, where the reference knows no abort.
async fn settle_hypothesis(stage: &Stage, turn: Turn) -> Result<(), Halt> {
    match turn {
        Turn::Abort(message) if stage.options.compat.crashes() => {
            stage.crash(message).await;
            Err(Halt::crash())
        }
        turn => settle(stage, turn).await,
    }
}

async fn end(stage: &Stage, helm: &mut Helm) -> Ending {
    let status = stage.status().unwrap_or(RunStatus::Completed);
    let ending = Ending {
        status,
        deviated: stage.deviated(),
        crashed: stage.has_crashed(),
        unrolled: !stage.unrolled().is_empty(),
    };
    stage.voice.emit(What::RunEnded { status, deviated: ending.deviated }).await;
    let ending = if ending.crashed { ending } else { close(stage, helm, ending).await };
    let reins = helm.reins();
    let complaints = helm.hear(&reins, stage.controls.clean_up(stage.scene(), &reins)).await;
    let untidy = complaints.iter().any(|complaint| complaint.level == Level::Error);
    stage.complain(complaints).await;
    for failed in stage.unrolled() {
        let said = format!("Rollback '{failed}' failed: what it was to undo may still be there");
        stage.voice.log(Level::Error, said).await;
    }
    // The reference falls over it and exits with 1; the journal is not to suffer.
    if untidy { Ending { status: RunStatus::Failed, ..ending } } else { ending }
}

/// The last controls see the journal, and may change it and with it the exit code. Nothing they raise counts.
async fn close(stage: &Stage, helm: &mut Helm, ending: Ending) -> Ending {
    let raw = stage.raw();
    let journal = || stage.voice.minutes().value();
    let subject = Subject::whole(ControlLevel::Experiment, &raw);
    let (changed, _) = rounds::after(stage, helm, subject, journal).await;
    let Some(journal) = changed else { return ending };
    let status = journal.get("status").and_then(Value::as_str);
    let known = [RunStatus::Completed, RunStatus::Failed, RunStatus::Aborted, RunStatus::Interrupted];
    let changed = Ending {
        // A status of the control's own making is none that `chaos run` exits with 0 for.
        status: known.into_iter().find(|it| Some(status_name(*it)) == status).unwrap_or(RunStatus::Failed),
        deviated: journal.get("deviated").is_some_and(Value::truthy),
        ..ending
    };
    stage.voice.emit(What::JournalAmended { journal }).await;
    changed
}

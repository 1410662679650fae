//! Tells those who listen in Python what happens in the run, in the words of the reference (`chaoslib.run`).

use super::{context::RunContext, continuous::Broken, stop_request::StopRequest};
use crate::session::{
    EventKind,
    event::HypothesisPhase,
    journal::{Journal, status_name},
};
use pyvalue::{Map, Value};

impl RunContext {
    /// Calls the handlers of an event, if there are any, with the arguments that the reference gives.
    pub(super) async fn tell(&self, event: &'static str, arguments: impl FnOnce() -> Vec<Value>) {
        if let Some(listener) = self.listener.as_ref().filter(|listener| listener.hears_events()) {
            listener.event(event, arguments()).await;
        }
    }

    /// Tells the start of the run, which follows the configuration of the controls that may listen.
    pub(super) async fn tell_running(&self) {
        let schedule = [
            ("continuous_hypothesis_frequency", Value::Float(self.options.frequency)),
            ("fail_fast", self.options.fail_fast.into()),
        ];
        let arguments = || {
            let configuration = self.configuration().as_ref().clone().into();
            let secrets = self.secrets.expose().clone().into();
            vec![self.told_experiment(), self.told_journal(), configuration, secrets, mapping(schedule)]
        };
        self.tell("running", arguments).await;
    }

    /// Tells that a pass of the hypothesis begins. Continuous passes are told when they have ended.
    pub(super) async fn tell_pass_start(&self, phase: HypothesisPhase) {
        let event = match phase {
            HypothesisPhase::Before => "start_hypothesis_before",
            HypothesisPhase::During => return,
            HypothesisPhase::After => "start_hypothesis_after",
        };
        self.tell(event, || vec![self.told_experiment()]).await;
    }

    /// Tells the result of a pass around the method.
    pub(super) async fn tell_pass_end(&self, phase: HypothesisPhase) {
        let (event, key) = match phase {
            HypothesisPhase::Before => ("hypothesis_before_completed", "before"),
            HypothesisPhase::During => return,
            HypothesisPhase::After => ("hypothesis_after_completed", "after"),
        };
        let arguments = || {
            let journal = self.told_journal();
            let pass = journal.get("steady_states").and_then(|passes| passes.get(key));
            vec![self.told_experiment(), pass.cloned().unwrap_or_default(), journal]
        };
        self.tell(event, arguments).await;
    }

    /// Tells the result of a continuous pass.
    pub(super) async fn tell_iteration(&self, number: u32) {
        let arguments = || {
            let journal = self.told_journal();
            let passes = journal.get("steady_states").and_then(|passes| passes.get("during"));
            let last = passes.and_then(Value::as_list).and_then(|passes| passes.last());
            vec![i64::from(number).into(), last.cloned().unwrap_or_default()]
        };
        self.tell("continuous_hypothesis_iteration", arguments).await;
    }

    /// Tells why the run stops early.
    pub(super) async fn tell_stop(&self, halt: &StopRequest) {
        if halt.signals_exit {
            self.tell("signal_exit", Vec::new).await;
        } else {
            self.tell("interrupted", || vec![self.told_experiment(), self.told_journal()]).await;
        }
    }

    /// Tells the end of the continuous hypothesis, and what broke it, if something did.
    pub(super) async fn tell_continuous_end(&self, broken: Option<&Broken>) {
        let exception = broken.map_or(Value::Null, |Broken { interrupts, message }| {
            mapping([("interrupts", (*interrupts).into()), ("message", message.as_str().into())])
        });
        let arguments = || vec![self.told_experiment(), self.told_journal(), exception];
        self.tell("continuous_hypothesis_completed", arguments).await;
    }

    /// Tells the very end of the run. What the handlers change in the journal is kept.
    pub(super) async fn tell_finish(&self) {
        let Some(listener) = self.listener.as_ref().filter(|listener| listener.hears_events()) else {
            return;
        };
        if let Some(journal) = listener.event("finish", vec![self.told_journal()]).await {
            self.emitter.emit(EventKind::JournalAmended { journal }).await;
        }
    }

    pub(super) fn told_experiment(&self) -> Value {
        self.raw().as_ref().clone().into()
    }

    /// The journal so far. Unlike the file, it has a status as soon as the run has one.
    pub(super) fn told_journal(&self) -> Value {
        let mut journal = self.emitter.read_journal(Journal::value);
        if let Value::Map(journal) = &mut journal
            && journal.get("status") == Some(&Value::Null)
        {
            let status = self.progress.status().map_or(Value::Null, |status| status_name(status).into());
            journal.insert("status".to_owned(), status);
            journal.insert("deviated".to_owned(), self.progress.deviated().into());
        }
        journal
    }
}

fn mapping<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map>().into()
}

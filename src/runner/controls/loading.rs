//! Controls around the loading of an experiment: the global ones only, as there is no experiment to declare any
//! (experiment-format 10.2).

use super::{ControlCall, ControlError, Controls, StopByControl, When};
use pyvalue::Value;
use tokio_util::sync::CancellationToken;

/// The result of a round of controls around the loading.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Loading {
    /// The experiment, if a control changed it.
    pub experiment: Option<Value>,
    /// How a control prevented the run, if one did.
    pub stopped_by: Option<StopByControl>,
    /// Errors of controls that do not prevent the run.
    pub complaints: Vec<String>,
}

impl Controls {
    /// Calls `before_loading_experiment_control`.
    pub(crate) async fn before_loading(&self, source: &str) -> Loading {
        self.loading(When::Before, source, None).await
    }

    /// Calls `after_loading_experiment_control`, whether or not loading succeeded: `experiment` is what was loaded.
    pub(crate) async fn after_loading(&self, source: &str, experiment: Option<&Value>) -> Loading {
        self.loading(When::After, source, experiment).await
    }

    async fn loading(&self, when: When, source: &str, experiment: Option<&Value>) -> Loading {
        let mut loading = Loading::default();
        let Some(host) = &self.host else { return loading };
        let function = format!("{}_loading_experiment_control", when.name());
        let context = Value::from(source);
        let applied = self.globals.iter().filter(|it| it.scope().is_none_or(|scope| scope == when.name()));
        for control in applied {
            let Some(module) = control.module() else { continue };
            let call = ControlCall {
                module,
                function: &function,
                arguments: control.arguments(),
                context: Some(&context),
                place: None,
                state: loading.experiment.as_ref().or(experiment),
                run_objects: None,
                settings: true,
                cancel: CancellationToken::new(),
            };
            let reply = host.call(call).await;
            if reply.state.is_some() {
                loading.experiment = reply.state;
            }
            match reply.error {
                Some(ControlError::Interrupt(message)) => {
                    loading.stopped_by = Some(StopByControl::Interrupt(message));
                }
                Some(ControlError::Exit(code)) => loading.stopped_by = Some(StopByControl::Exit(code)),
                Some(ControlError::KeyboardInterrupt) => {
                    loading.stopped_by = Some(StopByControl::KeyboardInterrupt);
                }
                Some(ControlError::Exception(message) | ControlError::Ended(message)) => {
                    loading.complaints.push(format!("{function} of control '{}': {message}", control.name));
                }
                None => {}
            }
            if loading.stopped_by.is_some() {
                break;
            }
        }
        loading
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ControlError, ControlReply, Controls, StopByControl, fake::FakeHost};
    use crate::experiment::Control;
    use pyvalue::{Map, Value, parse_json};
    use std::sync::Arc;

    fn control(json: &str) -> Control {
        Control::list(Some(&parse_json(&format!("[{json}]")).unwrap())).remove(0)
    }

    fn of(module: &str, more: &str) -> Control {
        control(&format!(
            r#"{{"name": "{module}", "provider": {{"type": "python", "module": "{module}"}}{more}}}"#
        ))
    }

    #[tokio::test]
    async fn each_sees_what_those_before_it_made_of_the_experiment() {
        let host = Arc::new(FakeHost::new(|call| {
            assert!(call.run_objects.is_none() && call.context == Some(&"x.json".into()));
            let titles = |value: &Value| format!("{}+", value.get("title").and_then(Value::as_str).unwrap());
            let state = call.state.map(|state| Map::from_iter([("title".to_owned(), titles(state).into())]));
            ControlReply { state: state.map(Into::into), ..ControlReply::default() }
        }));
        let controls =
            Controls::new(vec![of("a", ""), of("b", r#", "scope": "before""#), of("c", "")], host.clone());
        assert_eq!(controls.before_loading("x.json").await.experiment, None);
        let loaded = parse_json(r#"{"title": "t"}"#).unwrap();
        let after = controls.after_loading("x.json", Some(&loaded)).await;
        assert_eq!(after.experiment.unwrap().get("title"), Some(&"t++".into()));
        let (before, after) = ("before_loading_experiment_control", "after_loading_experiment_control");
        let wanted = [("a", before), ("b", before), ("c", before), ("a", after), ("c", after)];
        assert_eq!(host.calls(), wanted.map(|(module, function)| format!("{module}.{function}")));
    }

    #[tokio::test]
    async fn an_interruption_ends_the_round_and_an_error_does_not() {
        let host = Arc::new(FakeHost::new(|call| ControlReply {
            error: Some(match call.module {
                "a" => ControlError::Exception("oops".to_owned()),
                _ => ControlError::Interrupt("stop".to_owned()),
            }),
            ..ControlReply::default()
        }));
        let controls = Controls::new(vec![of("a", ""), of("b", ""), of("c", "")], host);
        let loading = controls.before_loading("x.json").await;
        assert_eq!(loading.stopped_by, Some(StopByControl::Interrupt("stop".to_owned())));
        assert_eq!(loading.complaints, ["before_loading_experiment_control of control 'a': oops"]);
    }
}

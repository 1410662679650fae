//! A step is fired only in the cluster that its card named.

use super::*;
use crate::{
    cluster::{ClusterSettings, Connection, Identity},
    provider::ControlReply,
    runner::controls::fake::FakeHost,
    session::{command::StepCommand, event::Section},
};
use std::sync::Mutex;

const KILL: StepRef = StepRef { section: Section::Method, index: 0 };
const CONFIG: &str = r#"{"current-context": "production", "users": [{"name": "u", "user": {}}],
    "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
    "contexts": [{"name": "production", "context": {"cluster": "c", "user": "u"}},
                 {"name": "staging", "context": {"cluster": "c", "user": "u"}}]}"#;

/// A variable that selects the cluster, as a function or a control would set it.
#[derive(Clone, Default)]
struct Chosen(Arc<Mutex<Option<String>>>);

impl Chosen {
    fn set(&self, context: &str) {
        *self.0.lock().unwrap() = Some(context.to_owned());
    }

    fn settings(&self, kubeconfig: String) -> ClusterSettings {
        let chosen = self.0.clone();
        ClusterSettings::new(move |name| match name {
            "KUBECONFIG" => Some(kubeconfig.clone()),
            "KUBERNETES_CONTEXT" => chosen.lock().unwrap().clone(),
            _ => None,
        })
    }
}

async fn identity(settings: &ClusterSettings) -> Identity {
    Connection::choose(settings, &Map::default()).await.unwrap().identity()
}

/// Fires the step three times at most; calls `between` after the card was shown and before the fire.
async fn fired(parts: &str, controls: Controls, chosen: Chosen, between: impl Fn(usize)) -> (Played, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, CONFIG).unwrap();
    let settings = chosen.settings(path.display().to_string());
    let mut setup = Setup::new(parts).stepping();
    setup.cluster = Some(settings.clone());
    setup.controls = controls;
    let shown = setup.shown.clone();
    let asked = Mutex::new(0);
    let played = setup
        .play_with(async |what, operator| {
            if let EventKind::StepAwaited { step: KILL, .. } = what {
                shown.note(KILL, Some(identity(&settings).await));
                let number = {
                    let mut asked = asked.lock().unwrap();
                    *asked += 1;
                    *asked
                };
                between(number);
                operator.says(if number > 3 { StepCommand::Quit } else { StepCommand::Fire(KILL) }).await;
            }
        })
        .await;
    (played, asked.into_inner().unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_would_act_elsewhere_by_now_is_not_fired_but_shown_again() {
    let chosen = Chosen::default();
    let change = chosen.clone();
    let (played, asked) =
        fired(&method(&[action("kill", "harm", "")]), Controls::default(), chosen, move |number| {
            if number == 1 {
                change.set("staging");
            }
        })
        .await;
    assert_eq!(asked, 2, "it is awaited again, with a new card");
    assert_eq!(played.calls, ["kill"], "fired once, where the second card said");
    let told = "'kill' was not fired: its card showed context production, but it would now act in context staging; \
                check the new card";
    assert!(played.says(told));
    let fires =
        played.events.iter().filter(|event| matches!(event.what, EventKind::FaultFired { .. })).count();
    assert_eq!(fires, 1);
}

#[tokio::test(start_paused = true)]
async fn what_stays_where_it_was_shown_is_fired_at_once() {
    let (played, asked) =
        fired(&method(&[action("kill", "harm", "")]), Controls::default(), Chosen::default(), |_| {}).await;
    assert_eq!((asked, played.calls.len()), (1, 1));
}

/// The cluster changes because of a pause before the step, or because of what runs in the background meanwhile.
#[tokio::test(start_paused = true)]
async fn in_the_background_too_it_is_shown_again() {
    let chosen = Chosen::default();
    let change = chosen.clone();
    let steps = method(&[action("kill", "harm", r#""background": true"#)]);
    let (played, asked) = fired(&steps, Controls::default(), chosen, move |number| {
        if number == 1 {
            change.set("staging");
        }
    })
    .await;
    assert_eq!((asked, played.calls.len()), (2, 1));
}

/// A control selects the cluster before each activity, so the first card cannot name it.
#[tokio::test(start_paused = true)]
async fn where_a_control_chooses_another_cluster_the_card_is_shown_again() {
    let chosen = Chosen::default();
    let change = chosen.clone();
    let host = FakeHost::new(move |call| {
        if call.function == "before_activity_control" {
            change.set("staging");
        }
        ControlReply::default()
    });
    let controls = Controls::new(Vec::new(), Arc::new(host));
    let declared = r#""controls": [{"name": "c", "provider": {"type": "python", "module": "m"}}]"#;
    let parts = format!("{}, {declared}", method(&[action("kill", "harm", "")]));
    let (played, asked) = fired(&parts, controls, chosen, |_| {}).await;
    assert_eq!((asked, played.calls.len(), played.outcome().0.as_str()), (2, 1, "completed"));
}

//! The preflight checks and target cards that precede firing.

use super::{activity, connection, map, settings};
use crate::stage::{Stage, has_kubectl};
use chaos_tui::{
    cluster::Forwards,
    experiment::{Activity, Secrets, substitute},
    observe::preflight::{ClusterUse, Preflight, StepToCheck, needs},
    provider::preview::card,
    session::event::{CheckLevel, Section, StepRef},
};
use pyvalue::{Map, Value};
use serde_json::{Value as Json, json};

/// Returns the providers of a file's hypothesis and method, substituted with the values that the sandbox announced.
fn providers(stage: &Stage, file: &str) -> Vec<(Section, String, Json)> {
    let path = format!("{}/experiments/{file}", env!("CARGO_MANIFEST_DIR"));
    let experiment: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let configuration = map(json!({"consumer_url": stage.announced("consumer_url")}));
    let probes = experiment["steady-state-hypothesis"]["probes"].as_array().unwrap().iter();
    let method = experiment["method"].as_array().unwrap().iter();
    let steps = probes.map(|step| (Section::Before, step)).chain(method.map(|step| (Section::Method, step)));
    steps
        .filter(|(_, step)| step["provider"].is_object())
        .map(|(section, step)| {
            let declared: Value = serde_json::from_value(step["provider"].clone()).unwrap();
            let provider = substitute(&declared, &configuration, &Secrets::default());
            (section, step["name"].as_str().unwrap().to_owned(), serde_json::to_value(provider).unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_samples_are_ready_to_be_fired() {
    let stage = Stage::set(&[]);
    let connection = connection(&stage).await;
    let told = &stage.announced["environment"];
    let gremlin = json!({"email": told["GREMLIN_EMAIL"], "password": told["GREMLIN_PWD"], "org_name": told["GREMLIN_ORG_NAME"]});
    let secrets = Secrets::new(map(json!({"gremlin": gremlin})));
    let settings = settings(&stage);
    for file in ["experiment.json", "kill-pod.json", "liveness-trap.json", "service-down.json"] {
        let providers = providers(&stage, file);
        let activities: Vec<Activity> = providers
            .iter()
            .map(|(_, name, provider)| Activity { name: name.clone(), ..activity(provider) })
            .collect();
        let subjects: Vec<StepToCheck<'_>> = activities
            .iter()
            .zip(&providers)
            .enumerate()
            .map(|(i, (activity, (section, _, provider)))| StepToCheck {
                number: i + 1,
                at: StepRef { section: *section, index: i },
                activity,
                provider: map(provider.clone()),
                destructive: *section == Section::Method,
            })
            .collect();
        let namespaces = ["default".to_owned()];
        let cluster = ClusterUse { namespaces: &namespaces, users: true, requests: true };
        let preflight = Preflight {
            connection: Ok(&connection),
            namespace: "default",
            steps: &subjects,
            needs: needs(subjects.iter().map(|step| &step.provider), &secrets, &settings, cluster),
            secrets: &secrets,
            settings: &settings,
            breaker: None,
            thorough: false,
            watched: &[],
            forwards: &Forwards::default(),
        };
        let checks = preflight.run().await;
        let lines: Vec<String> =
            checks.iter().map(|(_, check)| format!("{:?} {}", check.level, check.text)).collect();
        assert!(checks.iter().all(|(_, check)| check.level != CheckLevel::Fix), "{file}: {lines:#?}");
        let has = |words: &str| {
            assert!(lines.iter().any(|line| line.contains(words)), "{file}: {words} in {lines:#?}");
        };
        has("cluster reachable, context sandbox");
        has("2 of 2 pods ready");
        has("you may");
        has("accepts connections");
        has("my-consumer-app liveness asks /health");
        if file != "service-down.json" {
            has("my-provider-app has 1 replica");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_of_each_samples_fault() {
    if !has_kubectl() {
        return;
    }
    let stage = Stage::set(&[]);
    let connection = connection(&stage).await;
    let pod = stage.pod("my-provider-app")["metadata"]["name"].as_str().unwrap().to_owned();
    let step = StepRef { section: Section::Method, index: 0 };
    for (file, headline, comes_back) in [
        ("experiment.json", "STOP 1 container, the pod stays, through Gremlin's shutdown", "in the same pod"),
        (
            "kill-pod.json",
            "KILL 1 pod, by deleting it, immediately, without a grace period",
            "yes: a new pod",
        ),
        ("service-down.json", "SCALE Deployment my-provider-app from 1 to 0", "NO: it stays at 0"),
    ] {
        let providers = providers(&stage, file);
        let (_, _, provider) = providers.iter().find(|(section, ..)| *section == Section::Method).unwrap();
        let provider: Map = map(provider.clone());
        let card = card(step, &activity(&json!({"type": "python"})), &provider, Some(&connection)).await;
        assert_eq!(card.headline, headline, "{file}: {card:#?}");
        assert!(card.objects.iter().any(|object| object.contains(&pod)), "{file}: {card:#?}");
        assert_eq!(card.share.as_deref(), Some("1 of 1 replica"), "{file}");
        assert!(
            card.consequences[0].contains("my-provider-service is left with 0 endpoints"),
            "{file}: {card:#?}"
        );
        assert!(card.comes_back.contains(comes_back), "{file}: {card:#?}");
        assert_eq!(card.confirm, "my-provider-app", "{file}");
    }
}

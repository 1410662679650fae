//! Tests which failures of a fired action count as having changed nothing.

use super::*;

fn forbidden() -> Reply {
    let said = "pods \"a\" is forbidden: User \"viewer\" cannot delete resource \"pods\" in API group \"\"";
    Reply::Refused(403, "Forbidden", said.to_owned())
}

async fn terminate(delete: impl Fn(usize) -> Reply + Clone + Send + Sync + 'static) -> Played {
    let deleted = Arc::new(Mutex::new(0));
    let arguments = json!({"label_selector": "app=a", "all": true, "grace_period": 0});
    play("chaosk8s.pod.actions.terminate_pods", arguments, move |asked: &RecordedRequest| {
        match asked.method.as_str() {
            "DELETE" => {
                let mut count = deleted.lock().unwrap();
                *count += 1;
                delete(*count)
            }
            _ => Reply::List("Pod", vec![pod("a", "Running"), pod("b", "Running")]),
        }
    })
    .await
}

#[tokio::test]
async fn a_forbidden_kill_is_refused_with_context_user_verb_and_resource() {
    let played = terminate(|_| forbidden()).await;
    let why = played.refused.clone().unwrap();
    for wanted in ["context", "viewer", "delete", "pods/", "namespace default", "403"] {
        assert!(why.contains(wanted), "{wanted} in {why}");
    }
    assert!(!why.contains("Exception"), "{why}");
    assert!(played.failure().contains("ForbiddenException"), "the journal has the reference's words");
}

#[tokio::test]
async fn a_kill_that_was_refused_halfway_or_not_answered_well_is_not_refused() {
    let gone = || Reply::Object(json!({"kind": "Status", "status": "Success"}));
    let halfway = terminate(move |count| if count == 1 { gone() } else { forbidden() }).await;
    assert!(!halfway.failure().is_empty());
    assert_eq!(halfway.refused, None, "the first pod is gone");
    let broken = terminate(|_| Reply::Refused(500, "InternalError", "etcd".to_owned())).await;
    assert!(!broken.failure().is_empty());
    assert_eq!(broken.refused, None);
}

#[tokio::test]
async fn what_is_not_there_or_not_valid_changes_nothing() {
    for (status, reason) in [(404, "NotFound"), (422, "Invalid")] {
        let played = play(
            "chaosk8s.deployment.actions.scale_deployment",
            json!({"name": "shop", "replicas": 0}),
            move |_: &RecordedRequest| Reply::Refused(status, reason, "no".to_owned()),
        )
        .await;
        let why = played.refused.unwrap();
        assert!(why.contains("deployments/shop") && why.contains(&status.to_string()), "{why}");
    }
    let played = play(
        "chaosk8s.deployment.actions.scale_deployment",
        json!({"name": "shop"}),
        |_: &RecordedRequest| Reply::Refused(500, "InternalError", "not asked".to_owned()),
    )
    .await;
    assert!(played.asked.is_empty() && played.refused.is_some(), "nothing was sent: {:?}", played.asked);
}

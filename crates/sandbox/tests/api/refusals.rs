//! The requests that the server refuses, with the status and message that a real kube-apiserver returns.

use crate::rig::{Rig, deployment};
use serde_json::{Value, json};

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

/// Checks the code, the reason and a part of the message.
fn is(answer: &crate::rig::Answer, code: u16, reason: &str, words: &str) {
    let body = &answer.body;
    assert_eq!((answer.code, &body["reason"]), (code, &json!(reason)), "{body}");
    assert_eq!(
        (&body["kind"], &body["status"], &body["code"]),
        (&json!("Status"), &json!("Failure"), &json!(code))
    );
    assert!(body["message"].as_str().unwrap().contains(words), "{words:?} is not in {body}");
}

#[tokio::test]
async fn reads_are_refused_as_a_real_server_refuses_them() {
    let rig = Rig::start().await;
    let table = [
        (format!("{PODS}/x"), 404, "NotFound", "pods \"x\" not found"),
        (format!("{DEPLOYMENTS}/x"), 404, "NotFound", "deployments.apps \"x\" not found"),
        (format!("{PODS}/a/nonsense"), 404, "NotFound", "the server could not find the requested resource"),
        ("/apis/nowhere/v1".into(), 404, "NotFound", "the server could not find the requested resource"),
        (
            format!("{PODS}?labelSelector=%7Bname%7D"),
            400,
            "BadRequest",
            "unable to parse requirement: invalid label key",
        ),
        (format!("{PODS}?labelSelector=a+in+b"), 400, "BadRequest", "found 'b' expected: '('"),
        (format!("{PODS}?fieldSelector=foo%3Dbar"), 400, "BadRequest", "field label not supported: foo"),
        (
            format!("{DEPLOYMENTS}?fieldSelector=foo%3Dbar"),
            400,
            "BadRequest",
            "\"foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ),
        (format!("{PODS}?limit=abc"), 400, "BadRequest", "abc"),
        (format!("{PODS}?watch=true&resourceVersion=abc"), 400, "BadRequest", "abc"),
        (format!("{PODS}?continue=abc"), 400, "BadRequest", "continue key is not valid"),
        (
            format!("{PODS}?watch=1&sendInitialEvents=true"),
            422,
            "Invalid",
            "requires setting resourceVersionMatch",
        ),
        (format!("{PODS}/a/log?container=x"), 400, "BadRequest", "container x is not valid for pod a"),
        (format!("{PODS}/a/log?previous=true"), 400, "BadRequest", "previous terminated container not found"),
        (format!("{PODS}/a/portforward"), 405, "MethodNotAllowed", "can be reached directly"),
        (format!("{PODS}/a/exec?command=ls"), 405, "MethodNotAllowed", "WebSockets only"),
    ];
    for (path, code, reason, words) in table {
        is(&rig.get(&path).await, code, reason, words);
    }
    let missing = rig.get(&format!("{PODS}/x")).await.body;
    assert_eq!(missing["details"], json!({"name": "x", "kind": "pods"}), "the core group is never named");
    let missing = rig.get(&format!("{DEPLOYMENTS}/x")).await.body;
    assert_eq!(missing["details"], json!({"name": "x", "group": "apps", "kind": "deployments"}));
    is(&rig.ask("POST", "/version", &[], &Value::Null).await, 405, "MethodNotAllowed", "does not allow");
    is(&rig.ask("PUT", PODS, &[], &json!({})).await, 405, "MethodNotAllowed", "does not allow");
}

#[tokio::test]
async fn writes_are_refused_as_a_real_server_refuses_them() {
    let rig = Rig::start().await;
    assert_eq!(rig.post(DEPLOYMENTS, &deployment("web", 1)).await.code, 201);
    let with = |pointer: &str, value: Value| {
        let mut object = deployment("web", 1);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        object.pointer_mut(parent).unwrap()[key] = value;
        object
    };
    let another = |pointer: &str, value: Value| {
        let mut object = with(pointer, value);
        object["metadata"]["name"] = "e".into();
        object
    };
    let posts = [
        (deployment("web", 1), 409, "AlreadyExists", "deployments.apps \"web\" already exists"),
        (with("/metadata/namespace", json!("other")), 400, "BadRequest", "does not match the namespace sent"),
        (
            another("/metadata/resourceVersion", json!("1")),
            500,
            "InternalError",
            "resourceVersion should not be set",
        ),
        (another("/kind", json!("Pod")), 400, "BadRequest", "cannot be handled as a Deployment"),
        (
            another("/apiVersion", json!("v1")),
            400,
            "BadRequest",
            "does not match the expected API version (apps/v1)",
        ),
        (another("/spec/replicas", json!("x")), 400, "BadRequest", "cannot be handled as a Deployment"),
        (
            another("/spec/selector", Value::Null),
            422,
            "Invalid",
            "Deployment.apps \"e\" is invalid: spec.selector: Required value",
        ),
        (
            another("/spec/replicas", json!(-1)),
            422,
            "Invalid",
            "spec.replicas: Invalid value: -1: must be greater",
        ),
        (
            another("/spec/template/metadata/labels", json!({"app": "b"})),
            422,
            "Invalid",
            "`selector` does not match template `labels`",
        ),
    ];
    for (body, code, reason, words) in posts {
        is(&rig.post(DEPLOYMENTS, &body).await, code, reason, words);
    }
    let nowhere = rig.post("/apis/apps/v1/namespaces/nowhere/deployments", &deployment("x", 1)).await;
    is(&nowhere, 404, "NotFound", "namespaces \"nowhere\" not found");

    let invalid = rig.post(DEPLOYMENTS, &another("/spec/replicas", json!(-1))).await.body;
    let details = json!({"name": "e", "group": "apps", "kind": "Deployment", "causes": [
        {"reason": "FieldValueInvalid", "message": "Invalid value: -1: must be greater than or equal to 0", "field": "spec.replicas"}]});
    assert_eq!(invalid["details"], details, "causes do not repeat the field's path in their message");

    let path = format!("{DEPLOYMENTS}/web");
    let puts = [
        (
            with("/metadata/name", json!("b")),
            400,
            "BadRequest",
            "the name of the object (b) does not match the name on the URL (web)",
        ),
        (with("/metadata/resourceVersion", json!("1")), 409, "Conflict", "the object has been modified"),
        (with("/metadata/uid", json!("x")), 409, "Conflict", "UID in precondition: x"),
        (with("/spec/selector", json!({"matchLabels": {"b": "c"}})), 422, "Invalid", "field is immutable"),
    ];
    for (body, code, reason, words) in puts {
        is(&rig.ask("PUT", &path, &[], &body).await, code, reason, words);
    }
    is(
        &rig.ask("PUT", &format!("{DEPLOYMENTS}/x"), &[], &deployment("x", 1)).await,
        404,
        "NotFound",
        "\"x\" not found",
    );
}

#[tokio::test]
async fn patches_are_refused_as_a_real_server_refuses_them() {
    let rig = Rig::start().await;
    rig.post(DEPLOYMENTS, &deployment("web", 1)).await;
    let deployment_path = format!("{DEPLOYMENTS}/web");
    let pod_path = format!("{PODS}/a");
    let strategic = "application/strategic-merge-patch+json";
    let apply = "application/apply-patch+yaml";
    let keyless = json!({"spec": {"template": {"spec": {"containers": [{"image": "y"}]}}}});
    let table = [
        (
            &deployment_path,
            strategic,
            keyless,
            500,
            "InternalError",
            "map: map[image:y] does not contain declared merge key: name",
        ),
        (
            &deployment_path,
            "application/json",
            json!({}),
            415,
            "UnsupportedMediaType",
            "application/merge-patch+json",
        ),
        (
            &deployment_path,
            apply,
            json!({}),
            422,
            "Invalid",
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value",
        ),
        (
            &pod_path,
            strategic,
            json!({"spec": {"nodeName": "other"}}),
            422,
            "Invalid",
            "Pod \"a\" is invalid: spec: Forbidden: pod updates may not change fields other than",
        ),
        (
            &deployment_path,
            strategic,
            json!({"metadata": {"resourceVersion": "1"}}),
            409,
            "Conflict",
            "has been modified",
        ),
    ];
    for (path, media_type, body, code, reason, words) in table {
        is(&rig.patch(path, media_type, &body).await, code, reason, words);
    }
    let missing = rig.patch(&format!("{PODS}/x"), strategic, &json!({})).await;
    is(&missing, 404, "NotFound", "pods \"x\" not found");
    let image = json!({"spec": {"containers": [{"name": "main", "image": "web:2"}]}});
    assert_eq!(rig.patch(&pod_path, strategic, &image).await.code, 200, "an image may change");
    let scale = rig
        .patch(
            &format!("{deployment_path}/scale"),
            "application/merge-patch+json",
            &json!({"spec": {"replicas": -1}}),
        )
        .await;
    is(&scale, 422, "Invalid", "Scale.autoscaling \"web\" is invalid: spec.replicas");
}

#[tokio::test]
async fn protobuf_gets_a_hint() {
    let rig = Rig::start().await;
    let answer = rig
        .ask("POST", DEPLOYMENTS, &[("content-type", "application/vnd.kubernetes.protobuf")], &json!({}))
        .await;
    is(&answer, 415, "UnsupportedMediaType", "--dry-run=client -o yaml | kubectl apply -f -");
    let review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer =
        rig.ask("POST", review, &[("content-type", "application/vnd.kubernetes.protobuf")], &json!({})).await;
    assert_eq!((answer.code, &answer.body["status"]["allowed"]), (201, &json!(true)));
}

#[tokio::test]
async fn strangers_are_kept_out() {
    let rig = Rig::start().await;
    let own = format!("https://{}", rig.serving.address);
    let table: [(&[(&str, &str)], u16); 5] = [
        (&[], 200),
        (&[("host", "evil.example")], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", &own)], 200),
        (&[("accept", "text/html")], 406),
    ];
    for (headers, code) in table {
        assert_eq!(rig.ask("GET", PODS, headers, &Value::Null).await.code, code, "{headers:?}");
    }
    let strangers = without_token(&rig, "GET /api/v1/pods HTTP/1.1").await;
    assert!(strangers.starts_with("HTTP/1.1 401"), "{strangers}");
    let health = without_token(&rig, "GET /livez HTTP/1.1").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok"), "{health}");
}

/// Sends a request without a token over a raw connection.
async fn without_token(rig: &Rig, first_line: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = rig.tls().await;
    let request = format!("{first_line}\r\nHost: {}\r\nConnection: close\r\n\r\n", rig.serving.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

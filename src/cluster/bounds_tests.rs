use super::*;
use crate::cluster::answer_text;
use axum::body::Body as Answer;
use futures_util::{StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::{ListParams, Patch, PatchParams, WatchParams},
    client::ClientBuilder,
};
use std::convert::Infallible;

/// Pods of an API server that begins its answer after a while, and then sends these pieces, each after a pause.
fn pods<P>(begins: Duration, pause: Duration, pieces: impl Fn() -> P + Clone + Send + 'static) -> Api<Pod>
where
    P: Iterator<Item = Vec<u8>> + Send + 'static,
{
    let service = tower::service_fn(move |_: Request<Body>| {
        let pieces = pieces.clone();
        async move {
            tokio::time::sleep(begins).await;
            let pieces = stream::iter(pieces()).then(move |piece| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, Infallible>(piece)
            });
            Ok::<_, Infallible>(Response::new(Answer::from_stream(pieces)))
        }
    });
    let builder = ClientBuilder::new(service, "default").with_layer(&Bounds::new("https://api:6443"));
    Api::namespaced(builder.build(), "a")
}

fn text(error: Result<impl Sized, kube::Error>) -> String {
    answer_text(&error.err().expect("an error"))
}

const NEVER: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_silent_api_server_is_given_up() {
    let begun = Instant::now();
    let silent = pods(NEVER, Duration::ZERO, std::iter::empty);
    let said = text(silent.list(&ListParams::default()).await);
    assert_eq!(said, "the API server https://api:6443 did not answer within 15 s");
    assert_eq!(begun.elapsed().as_secs(), 15);
    let change = Patch::Merge(serde_json::json!({}));
    let said = text(silent.patch("p", &PatchParams::default(), &change).await);
    assert_eq!(said, "the API server https://api:6443 did not answer within 20 s");
    assert!(text(silent.watch(&WatchParams::default(), "0").await).contains("did not answer"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_drips_is_given_up_and_a_slow_one_is_not() {
    let list = || serde_json::json!({"metadata": {}, "items": []}).to_string().into_bytes();
    let begun = Instant::now();
    let dripping = || std::iter::repeat(vec![b' ']);
    let said =
        text(pods(Duration::ZERO, Duration::from_millis(500), dripping).list(&ListParams::default()).await);
    assert_eq!(
        said,
        "the answer of the API server https://api:6443 was not complete after 15 s: it sent 30 bytes"
    );
    assert_eq!(begun.elapsed().as_secs(), 15);
    let stopped = pods(Duration::ZERO, Duration::from_secs(16), || std::iter::repeat(vec![b' '; 1 << 20]));
    assert!(text(stopped.list(&ListParams::default()).await).ends_with("it sent 0 bytes"));
    // A megabyte every ten seconds, for five minutes.
    let slow = move || std::iter::repeat_n(vec![b' '; 1 << 20], 30).chain(std::iter::once(list()));
    let slow = pods(Duration::from_secs(10), Duration::from_secs(10), slow);
    assert!(slow.list(&ListParams::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_is_cut() {
    let endless = pods(Duration::ZERO, Duration::ZERO, || std::iter::repeat(vec![b' '; 1 << 20]));
    let said = text(endless.list(&ListParams::default()).await);
    assert_eq!(
        said,
        "the answer of the API server https://api:6443 is larger than 64 MiB: ask for fewer objects, by a name or a \
         label"
    );
    let said = text(endless.list(&ListParams::default().limit(200)).await);
    assert!(said.contains("larger than 16 MiB"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_may_last_and_its_lines_may_not() {
    let event = |name: &str| {
        format!("{}\n", serde_json::json!({"type": "ADDED", "object": {"metadata": {"name": name}}}))
            .into_bytes()
    };
    let pieces = move || (0..30).map(move |number| event(&format!("p{number}")));
    let watch = pods(Duration::ZERO, Duration::from_secs(60), pieces);
    let events = watch.watch(&WatchParams::default(), "0").await.unwrap();
    assert_eq!(events.filter(|event| std::future::ready(event.is_ok())).count().await, 30);

    let endless = pods(Duration::ZERO, Duration::ZERO, || std::iter::repeat(vec![b'x'; 1 << 20]));
    let events = endless.watch(&WatchParams::default(), "0").await.unwrap();
    let said = text(Box::pin(events).next().await.unwrap());
    assert_eq!(
        said,
        "the API server https://api:6443 sent an event of more than 8 MiB: is this a Kubernetes API server?"
    );
}

#[tokio::test(start_paused = true)]
async fn what_has_limits_of_its_own_is_passed_on() {
    let endless = pods(Duration::ZERO, Duration::ZERO, || std::iter::repeat(vec![b'x'; 1 << 20]));
    let log = kube::api::LogParams { follow: true, ..Default::default() };
    assert!(endless.log_stream("p", &log).await.is_ok());
    let client: Client = endless.into_client();
    let page = Request::get("/api/v1/namespaces/a/pods/b:8080/proxy/metrics").body(Vec::new()).unwrap();
    let page = client.send(page.map(Body::from)).await.unwrap();
    let mut read = 0;
    let mut body = page.into_body();
    while read < 100 << 20 {
        read += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
}

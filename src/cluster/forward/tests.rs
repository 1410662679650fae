//! Port-forwards through a scripted API server.

use super::{
    scripted::{Cluster, Fate},
    *,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn web() -> ForwardTarget {
    ForwardTarget::Service {
        namespace: "default".to_owned(),
        service: "web".to_owned(),
        port_name: "http".to_owned(),
    }
}

async fn started(cluster: &Cluster) -> Forward {
    Forward::start(&cluster.connection().await, web()).await.unwrap()
}

/// Sends a request over a new connection: the answer, or what ended the connection.
async fn ask(forward: &Forward) -> Result<String, Option<Obstacle>> {
    let due = Instant::now();
    let mut stream = TcpStream::connect(forward.address()).await.unwrap();
    let mut answer = vec![0; 256];
    let _ = stream.write_all(b"hello").await;
    match stream.read(&mut answer).await {
        Ok(length) if length > 0 => {
            Ok(String::from_utf8(answer[..length].to_vec()).unwrap().lines().last().unwrap().to_owned())
        }
        _ => Err(forward.obstacle(due, Instant::now(), false)),
    }
}

#[tokio::test]
async fn connections_take_turns_among_the_ready_pods_and_survive_a_pod_that_is_replaced() {
    let cluster = Cluster::of(&[("a", Fate::Answers), ("b", Fate::Answers)]);
    let forward = started(&cluster).await;
    let answers = [ask(&forward).await.unwrap(), ask(&forward).await.unwrap(), ask(&forward).await.unwrap()];
    assert_eq!(answers, ["a", "b", "a"]);
    // The list of ready pods is a moment old.
    cluster.set(&[("c", Fate::Answers)]);
    assert_eq!(ask(&forward).await.unwrap(), "c");
    cluster.set(&[]);
    tokio::time::sleep(FRESH).await;
    assert_eq!(
        ask(&forward).await,
        Err(Some(Obstacle::NoReadyPod)),
        "as a Service without endpoints refuses"
    );
}

#[tokio::test]
async fn what_the_pod_does_is_told_from_what_happens_on_the_way() {
    let cluster = Cluster::default();
    let forward = started(&cluster).await;
    let met = async |fate| {
        cluster.set(&[("a", fate)]);
        tokio::time::sleep(FRESH).await;
        ask(&forward).await
    };
    assert_eq!(met(Fate::Refuses).await, Err(Some(Obstacle::Refused)));
    cluster.set(&[("a", Fate::Gone)]);
    cluster.delete("a");
    assert_eq!(ask(&forward).await, Err(Some(Obstacle::NoReadyPod)), "the endpoints do not show it yet");
    let Err(Some(Obstacle::Broken(reason))) = met(Fate::Forbidden).await else { panic!() };
    assert!(reason.contains("User \"ann\" cannot create") && reason.contains("Grant `get`"), "{reason}");
    let Err(Some(Obstacle::Broken(reason))) = met(Fate::Unknown).await else { panic!("the pod is well") };
    assert!(reason.contains("error dialing backend"), "{reason}");
    cluster.delete("a");
    assert_eq!(ask(&forward).await, Err(Some(Obstacle::NoReadyPod)), "the kubelet has let go of it");
    let Err(Some(Obstacle::Broken(reason))) = met(Fate::Breaks).await else { panic!("the pod is well") };
    assert!(reason.contains("pod/a broke"), "{reason}");
    cluster.delete("a");
    assert_eq!(ask(&forward).await, Err(None), "the pod was deleted: its connection broke with it");
    assert_eq!(met(Fate::Answers).await.unwrap(), "a");
}

#[tokio::test]
async fn a_stream_that_is_not_opened_holds_up_its_request() {
    let cluster = Cluster::of(&[("a", Fate::Hangs)]);
    let forward = started(&cluster).await;
    let due = Instant::now();
    assert_eq!(forward.held_up(), None);
    let (asked, ()) = tokio::join!(ask(&forward), async {
        while forward.held_up().is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let Err(Some(Obstacle::Broken(_))) = asked else { panic!("{asked:?}") };
    assert!(forward.was_held_up(due, Instant::now()));
}

#[tokio::test]
async fn a_port_forward_ends_with_its_last_clone() {
    let forward = started(&Cluster::of(&[("a", Fate::Answers)])).await;
    let address = forward.address();
    drop(forward.clone());
    assert_eq!(ask(&forward).await.unwrap(), "a");
    drop(forward);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

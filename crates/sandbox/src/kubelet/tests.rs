//! Tests of the kubelet with real processes: shell scripts replace the images.

use super::*;
use crate::{network::Delays, store::Deletion};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

const SLEEPER: &str = "echo started; exec sleep 1000";

struct Node {
    store: Store,
    kubelet: Kubelet,
    task: JoinHandle<()>,
}

impl Node {
    /// Starts a kubelet that runs this script for every image.
    fn start(script: &str, starting: StartDelays) -> Self {
        let store = Store::new();
        let network = Network::new(Delays::NONE);
        let program = ["/bin/sh", "-c", script, "image"].map(OsString::from).to_vec();
        let recorder = EventRecorder::new(store.clone());
        let kubelet = Kubelet::new(&store, &network, &recorder, program, starting).unwrap();
        let task = tokio::spawn(kubelet.clone().run());
        Self { store, kubelet, task }
    }

    fn create(&self, name: &str, edit: impl FnOnce(&mut Value)) -> Arc<Object> {
        let mut pod = json!({"spec": {
            "nodeName": "sandbox",
            "terminationGracePeriodSeconds": 30,
            "containers": [{"name": "main", "image": "chaos-tui/provider:demo"}],
        }});
        edit(&mut pod);
        let written = self.store.mutate(Resource::Pods, "default", name, |_| Ok(Some(pod))).unwrap();
        written.object().unwrap().clone()
    }

    fn get(&self, name: &str) -> Value {
        self.store.get(Resource::Pods, "default", name).map(|pod| pod.value()).unwrap_or_default()
    }

    fn container(&self, name: &str) -> Value {
        self.get(name)["status"]["containerStatuses"][0].clone()
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let mut ticked = self.store.ticked();
        let wait = async {
            while !holds() {
                ticked.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), wait).await.is_err() {
            let pods = self.store.list(Resource::Pods, None, &Selectors::default()).objects;
            let statuses: Vec<Value> = pods.iter().map(|pod| pod.value()["status"].clone()).collect();
            panic!("never: {what}\n{statuses:#?}");
        }
    }

    async fn running(&self, name: &str) {
        self.until("it runs", || self.container(name)["state"]["running"].is_object()).await;
    }

    /// Waits for the first line of the log, after which the script is running.
    async fn first_line(&self, pod: &Object) -> String {
        let options = LogOptions { follow: true, ..LogOptions::default() };
        let mut lines = self.kubelet.log(pod, "main", &options).unwrap();
        String::from_utf8(lines.next().await.unwrap().to_vec()).unwrap()
    }

    fn events(&self, reason: &str) -> Vec<String> {
        let events = self.store.list(Resource::Events, None, &Selectors::default()).objects;
        let events = events.iter().map(|event| event.value()).filter(|event| event["reason"] == reason);
        events.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }

    async fn stop(self) {
        self.kubelet.stop(Duration::from_secs(10));
        tokio::time::timeout(Duration::from_secs(20), self.task).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_pod_runs_is_ready_and_can_be_read() {
    let node = Node::start("echo $1 on $POD_IP:$PORT; exec sleep 1000", StartDelays::AT_ONCE);
    let pod = node.create("a", |_| {});
    node.running("a").await;
    let seen = node.get("a");
    assert_eq!(seen["status"]["phase"], "Running");
    let ip = seen["status"]["podIP"].as_str().unwrap();
    assert_eq!(node.first_line(&pod).await, format!("provider on {ip}:8080\n"));
    assert_eq!(
        (&node.container("a")["ready"], &node.container("a")["restartCount"]),
        (&json!(true), &json!(0))
    );
    for (reason, message) in [("Created", "Created container: main"), ("Started", "Started container main")] {
        assert_eq!(node.events(reason), [message]);
    }
    let none = node.kubelet.log(&pod, "main", &LogOptions { previous: true, ..LogOptions::default() });
    assert_eq!(none.err().map(|status| status.code), Some(400));
    node.stop().await;
}

#[tokio::test]
async fn a_process_that_ends_is_started_again_and_then_backs_off() {
    let node = Node::start("echo run; exit 3", StartDelays::AT_ONCE);
    let pod = node.create("a", |_| {});
    node.until("it backs off", || node.container("a")["state"]["waiting"]["reason"] == "CrashLoopBackOff")
        .await;
    let container = node.container("a");
    assert_eq!(container["lastState"]["terminated"]["exitCode"], 3);
    assert_eq!(container["restartCount"], 2, "the first restart is immediate");
    assert_eq!(container["ready"], false);
    assert_eq!(node.get("a")["status"]["phase"], "Running");
    let previous = LogOptions { previous: true, ..LogOptions::default() };
    let lines: Vec<_> = node.kubelet.log(&pod, "main", &previous).unwrap().collect().await;
    assert_eq!(lines.concat(), b"run\n");
    assert_eq!(node.events("BackOff").len(), 1);
    node.stop().await;
}

#[tokio::test]
async fn a_killed_container_comes_back_in_the_same_pod() {
    let node = Node::start(SLEEPER, StartDelays::AT_ONCE);
    let pod = node.create("a", |_| {});
    node.running("a").await;
    let before = node.container("a")["containerID"].clone();
    assert!(node.kubelet.kill(&pod, "main"));
    node.until("it was restarted", || node.container("a")["restartCount"] == 1).await;
    node.running("a").await;
    assert_eq!(node.container("a")["lastState"]["terminated"]["exitCode"], 137);
    assert_ne!(node.container("a")["containerID"], before);
    assert!(!node.kubelet.kill(&pod, "other"), "there is no such container");
    node.stop().await;
}

#[tokio::test]
async fn once_settled_a_container_takes_a_moment_and_its_process_is_told_the_rest() {
    let node = Node::start(
        "echo delay $START_DELAY; exec sleep 1000",
        StartDelays::Within(Duration::from_millis(1300)),
    );
    let pod = node.create("a", |_| {});
    node.running("a").await;
    assert_eq!(node.first_line(&pod).await, "delay 0\n", "nobody waits for what there is to see");
    node.kubelet.enable_start_delays();
    node.kubelet.kill(&pod, "main");
    let waits = || node.container("a")["state"]["waiting"]["reason"] == "ContainerCreating";
    node.until("it waits", waits).await;
    let since = std::time::Instant::now();
    assert_eq!(node.container("a")["ready"], false);
    node.running("a").await;
    assert!(since.elapsed() >= Duration::from_millis(800), "{:?}", since.elapsed());
    assert_eq!(node.first_line(&pod).await, "delay 0.3\n");
    node.stop().await;
}

#[test]
fn a_start_is_as_declared_unless_somebody_says_how_long_it_may_take() {
    let started = |starting: StartDelays| starting.start(true);
    let declared = started(StartDelays::AsDeclared);
    assert_eq!((declared.creation, declared.delay, declared.probes), (CREATION, None, Duration::MAX));
    let six = started(StartDelays::Within(Duration::from_secs(6)));
    assert_eq!(
        (six.creation + six.delay.unwrap(), six.probes),
        (Duration::from_secs(6), Duration::from_secs(5))
    );
    let at_once = StartDelays::AsDeclared.start(false);
    assert_eq!((at_once.creation, at_once.delay), (Duration::ZERO, Some(Duration::ZERO)));
}

#[tokio::test]
async fn a_deleted_pod_is_asked_to_end_and_goes_when_it_has() {
    let node = Node::start("trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done", StartDelays::AT_ONCE);
    let pod = node.create("a", |_| {});
    node.running("a").await;
    node.first_line(&pod).await;
    let asked = std::time::Instant::now();
    node.store.delete(Resource::Pods, "default", "a", &Deletion::default()).unwrap();
    assert!(!node.get("a")["metadata"]["deletionTimestamp"].is_null(), "it is marked first");
    node.until("it is gone", || node.get("a").is_null()).await;
    assert!(asked.elapsed() < Duration::from_secs(10), "it did not need its grace of 30 s");
    assert_eq!(node.events("Killing"), ["Stopping container main"]);
    node.stop().await;
}

#[tokio::test]
async fn a_pod_that_does_not_listen_is_killed_after_its_grace() {
    let node = Node::start("trap '' TERM; echo up; while :; do sleep 0.02; done", StartDelays::AT_ONCE);
    let pod = node.create("a", |_| {});
    node.running("a").await;
    node.first_line(&pod).await;
    let asked = std::time::Instant::now();
    let deletion = Deletion { grace: Some(1), ..Deletion::default() };
    node.store.delete(Resource::Pods, "default", "a", &deletion).unwrap();
    node.until("it is gone", || node.get("a").is_null()).await;
    assert!(asked.elapsed() >= Duration::from_millis(900), "{:?}", asked.elapsed());
    node.stop().await;
}

#[tokio::test]
async fn a_hook_runs_before_the_container_is_asked_to_end() {
    let node = Node::start("trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done", StartDelays::AT_ONCE);
    for (name, command, failures) in
        [("a", json!(["sleep", "1"]), 0), ("b", json!(["sh", "-c", "sleep 1; exit 1"]), 1)]
    {
        let hook = json!({"preStop": {"exec": {"command": command}}});
        let pod = node.create(name, |pod| pod["spec"]["containers"][0]["lifecycle"] = hook);
        node.running(name).await;
        node.first_line(&pod).await;
        let asked = std::time::Instant::now();
        node.store.delete(Resource::Pods, "default", name, &Deletion::default()).unwrap();
        node.until("it is gone", || node.get(name).is_null()).await;
        assert!(asked.elapsed() >= Duration::from_millis(900), "{:?}", asked.elapsed());
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
        assert_eq!(node.events("FailedPreStopHook").len(), failures, "{name}");
    }
    node.stop().await;
}

#[tokio::test]
async fn a_forced_deletion_kills_at_once() {
    let node = Node::start("trap '' TERM; echo $$; while :; do sleep 0.02; done", StartDelays::AT_ONCE);
    let pod = node.create("a", |_| {});
    node.running("a").await;
    let process = node.first_line(&pod).await;
    node.store.delete(Resource::Pods, "default", "a", &Deletion::now(&pod.uid)).unwrap();
    assert!(node.get("a").is_null());
    let path = format!("/proc/{}", process.trim());
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while std::path::Path::new(&path).exists() && std::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!std::path::Path::new(&path).exists(), "process {process} is gone");
    node.stop().await;
}

#[tokio::test]
async fn a_finished_pod_stays_and_does_not_run_again() {
    let node = Node::start("exit 0", StartDelays::AT_ONCE);
    node.create("a", |pod| pod["spec"]["restartPolicy"] = "Never".into());
    node.until("it has succeeded", || node.get("a")["status"]["phase"] == "Succeeded").await;
    let before = node.container("a");
    let touch = |pod: Option<Value>| {
        let mut pod = pod.unwrap();
        pod["metadata"]["labels"]["touched"] = "yes".into();
        Ok(Some(pod))
    };
    node.store.mutate(Resource::Pods, "default", "a", touch).unwrap();
    node.create("b", |pod| pod["spec"]["restartPolicy"] = "Never".into());
    node.until("a later pod has run", || node.get("b")["status"]["phase"] == "Succeeded").await;
    assert_eq!(node.container("a"), before);
    node.stop().await;
}

#[tokio::test]
async fn an_image_that_is_not_built_in_is_named_with_those_that_are() {
    let node = Node::start(SLEEPER, StartDelays::AT_ONCE);
    node.create("a", |pod| pod["spec"]["containers"][0]["image"] = "nginx:1.27".into());
    node.until("it cannot be pulled", || node.container("a")["state"]["waiting"]["reason"] == "ErrImagePull")
        .await;
    let message = node.container("a")["state"]["waiting"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("nginx:1.27") && message.contains("chaos-tui/consumer:after"), "{message}");
    assert_eq!(node.get("a")["status"]["phase"], "Pending");
    let right = |pod: Option<Value>| {
        let mut pod = pod.unwrap();
        pod["spec"]["containers"][0]["image"] = "chaos-tui/provider:demo".into();
        Ok(Some(pod))
    };
    node.store.mutate(Resource::Pods, "default", "a", right).unwrap();
    node.running("a").await;
    node.stop().await;
}

#[tokio::test]
async fn a_command_is_run_instead_of_the_image_and_what_cannot_be_run_is_named() {
    let node = Node::start("echo \"$*\"; exit 3", StartDelays::AT_ONCE);
    let once = |pod: &mut Value, command: Value| {
        pod["spec"]["restartPolicy"] = "Never".into();
        pod["spec"]["containers"][0]["command"] = command;
    };
    let pod = node.create("runs", |pod| once(pod, json!(["sh", "-c", "exit 3"])));
    node.until("a state other than waiting", || !node.container("runs")["state"]["waiting"].is_object())
        .await;
    assert!(node.container("runs")["state"]["running"].is_null(), "it is never seen running");
    node.until("it has failed", || node.get("runs")["status"]["phase"] == "Failed").await;
    assert_eq!(node.first_line(&pod).await, "shell sh -c exit 3\n");
    assert_eq!(node.container("runs")["state"]["terminated"]["reason"], "Error");
    node.create("cannot", |pod| once(pod, json!(["foo", "1"])));
    node.until("it has failed", || node.get("cannot")["status"]["phase"] == "Failed").await;
    let state = node.container("cannot")["state"]["terminated"].clone();
    assert_eq!((&state["reason"], &state["exitCode"]), (&json!("StartError"), &json!(128)));
    let events = node.events("Failed");
    let words =
        "Error: unable to start container process: exec: \"foo\": executable file not found in $PATH (";
    assert!(events.len() == 1 && events[0].starts_with(words), "{events:?}");
    node.create("again", |pod| pod["spec"]["containers"][0]["command"] = json!(["foo"]));
    let waiting = || node.container("again")["state"]["waiting"]["reason"].clone();
    node.until("it backs off", || waiting() == "CrashLoopBackOff").await;
    assert_eq!(node.container("again")["lastState"]["terminated"]["reason"], "StartError");
    node.stop().await;
}

#[tokio::test]
async fn a_pod_waits_for_its_secret_and_says_so() {
    let node = Node::start("echo got $P; exec sleep 1000", StartDelays::AT_ONCE);
    let source = json!([{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]);
    let pod = node.create("a", |pod| pod["spec"]["containers"][0]["env"] = source);
    let waiting = || node.container("a")["state"]["waiting"].clone();
    node.until("it waits", || waiting()["reason"] == "CreateContainerConfigError").await;
    assert_eq!(waiting()["message"], "secret \"db\" not found");
    assert_eq!(node.events("Failed"), ["Error: secret \"db\" not found"]);
    assert_eq!(node.get("a")["status"]["phase"], "Pending");
    let present = node.store.get(Resource::Pods, "default", "a").unwrap();
    let refusal = node.kubelet.log(&present, "main", &LogOptions::default()).err().unwrap();
    assert!(refusal.message.ends_with("is waiting to start: CreateContainerConfigError"), "{refusal}");
    let secret = json!({"data": {"password": "czM="}});
    node.store.mutate(Resource::Secrets, "default", "db", |_| Ok(Some(secret))).unwrap();
    node.running("a").await;
    assert_eq!(node.first_line(&pod).await, "got s3\n");
    assert_eq!(node.container("a")["restartCount"], 0, "it had never run");
    node.stop().await;
}

#[tokio::test]
async fn stopping_ends_every_process() {
    let node = Node::start("echo $$; exec sleep 1000", StartDelays::AT_ONCE);
    let mut processes = Vec::new();
    for name in ["a", "b", "c"] {
        let pod = node.create(name, |_| {});
        node.running(name).await;
        processes.push(node.first_line(&pod).await);
    }
    node.stop().await;
    for process in processes {
        assert!(!std::path::Path::new(&format!("/proc/{}", process.trim())).exists(), "{process}");
    }
}

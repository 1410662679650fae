//! Runs one container: starts, probes, restarts and stops its process.

use super::{
    ContainerStart, KubeletState,
    back_off::BackOff,
    command::KnownImage,
    environment, exec,
    handle::ContainerHandle,
    probe::{ProbeKind, ProbeResult},
    probes::Probes,
    process::Process,
    status::{ContainerState, CurrentState, Termination},
};
use crate::{
    images::START_DELAY,
    network::{ListeningProcess, PodAddress},
    recorder::Severity,
    store::{Object, Resource},
};
use jiff::Timestamp;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

/// The deadline by which a container must have ended: SIGTERM is sent at once, SIGKILL at the deadline. `None` while
/// the container should run.
pub(super) type Stop = watch::Receiver<Option<Instant>>;

/// The delay between attempts to pull an unknown image.
const PULL_AGAIN: Duration = Duration::from_secs(10);
/// The delay between attempts to find the values of the environment variables.
const CONFIGURE_AGAIN: Duration = Duration::from_secs(2);
/// The time after which a container with a command is shown as running. A real kubelet looks at its containers once a
/// second, so that one that ends at once is never seen running.
const RELIST: Duration = Duration::from_secs(1);
/// The exit code of a container whose command could not be started.
const NOT_STARTED: i32 = 128;

/// Runs one container of a pod until it is stopped or its restart policy allows no further run.
pub(super) struct ContainerRunner {
    pub shared: Arc<KubeletState>,
    pub pod: Arc<Object>,
    pub place: usize,
    pub spec: Value,
    pub address: PodAddress,
    pub handle: Arc<ContainerHandle>,
    pub stop: Stop,
    pub signals: mpsc::Receiver<i32>,
    pub reports: mpsc::Sender<(usize, ContainerState)>,
    pub state: ContainerState,
}

/// The reason why a run ended, with the exit code.
enum RunEnd {
    /// The command could not be started.
    NotStarted(String),
    /// The process exited by itself or was killed from outside.
    Exited(i32),
    /// The kubelet ended the process because a probe failed.
    Unhealthy(i32),
    /// The kubelet ended the process because the pod is being deleted.
    Stopped(i32),
}

impl ContainerRunner {
    /// Runs and restarts the container until it has ended for good.
    pub(super) async fn run(mut self) {
        let mut back_off = BackOff::default();
        let mut wait = Duration::ZERO;
        loop {
            self.report().await;
            let Some(image) = self.image().await else { return };
            let start = self.shared.start();
            if !self.pause(start.creation, wait).await {
                return;
            }
            let Some(environment) = self.environment(start).await else { return };
            let began = Instant::now();
            let started = Timestamp::now();
            let end = match self.start(image, &environment).await {
                Ok(process) => {
                    let looks_after = if image.runs_command(&self.spec) { RELIST } else { Duration::ZERO };
                    self.supervise(process, start, looks_after).await
                }
                Err(message) => {
                    self.event(Severity::Warning, "Failed", &format!("Error: {message}"));
                    self.wait_for("RunContainerError", message.clone()).await;
                    RunEnd::NotStarted(message)
                }
            };
            let (exit_code, start_error) = match &end {
                RunEnd::NotStarted(message) => (NOT_STARTED, Some(message.clone())),
                RunEnd::Exited(code) | RunEnd::Unhealthy(code) | RunEnd::Stopped(code) => (*code, None),
            };
            let id = self.state.id.clone().unwrap_or_default();
            let termination = Termination { exit_code, start_error, started, finished: Timestamp::now(), id };
            self.state.now = CurrentState::Terminated(termination.clone());
            (self.state.ready, self.state.started) = (false, false);
            self.report().await;
            if matches!(end, RunEnd::Stopped(_)) || !self.shall_restart(exit_code) {
                return;
            }
            self.state.last = Some(termination);
            self.state.restarts += 1;
            wait = back_off.after(began.elapsed());
        }
    }

    fn name(&self) -> &str {
        self.spec["name"].as_str().unwrap_or_default()
    }

    fn shall_restart(&self, exit_code: i32) -> bool {
        match self.pod.value()["spec"]["restartPolicy"].as_str() {
            Some("Never") => false,
            Some("OnFailure") => exit_code != 0,
            _ => true,
        }
    }

    async fn report(&self) {
        // Sending fails only when the sandbox is ending and the pod's task is gone.
        let _ = self.reports.send((self.place, self.state.clone())).await;
    }

    async fn wait_for(&mut self, reason: &'static str, message: String) {
        self.state.now = CurrentState::Waiting { reason, message };
        self.report().await;
    }

    fn event(&self, severity: Severity, reason: &str, message: &str) {
        let field = format!("spec.containers{{{}}}", self.name());
        self.shared.recorder.record(&self.pod, Some(&field), severity, reason, message);
    }

    /// Waits until the container has to stop, or the kubelet has ended.
    async fn stopped(stop: &mut Stop) {
        let _ = stop.wait_for(Option::is_some).await;
    }

    /// Returns the built-in image of the manifest. Waits while the manifest names an unknown image; `None` when the pod
    /// is deleted meanwhile.
    async fn image(&mut self) -> Option<KnownImage> {
        let mut failed = false;
        loop {
            let reference = self.reference();
            if let Some(image) = KnownImage::named(&reference) {
                let message = format!("Container image \"{reference}\" already present on machine");
                self.event(Severity::Normal, "Pulled", &message);
                return Some(image);
            }
            let why = format!(
                "failed to pull image \"{reference}\": the sandbox has no registry; its images are built in: {}",
                KnownImage::references()
            );
            if failed {
                let message = format!("Back-off pulling image \"{reference}\": {why}");
                self.event(Severity::Normal, "BackOff", &format!("Back-off pulling image \"{reference}\""));
                self.wait_for("ImagePullBackOff", message).await;
            } else {
                self.event(Severity::Warning, "Failed", &why);
                self.event(Severity::Warning, "Failed", "Error: ErrImagePull");
                self.wait_for("ErrImagePull", why).await;
            }
            let pause = if failed { PULL_AGAIN } else { Duration::from_secs(1) };
            failed = true;
            tokio::select! {
                () = sleep(pause) => {}
                () = Self::stopped(&mut self.stop) => return None,
            }
        }
    }

    /// Returns the current image reference of the pod: the image is the only mutable field of a container.
    fn reference(&self) -> String {
        let present = self.shared.store.get(Resource::Pods, &self.pod.namespace, &self.pod.name);
        let present = present.filter(|present| present.uid == self.pod.uid).map(|present| present.value());
        let asked = present
            .as_ref()
            .map_or(&self.spec["image"], |pod| &pod["spec"]["containers"][self.place]["image"]);
        asked.as_str().unwrap_or_default().to_owned()
    }

    /// Waits for the back-off or the creation delay, whichever is longer. Returns false when the pod is deleted
    /// meanwhile.
    async fn pause(&mut self, creation: Duration, back_off: Duration) -> bool {
        let wait = creation.max(back_off);
        if wait.is_zero() {
            return self.stop.borrow().is_none();
        }
        if back_off >= creation {
            let pod = &self.pod;
            let place = format!("{}_{}({})", pod.name, pod.namespace, pod.uid);
            let name = self.name().to_owned();
            self.event(
                Severity::Warning,
                "BackOff",
                &format!("Back-off restarting failed container {name} in pod {place}"),
            );
            let message =
                format!("back-off {}s restarting failed container={name} pod={place}", back_off.as_secs());
            self.wait_for("CrashLoopBackOff", message).await;
        } else {
            self.wait_for("ContainerCreating", String::new()).await;
        }
        tokio::select! {
            () = sleep(wait) => true,
            () = Self::stopped(&mut self.stop) => false,
        }
    }

    /// Returns the environment of the process. Waits while a `ConfigMap` or Secret is missing; `None` when the pod is
    /// deleted meanwhile.
    async fn environment(&mut self, start: ContainerStart) -> Option<BTreeMap<String, String>> {
        loop {
            let shared = &self.shared;
            let found = environment::of(&shared.store, &shared.network, &self.pod, &self.spec, &self.address);
            let message = match found {
                Ok(mut variables) => {
                    if let Some(delay) = start.delay {
                        variables.insert(START_DELAY.to_owned(), delay.as_secs_f64().to_string());
                    }
                    return Some(variables);
                }
                Err(message) => message,
            };
            self.event(Severity::Warning, "Failed", &format!("Error: {message}"));
            self.wait_for("CreateContainerConfigError", message).await;
            tokio::select! {
                () = sleep(CONFIGURE_AGAIN) => {}
                () = Self::stopped(&mut self.stop) => return None,
            }
        }
    }

    async fn start(
        &mut self,
        image: KnownImage,
        variables: &BTreeMap<String, String>,
    ) -> Result<Process, String> {
        let name = self.name().to_owned();
        self.event(Severity::Normal, "Created", &format!("Created container: {name}"));
        self.state.id = Some(format!("built-in://{}", uuid::Uuid::new_v4().simple()));
        let environment: Vec<(String, String)> =
            variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let log = self.handle.begin(&environment);
        let shared = &self.shared;
        let process = match image.command_line(&self.spec, variables) {
            Ok(line) => Process::start(&shared.forker, &shared.program, &line, &environment, &log)
                .await
                .map_err(|error| error.to_string()),
            Err(why) => Err(format!("unable to start container process: {why}")),
        };
        if process.is_err() {
            log.end();
            return process;
        }
        self.event(Severity::Normal, "Started", &format!("Started container {name}"));
        process
    }

    /// Supervises a process until it has ended.
    async fn supervise(
        &mut self,
        mut process: Process,
        start: ContainerStart,
        looks_after: Duration,
    ) -> RunEnd {
        let ports = environment::ports(&self.spec);
        let mut presence = Some(self.shared.network.register_listener(&self.address, &ports));
        let _running = self.handle.mark_running();
        // Discards signals that were meant for the previous run.
        while self.signals.try_recv().is_ok() {}
        if let Ok(exit_code) = timeout(looks_after, process.wait()).await {
            return RunEnd::Exited(exit_code);
        }
        let (sender, mut findings) = mpsc::channel(16);
        let mut probes = Probes::read(&self.spec, &self.address, &self.handle, start.probes);
        let mut tasks = JoinSet::new();
        self.state.started = probes.startup.is_none();
        self.state.ready = self.state.started && probes.readiness.is_none();
        self.state.now = CurrentState::Running { since: Timestamp::now() };
        self.report().await;
        probes.launch(self.state.started, &sender, &mut tasks);
        let unhealthy = loop {
            tokio::select! {
                exit_code = process.wait() => return RunEnd::Exited(exit_code),
                () = Self::stopped(&mut self.stop) => break false,
                Some(signal) = self.signals.recv() => {
                    // The listener is removed before the signal is sent, so that the network treats the process as gone
                    // before its sockets close.
                    if !matches!(signal, libc::SIGSTOP | libc::SIGCONT) {
                        presence = None;
                    }
                    process.signal(signal);
                }
                Some(finding) = findings.recv() => {
                    if self.probe_result(&finding).await {
                        break true;
                    }
                    if self.state.started {
                        probes.launch(true, &sender, &mut tasks);
                    }
                }
            }
        };
        drop(tasks);
        let exit_code = self.end(&mut process, presence, unhealthy).await;
        if unhealthy { RunEnd::Unhealthy(exit_code) } else { RunEnd::Stopped(exit_code) }
    }

    /// Handles the result of a probe. Returns whether the container must be restarted.
    async fn probe_result(&mut self, finding: &ProbeResult) -> bool {
        let word = finding.purpose.word();
        if let Some(failure) = &finding.failure {
            self.event(Severity::Warning, "Unhealthy", &format!("{word} probe failed: {failure}"));
        }
        let before = self.state.clone();
        match (finding.purpose, finding.verdict) {
            (ProbeKind::Readiness, Some(healthy)) => self.state.ready = healthy,
            (ProbeKind::Startup, Some(true)) => {
                self.state.started = true;
                self.state.ready = !self.spec["readinessProbe"].is_object();
            }
            (ProbeKind::Startup | ProbeKind::Liveness, Some(false)) => {
                let probe = word.to_lowercase();
                let message = format!("Container {} failed {probe} probe, will be restarted", self.name());
                self.event(Severity::Normal, "Killing", &message);
                return true;
            }
            (ProbeKind::Liveness, _) | (_, None) => {}
        }
        if self.state != before {
            self.report().await;
        }
        false
    }

    /// Ends a process: runs the container's `preStop` hook, during which it still serves, sends SIGTERM, waits for the
    /// grace period, sends SIGKILL. The grace period can be shortened meanwhile.
    async fn end(
        &mut self,
        process: &mut Process,
        mut presence: Option<ListeningProcess>,
        unhealthy: bool,
    ) -> i32 {
        if !unhealthy {
            self.event(Severity::Normal, "Killing", &format!("Stopping container {}", self.name()));
        }
        let grace = self.pod.value()["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
        let mut deadline = Instant::now() + Duration::from_secs(grace);
        if let Some(asked) = *self.stop.borrow_and_update() {
            deadline = asked;
        }
        let pre_stop = self.spec["lifecycle"]["preStop"].clone();
        let handle = Arc::clone(&self.handle);
        let mut hook = Some(Box::pin(async move { exec::hook(&handle, &pre_stop).await }));
        loop {
            tokio::select! {
                biased;
                failure = async { hook.as_mut().expect("it is not finished").await }, if hook.is_some() => {
                    hook = None;
                    if let Err(why) = failure {
                        self.event(Severity::Warning, "FailedPreStopHook", &format!("PreStopHook failed: {why}"));
                    }
                    presence = None;
                    if deadline > Instant::now() {
                        process.signal(libc::SIGTERM);
                    }
                }
                exit_code = process.wait() => return exit_code,
                () = sleep_until(deadline) => {
                    drop(presence);
                    process.signal(libc::SIGKILL);
                    return process.wait().await;
                }
                Ok(()) = self.stop.changed() => {
                    deadline = self.stop.borrow_and_update().map_or(deadline, |asked| asked.min(deadline));
                }
            }
        }
    }
}

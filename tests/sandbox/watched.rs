//! A sandbox, the observers watching it, and the session reduced from their events.

use crate::stage::Stage;
use chaos_tui::{
    cluster::{ClusterSettings, Connection},
    insight,
    observe::{
        breaker::{self, BreakerSettings},
        endpoint::{self, EndpointSettings},
        pods::{self, InPlay},
        workload_recovery,
    },
    session::{
        Event, EventKind, Session,
        clock::Clock,
        event::{EndpointId, Section, StepRef, Timestamp},
        recording::{Header, Recorder, RecordingThread},
        stream::{Emitter, Stream, stream},
    },
};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ListParams};
use pyvalue::Map;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

/// Generous: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Watched {
    /// Keeps the sandbox alive; dropping it ends the sandbox.
    _stage: Stage,
    connection: Connection,
    emitter: Emitter,
    stream: Stream,
    taps: Vec<mpsc::Sender<Arc<Event>>>,
    recorder: Option<RecordingThread>,
    session: Session,
    clock: Clock,
    fault: CancellationToken,
    stop: CancellationToken,
}

impl Watched {
    /// Starts a sandbox with a variant of the sample and watches it. With `CHAOS_TUI_RECORD` set to a folder, the
    /// session is recorded there as `VARIANT.ctui`.
    pub(crate) async fn open(variant: &str) -> Self {
        // A second installation in the same process fails, which does no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stage = Stage::set(&["--variant", variant, "--start-delay", "16", "--propagation", "6"]);
        let clock = Clock::system();
        let (emitter, stream) = stream(clock);
        let mut settings = ClusterSettings::new(|_| None);
        settings.kubeconfig = Some(PathBuf::from(stage.announced("kubeconfig")));
        let connection = Connection::choose(&settings, &Map::default()).await.unwrap();
        let recorder = std::env::var_os("CHAOS_TUI_RECORD").map(|folder| {
            let path = PathBuf::from(folder).join(format!("{variant}.ctui"));
            Recorder::create(&path, &Header::new(variant.as_bytes())).unwrap().spawn_thread().unwrap()
        });
        let (fault, stop) = (CancellationToken::new(), CancellationToken::new());
        let consumer = stage.announced("consumer_url").to_owned();
        let mut watched = Self {
            _stage: stage,
            connection,
            emitter,
            stream,
            taps: Vec::new(),
            recorder,
            session: Session::new(),
            clock,
            fault,
            stop,
        };
        watched.watch(&consumer);
        watched
    }

    fn watch(&mut self, consumer: &str) {
        let (emitter, stop) = (self.emitter.clone(), self.stop.clone());
        let nothing_sought = tokio::sync::watch::Sender::default().subscribe();
        pods::watch(&self.connection, InPlay::new("default"), emitter.clone(), nothing_sought, stop.clone())
            .unwrap();
        tokio::spawn(workload_recovery::watch(emitter.clone(), self.tap(), stop.clone()));
        let settings = BreakerSettings {
            health: Some(format!("{consumer}/health")),
            metrics: Some(format!("{consumer}/metrics")),
            ..BreakerSettings::new(EndpointId(0))
        };
        tokio::spawn(breaker::watch(settings, emitter.clone(), self.tap(), stop.clone()));
        let mut settings = EndpointSettings::new(EndpointId(0), format!("{consumer}/invoke"));
        settings.rate = 4.0;
        settings.fault = self.fault.clone();
        tokio::spawn(endpoint::watch(settings, emitter, stop));
    }

    fn tap(&mut self) -> mpsc::Receiver<Arc<Event>> {
        let (sender, receiver) = mpsc::channel(1024);
        self.taps.push(sender);
        receiver
    }

    /// Deletes the provider's pod with grace period 0, as if its node had failed.
    pub(crate) async fn kill_the_provider(&mut self) {
        let pods: Api<Pod> = Api::default_namespaced(self.connection.client().unwrap());
        let list = pods.list(&ListParams::default().labels("name=my-provider-app")).await.unwrap();
        let name = list.items[0].metadata.name.clone().unwrap();
        let step = StepRef { section: Section::Method, index: 0 };
        self.fault.cancel();
        let targets = vec![format!("pod/{name}")];
        self.emitter
            .emit(EventKind::FaultFired { step, what: "deleted the provider's pod".to_owned(), targets })
            .await;
        pods.delete(&name, &kube::api::DeleteParams::default().grace_period(0)).await.unwrap();
    }

    /// Applies events until the session satisfies the condition.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Session, Timestamp) -> bool) {
        let reached = timeout(PATIENCE, async {
            while !wanted(&self.session, self.clock.now()) {
                self.step().await;
            }
        });
        if reached.await.is_err() {
            let now = self.clock.now();
            panic!("not reached: {what}\n{}\n{:#?}", self.picture(now), self.session.breaker.belief);
        }
        println!("{what}: {:.1?} s", self.session.since_t0(self.clock.now()));
    }

    async fn step(&mut self) {
        let event = Arc::new(self.stream.next().await.expect("the observers go on"));
        self.session.apply(&event);
        for tap in &self.taps {
            let _ = tap.send(event.clone()).await;
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.append(&event);
        }
    }

    fn picture(&self, now: Timestamp) -> String {
        use chaos_tui::session::state::Lane;
        let lanes =
            Lane::ALL.map(|lane| format!("{:9} {}", lane.label(), self.session.lane(lane, -15..70, now)));
        format!("{}\n{}", insight::verdict(&self.session, now).sentence, lanes.join("\n"))
    }

    /// Stops watching. Returns the session and the current time.
    pub(crate) async fn close(mut self) -> (Session, Timestamp) {
        let now = self.clock.now();
        println!("{}", self.picture(now));
        self.stop.cancel();
        if let Some(recorder) = self.recorder.take() {
            assert!(recorder.finish(PATIENCE).await, "the recording is on the disk");
        }
        (std::mem::take(&mut self.session), now)
    }
}

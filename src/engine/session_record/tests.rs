//! What is written for a recovery, and what happens to a fire if it cannot be.

use super::*;
use crate::{
    engine::{bus::EventBus, dead_man::DeadMan},
    experiment::Environment,
    session::{
        clock::Clock,
        event::Section,
        fixtures::{self, Variant, at},
        journal::{HostInfo, Journal},
        record::{KeptSession, SessionsFolder},
        state::StepState,
        stream::{Stream, stream},
    },
    test_support::{map, request},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const FAULT: &str = r#"{"title": "t", "description": "d", "secrets": {"s": {"token": "canary", "other": {"type": "env", "key": "K"}}},
    "method": [{"type": "action", "name": "a", "provider": {"type": "process", "path": "true", "arguments": "canary"}}]}"#;

fn fault() -> RunRequest {
    let mut request = request(FAULT);
    request.secrets = Secrets::new(map(r#"{"s": {"token": "canary", "other": "of the environment"}}"#));
    request
}

fn settings(folder: Option<Result<SessionsFolder, String>>) -> RecordSettings {
    RecordSettings { folder, header: RecordHeader::begun("x.json", at(0.0)), kit_file: true }
}

async fn begun(
    folder: Option<Result<SessionsFolder, String>>,
    mode: SessionMode,
    request: &RunRequest,
) -> SessionRecord {
    let (emitter, _events) = stream(Clock::starting_at(at(0.0)));
    let providers = Providers::new(Environment::default());
    SessionRecord::begin(&settings(folder), mode, (request, &providers), &emitter).await
}

fn kept(record: &SessionRecord) -> KeptSession {
    let SessionRecord::Kept(open) = record else { panic!("it is not kept") };
    open.kept().clone()
}

#[tokio::test]
async fn a_session_is_on_record_if_somebody_may_fire_something() {
    let home = tempfile::tempdir().unwrap();
    let folder = || Some(Ok(SessionsFolder::at(home.path())));
    let probing = request(r#"{"title": "t", "description": "d", "method": []}"#);
    let operator = SessionMode::Operator { read_only: false };
    for (mode, request, on_record) in [
        (operator, &probing, true),
        (SessionMode::Nobody, &fault(), true),
        (SessionMode::Nobody, &probing, false),
    ] {
        let record = begun(folder(), mode, request).await;
        assert_eq!(matches!(record, SessionRecord::Kept(_)), on_record, "{mode:?}");
    }
    assert!(matches!(begun(None, operator, &fault()).await, SessionRecord::Off));
    let failed = begun(Some(Err("no folder".to_owned())), operator, &fault()).await;
    assert_eq!(failed.state(true), RecordState::Failed { why: "no folder".to_owned() });
}

#[tokio::test]
async fn the_record_holds_the_experiment_without_its_secrets_and_says_when_it_is_on_the_disk() {
    let home = tempfile::tempdir().unwrap();
    let record = begun(Some(Ok(SessionsFolder::at(home.path()))), SessionMode::Nobody, &fault()).await;
    let folder = kept(&record);
    let (emitter, events) = stream(Clock::starting_at(at(0.0)));
    let (bus, handle, _told) = EventBus::new(events, Journal::new(HostInfo::current()), None, None);
    let stop = CancellationToken::new();
    let running = tokio::spawn(bus.run(stop.clone()));
    assert!(
        gate(record.clone(), &handle, &emitter, true).recorded().await.is_err(),
        "nothing records it yet"
    );
    let header = RecordHeader::begun("x.json", at(0.0));
    let record = record.write(header, &fault(), &handle, &emitter).await;
    let experiment = folder.header().unwrap().experiment;
    assert_eq!(
        experiment.get("secrets").unwrap().as_map().unwrap(),
        &map(r#"{"s": {"token": {"type": "literal"}, "other": {"type": "env", "key": "K"}}}"#)
    );
    assert!(!experiment.to_json().contains("canary"), "{}", experiment.to_json());
    let gate = gate(record.clone(), &handle, &emitter, true);
    assert_eq!(gate.recorded().await, Ok(()));
    assert!(folder.recording().exists());
    stop.cancel();
    running.await.unwrap();
    let why = gate.recorded().await.unwrap_err();
    assert_eq!(why, format!("{} cannot be written", folder.recording().display()));

    // A folder that is gone by now.
    std::fs::remove_dir_all(folder.path()).unwrap();
    let header = RecordHeader::begun("x.json", at(0.0));
    let SessionRecord::Failed(why) = record.write(header, &fault(), &handle, &emitter).await else {
        panic!()
    };
    assert!(why.contains("No such file"), "{why}");
}

#[tokio::test]
async fn the_kit_is_written_to_files_only_if_the_operator_agrees() {
    let home = tempfile::tempdir().unwrap();
    let record = begun(Some(Ok(SessionsFolder::at(home.path()))), SessionMode::Nobody, &fault()).await;
    let files = |kit_file| {
        let settings = RecordSettings { kit_file, ..settings(None) };
        record.kit_files(&settings, None).applicable(0)
    };
    assert_eq!(files(true), Some(kept(&record).file("undo.json")));
    assert_eq!(files(false), None, "it may hold passwords");
}

fn gate(record: SessionRecord, bus: &BusHandle, emitter: &Emitter, strict: bool) -> RecordGate {
    let (_, seen) = watch::channel(Session::new());
    let dead_man = DeadManSwitch::new(DeadMan::Off, None, Vec::new(), bus.clone(), emitter.clone(), seen);
    let (bus, emitter) = (bus.clone(), emitter.clone());
    RecordGate {
        record,
        dead_man,
        bus,
        emitter,
        kit: None,
        steady: None,
        strict,
        warned: AtomicBool::new(false),
    }
}

/// The results of two fires, and the warnings with the number of the fire.
async fn fires(record: SessionRecord, strict: bool) -> (Vec<Result<(), String>>, Vec<(u32, String)>) {
    let (emitter, mut events): (Emitter, Stream) = stream(Clock::starting_at(at(0.0)));
    let (_, unused) = stream(Clock::starting_at(at(0.0)));
    let (_bus, handle, _told) = EventBus::new(unused, Journal::new(HostInfo::current()), None, None);
    let gate = gate(record, &handle, &emitter, strict);
    let (mut results, mut warnings) = (Vec::new(), Vec::new());
    for fire in 0..2 {
        results.push(gate.commit().await);
        while let Some(event) = events.try_next() {
            if let EventKind::Logged { level: Level::Warning, message, .. } = event.what {
                warnings.push((fire, message));
            }
        }
    }
    (results, warnings)
}

#[tokio::test]
async fn a_fire_without_a_record_is_refused_in_a_live_session_and_warned_of_once_in_a_run() {
    let failed = || SessionRecord::Failed("disk full".to_owned());
    let (results, warnings) = fires(failed(), true).await;
    let why = "nothing was fired, because the session cannot be recorded (disk full): make room, or start with \
               --no-record";
    assert_eq!(results, [Err(why.to_owned()), Err(why.to_owned())]);
    assert!(warnings.is_empty());
    let (results, warnings) = fires(failed(), false).await;
    assert_eq!(results, [Ok(()), Ok(())]);
    assert_eq!(
        warnings,
        [(
            0,
            "This run is not recorded (disk full): after a crash `chaos-tui recover` cannot undo what it fired"
                .to_owned()
        )]
    );
    assert_eq!(
        fires(SessionRecord::Off, true).await,
        (vec![Ok(()), Ok(())], vec![]),
        "as the operator wants"
    );
}

#[tokio::test]
async fn a_recording_that_ends_before_its_session_is_told() {
    use std::os::unix::fs::OpenOptionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let reader = std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap();
    let mut recording = Recorder::create(&path, &Header::new(b"")).unwrap().spawn_thread().unwrap();
    let (emitter, mut events) = stream(Clock::starting_at(at(0.0)));
    tell_when_stopped(&recording, &emitter);
    drop(reader);
    recording.append(&Arc::new(fixtures::events(Variant::Before, 0.0).remove(0)));
    let told = timeout(LIMIT, events.next()).await.unwrap().unwrap().what;
    assert!(matches!(told, EventKind::RecordingStopped { .. }), "{told:?}");
}

#[tokio::test]
async fn a_record_is_settled_unless_something_is_left_on() {
    let settled = async |session: &Session| {
        let home = tempfile::tempdir().unwrap();
        let open = Arc::new(SessionsFolder::at(home.path()).begin(at(0.0)).unwrap());
        settle(open.clone(), session).await;
        std::fs::read_to_string(open.file("settled")).ok()
    };
    assert_eq!(settled(&fixtures::steady().0).await.as_deref(), Some("nothing was fired\n"));
    let (mut session, _) = fixtures::finished(Variant::Before);
    assert_eq!(settled(&session).await.as_deref(), Some("the session ended in good order\n"));
    let mut rollback = session.steps.rows[0].clone();
    (rollback.step.at.section, rollback.state) = (Section::Rollbacks, StepState::Waiting);
    session.steps.rows.push(rollback);
    assert_eq!(settled(&session).await, None, "`chaos-tui recover` has something to undo");
}

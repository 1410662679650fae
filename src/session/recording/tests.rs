use super::*;
use crate::session::{
    Event,
    event::{BreakerState, EndpointId, EventKind, RequestId},
    fixtures::{self, Variant, at},
};
use serde_json::Value;
use std::{fs, path::Path, sync::Arc, time::Duration};

async fn recorded(folder: &Path) -> (PathBuf, Vec<Event>) {
    let path = folder.join("session.ctui");
    let events = fixtures::events(Variant::After, 3.0);
    fixtures::record(&path, &events).await;
    (path, events)
}

fn read(path: &Path) -> Result<Vec<Event>, RecordingError> {
    open(path)?.1.collect()
}

#[tokio::test]
async fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, events) = recorded(folder.path()).await;
    assert!(read(&path).unwrap() == events);
    let (header, _) = open(&path).unwrap();
    assert_eq!((header.format, header.experiment.as_str()), (FORMAT, "af63dc4c8601ec8c"));
}

#[tokio::test]
async fn cut_at_any_byte_it_gives_all_whole_events() {
    let folder = tempfile::tempdir().unwrap();
    let (path, events) = recorded(folder.path()).await;
    let whole = fs::read(&path).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for end in (header..whole.len()).step_by(97).chain(whole.len() - 3..=whole.len()) {
        fs::write(&path, &whole[..end]).unwrap();
        let lines = whole[header..end].split(|byte| *byte == b'\n').count() - 1;
        let read = read(&path).unwrap();
        // A line that is complete except for its line end counts, too.
        assert!(read.len() == lines || read.len() == lines + 1, "{} events of {lines} lines", read.len());
        assert!(read == events[..read.len()], "cut at {end}");
    }
}

#[tokio::test]
async fn what_is_no_recording_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    let text = fs::read_to_string(&path).unwrap();
    let newer = text.replacen(&format!("\"format\":{FORMAT}"), "\"format\":99", 1);
    let cases = [
        (String::new(), "is not a chaos-tui recording"),
        ("{\"version\": \"1.0.0\"}\n".to_owned(), "is not a chaos-tui recording"),
        (newer, "in format 99"),
    ];
    for (text, wanted) in cases {
        fs::write(&path, text).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    let missing = open(&folder.path().join("missing.ctui")).unwrap_err().to_string();
    assert!(missing.contains("cannot be opened"), "{missing}");
}

#[tokio::test]
async fn damaged_lines_are_passed_over_and_said_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let (path, events) = recorded(folder.path()).await;
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"seq\":2,", "\"seq\":oops,", 1)).unwrap();
    let mut reader = open(&path).unwrap().1;
    let read: Vec<Event> = reader.by_ref().map(Result::unwrap).collect();
    // The events that are left are numbered anew.
    let told =
        |events: &[Event]| events.iter().map(|event| (event.at, event.what.clone())).collect::<Vec<_>>();
    let others = [&events[..2], &events[3..]].concat();
    assert!(told(&read) == told(&others));
    let wanted = "1 line of the recording (4) is damaged, and what stood there is missing";
    assert_eq!(reader.damage().as_deref(), Some(wanted));
    fs::write(&path, text + "\n\n\n\n").unwrap();
    let mut reader = open(&path).unwrap().1;
    assert_eq!(reader.by_ref().count(), events.len());
    let lines = reader.damage().unwrap();
    assert!(lines.starts_with("4 lines of the recording (") && lines.contains(" and more) are"), "{lines}");
}

#[tokio::test]
async fn a_running_session_is_recorded_on_a_thread_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.ctui");
    let events = fixtures::events(Variant::Before, 1.0);
    fixtures::record(&path, &events).await;
    assert!(read(&path).unwrap() == events);
    assert!(events.iter().all(|event| event.at <= at(1.0)));
}

/// A recording into a pipe, and the end of the pipe that could read it.
#[cfg(unix)]
fn into_a_pipe(folder: &Path) -> (fs::File, RecordingThread) {
    let path = folder.join("pipe");
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: `name` is a text that ends with a zero and lives until after the call.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    // Opened for reading and writing, so that neither side waits for the other.
    let reader = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    (reader, Recorder::create(&path, &Header::new(b"")).unwrap().spawn_thread().unwrap())
}

/// A full pipe without a reader blocks as a dead disk does.
#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_hangs_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, mut thread) = into_a_pipe(folder.path());
    let events = fixtures::events(Variant::Before, 1.0);
    for event in events.iter().cycle().take(70_000) {
        thread.append(&Arc::new(event.clone()));
    }
    assert!(!thread.finish(Duration::from_millis(10)).await, "it hangs, and nobody waited for it");
    drop(reader);
}

/// Requests wait for others to share their line: that the disk is gone is told all the same.
#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_is_gone_is_told_by_requests_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, mut thread) = into_a_pipe(folder.path());
    drop(reader);
    let mut failure = thread.failure();
    for (seq, request) in (1..4).map(|number| (number, RequestId(number))) {
        let what = EventKind::RequestSent { endpoint: EndpointId(0), request };
        thread.append(&Arc::new(Event { seq, at: at(seq as f64), what }));
    }
    let told = tokio::time::timeout(Duration::from_secs(30), failure.wait_for(Option::is_some)).await;
    assert!(told.unwrap().unwrap().as_deref().is_some_and(|why| why.contains("cannot be written")));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Recordings are kept for years: what an event is called in them does not follow the names of the code. Fields that are
/// newer than a recording may be added.
#[test]
fn every_event_of_a_kept_recording_is_written_again_as_it_was() {
    fn holds(is: &Value, was: &Value) -> bool {
        match (is, was) {
            (Value::Object(is), Value::Object(was)) => {
                was.iter().all(|(key, was)| is.get(key).is_some_and(|is| holds(is, was)))
            }
            (Value::Array(is), Value::Array(was)) => {
                is.len() == was.len() && is.iter().zip(was).all(|(is, was)| holds(is, was))
            }
            _ => is == was,
        }
    }
    for name in fixtures::RECORDED {
        for line in fixtures::recorded_lines(name) {
            // The one name that was changed; the old one is still read.
            let line = line.replace("\"none_seen\"", "\"no_breaker_seen\"");
            let event: Event = serde_json::from_str(&line).unwrap();
            let (was, is) = (serde_json::from_str(&line).unwrap(), serde_json::to_value(&event).unwrap());
            assert!(holds(&is, &was), "{name}: {line}\nis written as {is}");
        }
    }
}

/// One recording of each version, as its own program wrote it: a kill with a breaker that opens, and a note.
#[test]
fn a_recording_of_each_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for version in 1..=FORMAT {
        let name = if version == 1 { "after-kill".to_owned() } else { format!("format-{version}") };
        let path = folder.path().join(&name);
        fixtures::unpack(&name, &path);
        let (header, events) = open(&path).unwrap();
        assert_eq!(header.format, version);
        let events: Vec<Event> = events.map(Result::unwrap).collect();
        let mut session = crate::session::Session::new();
        let mut timeline = Timeline::open(&path).unwrap();
        timeline.go_to(timeline.end().at, &mut session).unwrap();
        assert_eq!((timeline.end().events, timeline.flaws()), (events.len() as u64, [].as_slice()), "{name}");
        let opened = session.breaker.states.changes().any(|(_, (state, _))| state == BreakerState::Open);
        assert!(session.t0().is_some() && session.run.ended.is_some() && opened, "{name}");
        if version > 1 {
            assert_eq!(session.annotations.notes[0].text, format!("noted in version {version}"));
        }
    }
}

use super::{header::terminal_of, *};
use crate::session::fixtures::{self, Variant, at};
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn the_folder_follows_the_users_directories() {
    let of = |variables: &[(&str, &str)]| {
        let variables: Vec<_> = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        SessionsFolder::of_user(|name| variables.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())).ok()
    };
    let folder = |path: &str| Some(SessionsFolder::at(path));
    assert_eq!(of(&[("HOME", "/h")]), folder("/h/.local/state/chaos-tui/sessions"));
    assert_eq!(of(&[("HOME", "/h"), ("XDG_STATE_HOME", "/s")]), folder("/s/chaos-tui/sessions"));
    assert_eq!(
        of(&[("HOME", "/h"), ("XDG_STATE_HOME", "relative")]),
        folder("/h/.local/state/chaos-tui/sessions")
    );
    assert_eq!(of(&[]), None);
}

#[tokio::test]
async fn a_record_tells_whether_its_session_lives_and_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = SessionsFolder::at(folder.path().join("a/sessions"));
    assert!(sessions.list().is_empty());
    let open = sessions.begin(at(0.0)).unwrap();
    let header = RecordHeader { sandbox: true, ..RecordHeader::begun("kill.json", at(0.0)) };
    open.write_header(&header).unwrap();
    fixtures::record(&open.recording(), &fixtures::events(Variant::Before, 3.0)).await;
    let kept = sessions.list().pop().unwrap();
    assert_eq!((kept.is_running(), kept.is_settled()), (true, false));
    assert!(sessions.unsettled().is_empty(), "a session that runs has left nothing");
    assert!(kept.lock().is_err());
    drop(open);
    assert!(!kept.is_running());
    assert_eq!(sessions.unsettled(), std::slice::from_ref(&kept));
    assert_eq!(kept.header().unwrap(), header);
    assert!(header.source.ends_with("/kill.json") && header.source.starts_with('/'));
    assert!(kept.session().unwrap().0.t0().is_some());
    let lock = kept.lock().unwrap();
    assert!(kept.is_running(), "while it is recovered, nobody else may");
    drop(lock);
    kept.settle("rolled back").unwrap();
    assert!(sessions.unsettled().is_empty());
    for (path, mode) in [(kept.path().to_owned(), 0o700), (kept.file("record.json"), 0o600)] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[test]
fn a_process_that_is_just_being_started_keeps_no_record_locked() {
    let folder = tempfile::tempdir().unwrap();
    let open = SessionsFolder::at(folder.path()).begin(at(0.0)).unwrap();
    let kept = open.kept().clone();
    // As a child has it between its fork and its exec.
    let copy = open.lock.0.try_clone().unwrap();
    drop(open);
    assert!(!kept.is_running());
    let lock = kept.lock().unwrap();
    let another = lock.0.try_clone().unwrap();
    drop(lock);
    assert!(kept.lock().is_ok());
    drop((copy, another));
}

#[test]
fn a_record_that_does_not_know_the_current_context_is_read() {
    let header = RecordHeader::begun("kill.json", at(0.0));
    let mut written = serde_json::to_value(&header).unwrap();
    assert!(written.as_object_mut().unwrap().remove("current_cluster").is_some());
    assert!(written["options"].as_object_mut().unwrap().remove("context_variable").is_some());
    assert_eq!(serde_json::from_value::<RecordHeader>(written).unwrap(), header);
}

#[test]
fn two_sessions_of_one_second_have_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = SessionsFolder::at(folder.path());
    let (one, other) = (sessions.begin(at(0.0)).unwrap(), sessions.begin(at(0.0)).unwrap());
    assert_ne!(one.kept(), other.kept());
    assert_eq!(sessions.list().len(), 2);
}

#[test]
fn a_name_is_the_start_in_local_time_and_a_recovery_has_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let open = SessionsFolder::at(folder.path()).begin(at(0.0)).unwrap();
    let kept = open.kept();
    assert_eq!(kept.id().len(), "20261122-130500-a1b2".len());
    assert_eq!(folder.path().join(kept.id()), kept.path());
    assert_eq!(open.file("undo-kit.json"), kept.path().join("undo-kit.json"));
    assert_eq!(kept.last_written(), None, "it has no recording");
    fs::write(kept.recording(), "").unwrap();
    assert!(kept.last_written().is_some());
    for number in 1..3 {
        let path = kept.next_recovery();
        assert_eq!(path, kept.path().join(format!("recovery-{number}.ctui")));
        fs::write(path, "").unwrap();
    }
}

#[test]
fn a_record_of_a_newer_version_is_not_read_and_the_program_that_wrote_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = SessionsFolder::at(folder.path()).begin(at(0.0)).unwrap();
    let mut header = RecordHeader::begun("kill.json", at(0.0));
    header.tool = "chaos-tui 9.0.0".to_owned();
    for (format, readable) in [(0, true), (1, true), (2, false)] {
        header.format = format;
        open.write_header(&header).unwrap();
        match open.kept().header() {
            Ok(_) => assert!(readable, "format {format}"),
            Err(error) => {
                assert!(!readable, "format {format}");
                assert!(
                    error.to_string().ends_with("chaos-tui 9.0.0 wrote it, which is newer than this version")
                );
            }
        }
    }
}

#[test]
fn the_operator_is_the_user_of_this_process_at_this_machine() {
    let operator = Operator::current();
    assert_eq!(operator.pid, std::process::id());
    assert!(!operator.user.is_empty() && !operator.host.is_empty());
    assert_eq!(operator.name(), format!("{}@{}", operator.user, operator.host));
    assert_eq!(terminal_of("/dev/pts/3").as_deref(), Some("/dev/pts/3"));
    for none in ["/dev/null", "pipe:[4711]", "/home/ana/answers.txt"] {
        assert_eq!(terminal_of(none), None);
    }
}

/// Settled records with these sizes, oldest first. Returns which of them are left once another session begins.
fn left_of(sizes: &[u64]) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    let sessions = SessionsFolder::at(folder.path());
    let kept: Vec<_> = sizes
        .iter()
        .zip(0..)
        .map(|(size, second)| {
            let kept = sessions.begin(at(f64::from(second))).unwrap().kept().clone();
            // A file with a hole needs no room.
            fs::File::create(kept.recording()).unwrap().set_len(*size).unwrap();
            kept
        })
        .collect();
    for kept in &kept {
        fs::write(kept.file("settled"), "").unwrap();
    }
    drop(sessions.begin(at(1000.0)).unwrap());
    kept.iter().map(|kept| kept.path().exists()).collect()
}

#[test]
fn the_oldest_records_make_room_for_the_latest() {
    const LIMIT: u64 = 512 * 1024 * 1024;
    assert_eq!(left_of(&[1, LIMIT / 2, LIMIT / 2]), [false, true, true]);
    assert_eq!(left_of(&[LIMIT / 2, LIMIT / 2, 1]), [false, true, true]);
    assert_eq!(left_of(&[1, 1, LIMIT - 2]), [true, true, true]);
    assert_eq!(left_of(&[1, LIMIT + 1]), [false, false]);
}

#[test]
fn neither_a_record_with_something_to_undo_nor_one_of_a_session_that_runs_expires() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = SessionsFolder::at(folder.path());
    let large = |open: &OpenRecord| {
        fs::File::create(open.recording()).unwrap().set_len(1 << 30).unwrap();
        open.kept().clone()
    };
    let unsettled = large(&sessions.begin(at(0.0)).unwrap());
    let running = sessions.begin(at(1.0)).unwrap();
    large(&running).settle("nothing was fired").unwrap();
    drop(sessions.begin(at(2.0)).unwrap());
    assert!(unsettled.path().exists() && running.kept().path().exists());
    drop(running);
    unsettled.settle("rolled back").unwrap();
    drop(sessions.begin(at(3.0)).unwrap());
    assert_eq!(sessions.list().len(), 2, "what was settled meanwhile expires");
}

#[test]
fn old_records_expire_but_never_what_is_left_to_undo() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = SessionsFolder::at(folder.path());
    let unsettled = sessions.begin(at(-1000.0)).unwrap().kept().clone();
    for second in 0..60 {
        let open = sessions.begin(at(f64::from(second))).unwrap();
        open.kept().settle("nothing was fired").unwrap();
    }
    let kept = sessions.list();
    assert_eq!(kept.len(), 50 + 1);
    assert!(kept.contains(&unsettled));
}

use super::*;
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
    assert!(kept.session().unwrap().t0().is_some());
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
fn two_sessions_of_one_second_have_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = SessionsFolder::at(folder.path());
    let (one, other) = (sessions.begin(at(0.0)).unwrap(), sessions.begin(at(0.0)).unwrap());
    assert_ne!(one.kept(), other.kept());
    assert_eq!(sessions.list().len(), 2);
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

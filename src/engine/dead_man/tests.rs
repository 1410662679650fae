//! The switch with a guardian of which there is only the pipe.

use super::*;
use crate::{
    engine::bus::EventBus,
    experiment::Secrets,
    session::{
        clock::Clock,
        fixtures::{self, Variant},
        journal::{HostInfo, Journal},
        stream::stream,
    },
    test_support::{map, request},
};
use futures_util::FutureExt;
use rustix::fd::OwnedFd;
use std::process::Stdio;
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};
use tokio_util::sync::DropGuard;

const LEASE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(20);

/// A session with a dead-man switch.
struct Site {
    switch: DeadManSwitch,
    bus: BusHandle,
    told: watch::Receiver<Session>,
    _running: DropGuard,
}

fn site(when: DeadMan, folder: Option<PathBuf>, session: Session) -> Site {
    let (emitter, events) = stream(Clock::system());
    let (bus, handle, told) = EventBus::new(events, Journal::new(HostInfo::current()), None, None);
    let stop = CancellationToken::new();
    tokio::spawn(bus.run(stop.clone()));
    let (_, seen) = watch::channel(session);
    let switch = DeadManSwitch::new(when, folder, Vec::new(), handle.clone(), emitter, seen);
    Site { switch, bus: handle, told, _running: stop.drop_guard() }
}

/// A session whose fault does not end by itself.
fn fired() -> Session {
    let (mut session, _) = fixtures::session_at(Variant::Before, 5.0);
    session.undo.kits.values_mut().for_each(|kit| kit.needed = true);
    session
}

impl Site {
    /// Puts a guardian in place. Returns the guardian's end of the pipe.
    fn guarded(&self) -> OwnedFd {
        let (reader, words) = rustix::pipe::pipe().unwrap();
        rustix::io::ioctl_fionbio(&reader, true).unwrap();
        *self.switch.0.guardian() = Some(Guardian::over(words));
        reader
    }
}

/// The kinds of the words that were said.
fn said(reader: &OwnedFd) -> String {
    let mut bytes = [0; 4096];
    let read = rustix::io::read(reader, &mut bytes).unwrap_or(0);
    bytes[..read].chunks(9).map(|word| char::from(word[0])).collect()
}

/// A program that prints these lines, then ends; without lines it stays silent.
fn speaking(lines: Option<&str>) -> (Child, NewsReader) {
    let (program, argument) = lines.map_or(("sleep", "600"), |lines| ("printf", lines));
    let mut command = Command::new(program);
    command.arg(argument);
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let news = NewsReader::of(child.stdout.take().unwrap());
    (child, news)
}

#[test]
fn what_no_guardian_could_recover_needs_none_unless_one_is_asked_for() {
    let (needed, always) = (DeadMan::WhereNeeded(LEASE), DeadMan::Always(LEASE));
    for (when, sandbox, off_record, wanted) in [
        (needed, true, false, DeadMan::Off),
        (needed, false, true, DeadMan::Off),
        (needed, false, false, needed),
        (always, true, true, always),
        (DeadMan::Off, false, false, DeadMan::Off),
    ] {
        assert_eq!(when.where_possible(sandbox, off_record), wanted, "{when:?}, {sandbox}, {off_record}");
    }
    assert_eq!([needed, always, DeadMan::Off].map(DeadMan::lease), [Some(LEASE), Some(LEASE), None]);
}

#[test]
fn the_guardian_receives_the_values_that_the_record_only_refers_to() {
    let mut request = request(r#"{"title": "t", "description": "d", "method": []}"#);
    request.configuration = map(r#"{"url": "http://a"}"#);
    request.secrets = Secrets::new(map(r#"{"s": {"token": "canary"}}"#));
    let text = String::from_utf8(hand_over(&request)).unwrap();
    assert_eq!(
        map(&text),
        map(r#"{"configuration": {"url": "http://a"}, "secrets": {"s": {"token": "canary"}}}"#)
    );
}

#[tokio::test]
async fn nothing_is_fired_without_the_guardian_that_it_needs() {
    let allowed = async |when, session| site(when, None, session).switch.allow().await;
    let unguarded =
        Err("nothing was fired, because no guardian could be started (it recovers from the session's \
                         record, and there is none); --dead-man off fires without one"
            .to_owned());
    let mut harmless = fired();
    harmless.undo.kits.clear();
    assert_eq!(allowed(DeadMan::Off, fired()).await, Ok(()));
    assert_eq!(allowed(DeadMan::WhereNeeded(LEASE), harmless.clone()).await, Ok(()));
    assert_eq!(allowed(DeadMan::WhereNeeded(LEASE), fired()).await, unguarded);
    assert_eq!(allowed(DeadMan::Always(LEASE), harmless).await, unguarded);
}

#[tokio::test]
async fn nothing_is_fired_once_the_guardian_has_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("taken"), "").unwrap();
    for when in [DeadMan::Off, DeadMan::WhereNeeded(LEASE), DeadMan::Always(LEASE)] {
        let site = site(when, Some(folder.path().to_owned()), fired());
        assert_eq!(
            site.switch.allow().await,
            Err("nothing was fired, because the guardian has taken over this session".to_owned()),
            "{when:?}"
        );
    }
}

#[tokio::test]
async fn one_guardian_guards_all_fires_and_is_told_how_the_session_ended() {
    for (in_order, words) in [(true, "d"), (false, "")] {
        // Another guardian could not be started, because there is no record.
        let site = site(DeadMan::Always(LEASE), None, fired());
        let reader = site.guarded();
        assert_eq!(site.switch.allow().await, Ok(()));
        site.switch.end(in_order);
        assert_eq!(said(&reader), words);
        assert_eq!(rustix::io::read(&reader, &mut [0; 9]), Ok(0), "the pipe has ended");
    }
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_several_times_before_it_ends() {
    let site = site(DeadMan::Always(LEASE), None, fired());
    let (reader, (_child, news)) = (site.guarded(), speaking(None));
    tokio::spawn(site.switch.0.clone().attend(LEASE, news));
    sleep(LEASE / 2).await;
    assert!((2..=3).contains(&said(&reader).len()));
    sleep(LEASE / 2).await;
    assert!((2..=3).contains(&said(&reader).len()));
    assert!(site.switch.taken().now_or_never().is_none());
}

#[tokio::test]
async fn a_session_whose_lease_was_taken_notices_at_the_next_renewal() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(DeadMan::Always(LEASE), Some(folder.path().to_owned()), fired());
    assert!(site.switch.taken().now_or_never().is_none());
    std::fs::write(folder.path().join("taken"), "").unwrap();
    let (_child, news) = speaking(None);
    tokio::spawn(site.switch.0.clone().attend(LEASE, news));
    timeout(PATIENCE, site.switch.taken()).await.unwrap();
}

#[tokio::test]
async fn what_the_guardian_does_instead_of_the_session_is_told() {
    let mut site = site(DeadMan::Always(LEASE), None, fired());
    let _reader = site.guarded();
    let (_child, news) = speaking(Some("took it hung\ndid a is at 1 again\nend undone\n"));
    timeout(PATIENCE, site.switch.0.clone().attend(LEASE, news)).await.unwrap();
    site.bus.flush().await;
    let guardian = site.told.borrow_and_update().guardian.clone();
    assert_eq!(guardian.took.unwrap().1, "it hung");
    assert_eq!((guardian.did, guardian.undone), (vec!["a is at 1 again".to_owned()], Some(true)));
    assert!(site.switch.allow().await.is_err(), "the session is the guardian's now");
}

#[tokio::test]
async fn a_guardian_that_is_lost_is_told_unless_it_was_told_that_all_is_done() {
    for (done, guards) in [(false, None), (true, Some(30))] {
        let site = site(DeadMan::Always(LEASE), None, fired());
        let _reader = site.guarded();
        site.switch.0.tell(GuardianNews::Guards { lease_s: 30 }).await;
        if done {
            site.switch.end(true);
        }
        let (_child, news) = speaking(Some(""));
        timeout(PATIENCE, site.switch.0.clone().attend(LEASE, news)).await.unwrap();
        site.bus.flush().await;
        assert_eq!(site.told.borrow().guardian.lease_s, guards);
    }
}

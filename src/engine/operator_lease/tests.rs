//! The Lease against a scripted API server, in controlled time.

use super::*;
use crate::{
    cluster::fake_api::{RecordedRequest, Reply, answering},
    session::{
        Event,
        clock::Clock,
        fixtures,
        stream::{Stream, stream},
    },
};
use serde_json::{Value as Json, json};
use std::sync::{Mutex, PoisonError};

/// A store for the one Lease, as an API server keeps it.
#[derive(Clone, Default)]
struct Server {
    lease: Arc<Mutex<Option<Json>>>,
    /// The status with which all requests are refused, if they are.
    refuses: Option<u16>,
}

impl Server {
    fn lease(&self) -> Option<Json> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, request: &RecordedRequest) -> Reply {
        let missing = |code, reason| Reply::Refused(code, reason, "no".to_owned());
        match self.refuses {
            Some(404 | 500) if request.method == "GET" => return missing(404, "NotFound"),
            Some(code) => return missing(code, "Forbidden"),
            None => {}
        }
        let mut lease = self.lease.lock().unwrap();
        let version = lease.as_ref().map_or(0, |lease| {
            lease["metadata"]["resourceVersion"].as_str().unwrap().parse::<u32>().unwrap()
        });
        match request.method.as_str() {
            "GET" => lease.clone().map_or_else(|| missing(404, "NotFound"), Reply::Object),
            "DELETE" => {
                *lease = None;
                Reply::Object(json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
            }
            "PUT" if request.body["metadata"]["resourceVersion"].as_str() != Some(&version.to_string()) => {
                missing(409, "Conflict")
            }
            _ => {
                let mut body = request.body.clone();
                body["metadata"]["resourceVersion"] = (version + 1).to_string().into();
                body["metadata"]["uid"] = "1".into();
                *lease = Some(body.clone());
                Reply::Object(body)
            }
        }
    }
}

/// A session at a server, whose state the test sets.
struct Site {
    lease: OperatorLease,
    events: Stream,
    shown: watch::Sender<Session>,
}

fn site(server: &Server, who: &str, here: Vec<OtherOperator>) -> Site {
    let answers = server.clone();
    let (connection, _) = answering(move |request| answers.answer(request));
    let (session, now) = fixtures::steady();
    let clock = Clock::starting_at(now);
    let (emitter, events) = stream(clock);
    let (shown, seen) = watch::channel(session);
    let holder = Holder { who: who.to_owned(), session: "s1".to_owned() };
    let here: SessionsHere = Arc::new(move || here.clone());
    let lease = OperatorLease::start(&connection, holder, here, emitter, seen).unwrap();
    Site { lease, events, shown }
}

impl Site {
    fn fire(&self) {
        let fired = fixtures::session_at(fixtures::Variant::After, 0.2).0;
        self.shown.send_modify(|session| *session = fired);
    }

    async fn others(&mut self) -> Vec<OtherOperator> {
        match self.events.next().await {
            Some(Event { what: EventKind::OperatorsSeen { others }, .. }) => others,
            other => panic!("{other:?}"),
        }
    }
}

/// Waits until the server's Lease meets a condition. Time passes only while all tasks wait.
async fn until(server: &Server, holds: impl Fn(Option<&Json>) -> bool) {
    while !holds(server.lease().as_ref()) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn holder(lease: Option<&Json>) -> &str {
    lease.and_then(|lease| lease["spec"]["holderIdentity"].as_str()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn it_is_written_with_the_first_fire_renewed_and_removed_at_the_end() {
    let server = Server::default();
    let site = site(&server, "ana@laptop", Vec::new());
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(server.lease(), None, "a fire is only awaited");
    site.fire();
    until(&server, |lease| lease.is_some()).await;
    let first = server.lease().unwrap();
    assert_eq!(first["spec"]["holderIdentity"], "ana@laptop, session s1");
    assert_eq!(first["spec"]["leaseDurationSeconds"], 30);
    let renewed = first["spec"]["renewTime"].clone();
    until(&server, |lease| lease.is_some_and(|lease| lease["spec"]["renewTime"] != renewed)).await;
    assert_eq!(server.lease().unwrap()["spec"]["acquireTime"], first["spec"]["acquireTime"]);
    site.lease.end().await;
    assert_eq!(server.lease(), None);
}

#[tokio::test(start_paused = true)]
async fn the_second_operator_is_warned_and_leaves_the_lease_alone() {
    let server = Server::default();
    let first = site(&server, "ana@laptop", Vec::new());
    first.fire();
    until(&server, |lease| lease.is_some()).await;
    let mut second = site(&server, "ben@desk", Vec::new());
    let others = second.others().await;
    assert_eq!((others[0].who.as_str(), others[0].session.as_deref()), ("ana@laptop", Some("s1")));
    assert!(others[0].since.is_some());
    second.fire();
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(holder(server.lease().as_ref()), "ana@laptop, session s1");
    second.lease.end().await;
    assert_eq!(
        holder(server.lease().as_ref()),
        "ana@laptop, session s1",
        "it was not the second one's to remove"
    );
    first.lease.end().await;
    assert_eq!(server.lease(), None);
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_dead_session_is_taken_over() {
    let server = Server::default();
    let first = site(&server, "ana@laptop", Vec::new());
    first.fire();
    until(&server, |lease| lease.is_some()).await;
    first.lease.task.abort();
    let mut second = site(&server, "ben@desk", Vec::new());
    assert_eq!(second.others().await.len(), 1, "it may still be alive");
    assert_eq!(second.others().await, [], "it has not renewed its Lease for so long");
    second.fire();
    until(&server, |lease| holder(lease) == "ben@desk, session s1").await;
    assert_eq!(server.lease().unwrap()["spec"]["leaseTransitions"], 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_right_nothing_is_written_and_this_machine_is_asked() {
    for code in [403, 404] {
        let server = Server { refuses: Some(code), ..Server::default() };
        let here = OtherOperator { who: "ana@laptop".to_owned(), session: None, since: None };
        let mut site = site(&server, "ben@laptop", vec![here.clone()]);
        // A Lease that is missing may only be refused when it is written.
        if code == 404 {
            site.fire();
        }
        assert_eq!(site.others().await, [here]);
        site.fire();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(server.lease(), None);
        site.lease.end().await;
        assert!(site.events.try_next().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn this_machine_is_asked_only_where_the_lease_may_not_be_read_or_written() {
    // No Lease, one that cannot be written, and one that cannot be read now.
    for fails in [None, Some(500), Some(503)] {
        let server = Server { refuses: fails, ..Server::default() };
        let here = OtherOperator { who: "ana@laptop".to_owned(), session: None, since: None };
        let mut site = site(&server, "ben@laptop", vec![here]);
        tokio::time::sleep(Duration::from_secs(20)).await;
        site.fire();
        tokio::time::sleep(Duration::from_secs(20)).await;
        site.lease.end().await;
        assert!(site.events.try_next().is_none(), "{fails:?}");
    }
}

#[test]
fn others_are_looked_for_while_a_fire_is_awaited_and_not_while_another_step_is() {
    let (mut session, _) = fixtures::steady();
    assert_eq!(Stage::of(&session), Stage::Awaited);
    session.steps.rows.iter_mut().for_each(|row| row.step.destructive = false);
    assert_eq!(Stage::of(&session), Stage::Calm);
    assert_eq!(Stage::of(&fixtures::ready().0), Stage::Calm);
    assert_eq!(Stage::of(&fixtures::before_failing().0), Stage::Fired);
}

#[test]
fn a_renewal_is_compared_with_renewals_and_not_with_our_clock() {
    let spec = |renewed: f64| LeaseSpec {
        renew_time: Some(MicroTime(fixtures::at(renewed))),
        lease_duration_seconds: Some(30),
        ..LeaseSpec::default()
    };
    let mut known = Known::default();
    // The other clock is a minute behind.
    assert!(known.is_alive(&spec(-60.0), fixtures::at(0.0)));
    assert!(known.is_alive(&spec(-40.0), fixtures::at(20.0)));
    assert!(known.is_alive(&spec(-40.0), fixtures::at(50.0)));
    assert!(!known.is_alive(&spec(-40.0), fixtures::at(51.0)));
    assert!(known.is_alive(&spec(0.0), fixtures::at(60.0)), "it runs after all");
    assert!(Known::default().is_alive(&spec(-299.0), fixtures::at(0.0)));
    assert!(!Known::default().is_alive(&spec(-300.0), fixtures::at(0.0)), "no clock is so wrong");
    assert!(!Known::default().is_alive(&LeaseSpec::default(), fixtures::at(0.0)));
}

#[test]
fn a_session_of_this_machine_counts_at_the_same_target_while_it_runs_with_a_fault_on() {
    use crate::session::record::RecordHeader;
    let home = tempfile::tempdir().unwrap();
    let folder = SessionsFolder::at(home.path());
    let target = |namespace: &str| ClusterReference {
        context: "c".to_owned(),
        namespace: namespace.to_owned(),
        server: Some("https://s".to_owned()),
    };
    let open = folder.begin(fixtures::at(0.0)).unwrap();
    let header =
        RecordHeader { cluster: Some(target("shop")), ..RecordHeader::begun("x.json", fixtures::at(0.0)) };
    open.write_header(&header).unwrap();
    let here = |own: &str, namespace: &str| sessions_here(&folder, own, &target(namespace)).len();
    assert_eq!(here("", "shop"), 0, "it has fired nothing");
    let events = fixtures::events(fixtures::Variant::After, 5.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(fixtures::record(&open.recording(), &events));
    assert_eq!((here("", "shop"), here("", "db"), here(&open.kept().id(), "shop")), (1, 0, 0));
    drop(open);
    assert_eq!(here("", "shop"), 0, "it has ended");
}

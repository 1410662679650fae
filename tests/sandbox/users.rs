//! The users' side of a session against the real sandbox: the endpoint probe, the breaker's evidence sources and the
//! reducer while the provider's pod is killed. Nothing is replayed from a file.

use crate::watched::Watched;
use chaos_tui::{
    insight::{self, RunVerdict, UserWord},
    session::{
        event::{BreakerState, Confidence},
        state::{CycleEnd, Lane},
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_protects_its_users_and_its_breaker_is_seen_to_open_try_and_close() {
    let mut watched = Watched::open("after").await;
    watched
        .until("what is real is learned", |session, _| {
            session.users.main().is_some_and(|e| e.shape.is_some())
        })
        .await;
    watched
        .until("the breaker is believed closed", |session, _| session.breaker.state() == BreakerState::Closed)
        .await;
    watched.kill_the_provider().await;
    watched
        .until("users wait or get fallbacks", |session, now| {
            insight::verdict(session, now).word != UserWord::Ok
        })
        .await;
    watched
        .until("the breaker is surely open", |session, _| {
            let belief = session.breaker.belief.as_ref();
            belief.is_some_and(|belief| {
                belief.state == BreakerState::Open && belief.confidence == Confidence::Sure
            })
        })
        .await;
    watched
        .until("users are protected", |session, now| {
            insight::verdict(session, now).word == UserWord::Protected
        })
        .await;
    watched
        .until("the fault has healed", |session, _| session.fault.as_ref().is_some_and(|f| !f.is_on()))
        .await;
    watched
        .until("users are well again", |session, now| {
            insight::verdict(session, now).word == UserWord::Ok
                && session.breaker.state() == BreakerState::Closed
        })
        .await;
    let (session, now) = watched.close().await;

    let users = session.users.main().unwrap().since_t0(now);
    assert_eq!(users.error, 0, "{users:?}");
    assert!(users.fallback > 5, "{users:?}");
    assert_eq!(insight::conclusion(&session, now).verdict, RunVerdict::Protected);
    let worked = |end: Option<(_, CycleEnd)>| end.is_some_and(|(_, end)| end == CycleEnd::Worked);
    assert!(session.breaker.cycles.iter().any(|cycle| worked(cycle.ended)), "{:?}", session.breaker.cycles);
    let lane = session.lane(Lane::Breaker, 0..60, now);
    assert!(lane.contains("cO") && lane.contains('h') && lane.trim_end().ends_with('c'), "{lane}");
    assert!(session.lane(Lane::Provider, 0..60, now).contains("x-"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_lets_its_users_down_and_no_breaker_is_claimed() {
    let mut watched = Watched::open("before").await;
    watched
        .until("what is real is learned", |session, _| {
            session.users.main().is_some_and(|e| e.shape.is_some())
        })
        .await;
    watched.kill_the_provider().await;
    watched
        .until("users are failing", |session, now| insight::verdict(session, now).word == UserWord::Failing)
        .await;
    watched
        .until("the fault has healed", |session, _| session.fault.as_ref().is_some_and(|f| !f.is_on()))
        .await;
    watched
        .until("users are well again", |session, now| insight::verdict(session, now).word == UserWord::Ok)
        .await;
    let (session, now) = watched.close().await;

    let users = session.users.main().unwrap().since_t0(now);
    assert!(users.error > 3 && users.fallback == 0, "{users:?}");
    assert_eq!(insight::conclusion(&session, now).verdict, RunVerdict::NotResilient);
    assert!(session.breaker.cycles.is_empty(), "{:?}", session.breaker.cycles);
}

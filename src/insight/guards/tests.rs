use super::*;
use crate::{
    session::{
        Command, Event, Session,
        command::Annotation,
        event::{
            Answer, AnswerKind, EventKind, Gap, GapCause, Guard, Guards, RequestId, Source, SourceState,
            Timestamp,
        },
        fixtures::{self, Variant, at},
    },
    test_support::answer,
};

fn reading((mut session, now): (Session, Timestamp), guard: Guard, limit: u32) -> GuardReading {
    session.guards.limits = Guards::OFF;
    session.guards.limits.set(guard, Some(limit));
    let mut readings = guard_readings(&session, now);
    assert_eq!(readings.len(), 1, "only what is on is read");
    readings.remove(0)
}

fn tell(session: &mut Session, seconds: f64, what: EventKind) {
    session.apply(&Event { seq: 0, at: at(seconds), what });
}

#[test]
fn bad_seconds_strain_the_guard_of_users() {
    // At T+19 of the scripted session without a breaker, 18 seconds were bad.
    for (limit, wanted) in [
        (60, GuardLevel::Calm),
        (28, GuardLevel::Calm),
        (27, GuardLevel::Near),
        (18, GuardLevel::Near),
        (17, GuardLevel::Over),
    ] {
        let reading = reading(fixtures::before_failing(), Guard::Users, limit);
        assert_eq!((reading.figure, reading.level), (18, wanted), "limit {limit}");
    }
    // Of a short limit, half is near.
    for (limit, wanted) in [(9, GuardLevel::Near), (18, GuardLevel::Near), (19, GuardLevel::Calm)] {
        let reading = reading(fixtures::session_at(Variant::Before, 10.0), Guard::Users, limit);
        assert_eq!((reading.figure, reading.level), (9, wanted), "limit {limit}");
    }
    let text = reading(fixtures::before_failing(), Guard::Users, 17).text;
    assert_eq!(text, "users were let down in 18 s since T0; the guard allows 17 s");
    assert_eq!(reading(fixtures::session_at(Variant::After, 0.5), Guard::Users, 1).level, GuardLevel::Calm);
}

#[test]
fn seconds_older_than_those_kept_do_not_count_as_unasked() {
    let (mut session, _) = fixtures::session_at(Variant::After, 0.5);
    let endpoint = session.users.endpoints[0].id;
    let mut ask = |second: f64| {
        let request = RequestId(10_000 + second as u64);
        tell(&mut session, second, EventKind::RequestSent { endpoint, request });
        tell(
            &mut session,
            second + 0.01,
            EventKind::Answered(answer(endpoint, request, 5.0, AnswerKind::Real)),
        );
    };
    // Three hours, of which two are kept.
    for second in 1..10_800 {
        ask(f64::from(second));
    }
    assert_eq!(unasked_seconds(&session, &session.users.endpoints[0], at(10_800.0)), 0);
    // Another three hours without a request or anything else: the computation is as short.
    assert_eq!(unasked_seconds(&session, &session.users.endpoints[0], at(21_600.0)), 10_799);
    assert_eq!(unasked_seconds(&session, &session.users.endpoints[0], at(1e11)), u32::MAX);
}

#[test]
fn a_limit_may_be_any_number() {
    for guard in Guard::ALL {
        let largest = reading(fixtures::before_failing(), guard, u32::MAX);
        assert_eq!(largest.level, GuardLevel::Calm, "{guard:?}");
        assert!(!largest.has_used(1, 100));
        let passed = GuardReading { figure: u32::MAX, ..largest };
        assert!(passed.has_used(4, 5));
    }
    // A recording whose clock was set.
    let (session, _) = fixtures::before_failing();
    let far = reading((session, at(1e10)), Guard::Hold, u32::MAX);
    assert_eq!((far.figure, far.level), (u32::MAX, GuardLevel::Over));
}

#[test]
fn seconds_in_which_nobody_was_asked_count_as_bad() {
    let (mut session, _) = fixtures::session_at(Variant::After, 10.0);
    let bad = bad_seconds(&session, session.users.main().unwrap(), at(10.0));
    let endpoint = session.users.main().unwrap().id;
    tell(&mut session, 10.0, EventKind::EndpointLeft { endpoint });
    let reading = reading((session, at(30.5)), Guard::Users, 20);
    // The last request was sent at T+10, so the seconds from T+12 on are stale: one second without a request is no gap
    // yet.
    assert_eq!((reading.figure, reading.level), (bad + 18, GuardLevel::Over));
    assert!(reading.text.contains("18 s without any request count as bad"), "{}", reading.text);
}

/// A session in which users were well until T+0.5, then asked only at these seconds, each time with a real answer.
fn asked_at(seconds: &[f64], rate: f64, since: f64) -> Session {
    let (mut session, _) = fixtures::session_at(Variant::After, 0.5);
    (session.users.endpoints[0].rate, session.users.endpoints[0].since) = (rate, at(since));
    let endpoint = session.users.endpoints[0].id;
    for (seconds, request) in seconds.iter().zip(900..) {
        let request = RequestId(request);
        tell(&mut session, *seconds, EventKind::RequestSent { endpoint, request });
        let answer =
            Answer { status: Some(200), shape: 1, ..answer(endpoint, request, 5.0, AnswerKind::Real) };
        tell(&mut session, seconds + 0.01, EventKind::Answered(answer));
    }
    session
}

#[test]
fn seconds_between_requests_count_beyond_the_gap_that_the_rate_leaves() {
    let unasked = |asked: &[f64], rate, since, now| {
        let session = asked_at(asked, rate, since);
        unasked_seconds(&session, session.users.main().unwrap(), at(now))
    };
    // Of the seconds 1 to 14, three are asked, and the first after each is no gap yet.
    assert_eq!(unasked(&[4.0, 8.0, 12.0], 2.0, -20.0, 15.0), 7);
    assert_eq!(unasked(&[4.0, 8.0, 12.0], 0.5, -20.0, 15.0), 3);
    // Without a rate the gap is that of one request a second.
    assert_eq!(unasked(&[4.0, 8.0, 12.0], 0.0, -20.0, 15.0), 7);
    // An endpoint that is watched since the second 5 was due in the second 6 at the earliest.
    assert_eq!(unasked(&[], 2.0, 5.3, 10.5), 3);
}

#[test]
fn a_second_of_which_a_part_was_not_observed_counts_against_nobody() {
    let unasked = |from, to| {
        let mut session = asked_at(&[4.0], 2.0, -20.0);
        let begins = session.axis.start_of(session.axis.slot(at(9.5))).unwrap();
        let later = |ms| begins + jiff::SignedDuration::from_millis(ms);
        let gap = Gap { from: later(from), to: later(to), cause: GapCause::Stopped };
        tell(&mut session, 11.0, EventKind::NotObserved(gap));
        unasked_seconds(&session, session.users.main().unwrap(), at(15.0))
    };
    // Of the seconds 0 to 14 one is asked, and the first one, the one after that, and the one after what was not observed are
    // no gap yet.
    for (from, to, seconds) in [(200, 1000, 2), (200, 1001, 3), (0, 1, 2), (-1, 1, 3), (-1000, 0, 2)] {
        assert_eq!(unasked(from, to), 12 - seconds, "{from} ms to {to} ms");
    }
}

#[test]
fn of_several_endpoints_the_worst_counts() {
    let (mut session, now) = fixtures::before_failing();
    let watched = EventKind::EndpointWatched {
        endpoint: crate::session::event::EndpointId(77),
        url: "http://other/".to_owned(),
        rate: 2.0,
        deadline_ms: 1000,
        limit_ms: 1000,
        via: None,
    };
    tell(&mut session, 14.0, watched);
    let other = session.users.endpoints.last().unwrap();
    let both = (bad_seconds(&session, other, now), unasked_seconds(&session, other, now));
    assert!(both.0 + both.1 > 0 && both.0 + both.1 < 18, "{both:?}");
    assert_eq!(reading((session, now), Guard::Users, 60).figure, 18);
}

#[test]
fn the_nearest_guard_is_none_while_all_are_calm() {
    let (mut session, now) = fixtures::before_failing();
    for (limit, near) in [(60, None), (27, Some(GuardLevel::Near)), (17, Some(GuardLevel::Over))] {
        session.guards.limits = Guards { users_s: Some(limit), restarts: Some(9), ..Guards::OFF };
        assert_eq!(nearest_guard(&session, now).map(|reading| reading.level), near);
    }
}

#[test]
fn a_slow_probe_leaves_gaps_that_mean_nothing() {
    let (mut session, _) = fixtures::session_at(Variant::After, 0.5);
    session.users.endpoints[0].rate = 0.25;
    let (endpoint, sent) = (session.users.endpoints[0].id, [4.0, 8.0, 12.0]);
    for (seconds, request) in sent.into_iter().zip(900..) {
        let request = RequestId(request);
        tell(&mut session, seconds, EventKind::RequestSent { endpoint, request });
        let answer =
            Answer { status: Some(200), shape: 1, ..answer(endpoint, request, 5.0, AnswerKind::Real) };
        tell(&mut session, seconds + 0.01, EventKind::Answered(answer));
    }
    assert_eq!(
        reading((session, at(15.0)), Guard::Users, 60).text,
        "users were let down in 1 s since T0; the guard allows 60 s"
    );
}

#[test]
fn restarts_of_bystanders_strain_their_guard() {
    let restarted = |restarts| {
        let (mut session, now) = fixtures::before_failing();
        let mut pod = session.cluster.in_play[0].pod.clone();
        pod.containers[0].restarts = restarts;
        tell(&mut session, 19.0, EventKind::PodSeen(pod));
        (session, now)
    };
    for (restarts, limit, wanted) in [
        (0, 1, GuardLevel::Calm),
        (1, 1, GuardLevel::Over),
        (1, 2, GuardLevel::Calm),
        (2, 2, GuardLevel::Over),
    ] {
        let reading = reading(restarted(restarts), Guard::Restarts, limit);
        assert_eq!((reading.figure, reading.level), (restarts, wanted), "{restarts} of {limit}");
    }
    assert!(
        reading(restarted(1), Guard::Restarts, 1)
            .text
            .contains("restarted my-consumer-app-7d9f-4kq2p 1 time since T0")
    );
    // A restart of the fault's target is the fault itself, and does not count.
    let (mut session, now) = fixtures::before_failing();
    let mut pod = session.cluster.in_play[1].pod.clone();
    pod.containers[0].restarts = 5;
    tell(&mut session, 19.0, EventKind::PodSeen(pod));
    assert_eq!(reading((session, now), Guard::Restarts, 1).figure, 0);
}

#[test]
fn the_last_liveness_miss_before_a_restart_is_near() {
    let (mut session, _) = fixtures::session_at(Variant::After, 10.0);
    assert_eq!(
        reading((session.clone(), at(10.0)), Guard::Restarts, 1).level,
        GuardLevel::Calm,
        "1 of 3 misses"
    );
    let note =
        session.cluster.notes.iter().rev().find(|row| row.note.reason == "Unhealthy").unwrap().note.clone();
    tell(&mut session, 19.9, EventKind::ClusterNoted(note));
    let near = reading((session, at(20.0)), Guard::Restarts, 1);
    assert_eq!((near.level, near.short.as_str()), (GuardLevel::Near, "restart in 10 s"));
}

#[test]
fn a_silent_cluster_strains_its_guard() {
    let lost = |source, state, since| {
        let (mut session, now) = fixtures::before_failing();
        tell(&mut session, since, EventKind::SourceChanged { source, state });
        (session, now)
    };
    let broken = || SourceState::Reconnecting { reason: "refused".to_owned() };
    let absent = || SourceState::Absent { reason: "forbidden".to_owned() };
    for (source, state, since, figure, wanted) in [
        (Source::Api, broken(), 8.5, 10, GuardLevel::Over),
        (Source::Pods, broken(), 9.5, 9, GuardLevel::Near),
        (Source::Workloads, broken(), 14.5, 4, GuardLevel::Calm),
        (Source::Api, SourceState::Live, 1.0, 0, GuardLevel::Calm),
        (Source::Pods, absent(), 5.0, 14, GuardLevel::Over),
        // What was lost as the fault was fired counts, and what was lost at the limit is not over it.
        (Source::Pods, absent(), 0.0, 19, GuardLevel::Over),
        (Source::Api, broken(), 9.0, 10, GuardLevel::Near),
        (Source::Api, broken(), 14.0, 5, GuardLevel::Calm),
        // A source that was never available did not fall silent, and a silent health page is an effect of the fault.
        (Source::ClusterEvents, absent(), -20.0, 0, GuardLevel::Calm),
        (Source::Health, broken(), 1.0, 0, GuardLevel::Calm),
    ] {
        let reading = reading(lost(source, state.clone(), since), Guard::Silence, 10);
        assert_eq!((reading.figure, reading.level), (figure, wanted), "{source:?} {state:?} since {since}");
    }
}

#[test]
fn half_of_any_limit_of_silence_is_near() {
    let (mut session, now) = fixtures::before_failing();
    let state = SourceState::Reconnecting { reason: "refused".to_owned() };
    tell(&mut session, 9.0, EventKind::SourceChanged { source: Source::Api, state });
    for (limit, wanted) in
        [(9, GuardLevel::Over), (15, GuardLevel::Near), (19, GuardLevel::Near), (20, GuardLevel::Calm)]
    {
        assert_eq!(reading((session.clone(), now), Guard::Silence, limit).level, wanted, "limit {limit}");
    }
}

#[test]
fn the_silence_is_told_with_its_reason_and_without_the_time_in_which_this_program_did_not_run() {
    let silent = |state| {
        let (mut session, now) = fixtures::before_failing();
        tell(&mut session, 5.0, EventKind::SourceChanged { source: Source::Pods, state });
        let gap = Gap { from: at(6.0), to: at(14.0), cause: GapCause::Stopped };
        tell(&mut session, 14.0, EventKind::NotObserved(gap));
        reading((session, now), Guard::Silence, 10).text
    };
    for (state, reason) in [
        (SourceState::Reconnecting { reason: "refused".to_owned() }, "refused"),
        (SourceState::Absent { reason: "forbidden".to_owned() }, "forbidden"),
    ] {
        let pods = wording::source(Source::Pods);
        assert_eq!(silent(state), format!("{pods} gave no data for 6 s ({reason}); the guard allows 10 s"));
    }
}

#[test]
fn vain_attempts_do_not_begin_the_silence_anew() {
    let (mut session, now) = fixtures::before_failing();
    for (seconds, reason) in [(5.0, "refused"), (9.0, "no route"), (15.0, "refused")] {
        let state = SourceState::Reconnecting { reason: reason.to_owned() };
        tell(&mut session, seconds, EventKind::SourceChanged { source: Source::Pods, state });
    }
    assert_eq!(reading((session, now), Guard::Silence, 10).figure, 14);
}

#[test]
fn guards_watch_only_while_a_fault_is_on_and_the_run_goes_its_way() {
    for told in
        [fixtures::ready(), fixtures::steady(), fixtures::after_closed(), fixtures::finished(Variant::Before)]
    {
        assert_eq!(guard_readings(&told.0, told.1), []);
    }
    let (mut session, now) = fixtures::before_failing();
    session.guards.limits.users_s = Some(5);
    assert_eq!(tripped_guard(&session, now).unwrap().guard, Guard::Users);
    let level = crate::session::event::Level::Warning;
    tell(&mut session, 19.0, EventKind::Interrupted { reason: "told to".to_owned(), level });
    assert_eq!(tripped_guard(&session, now), None);
}

#[test]
fn limits_are_set_by_the_session_and_by_the_operator() {
    let mut session = Session::new();
    assert_eq!(session.guards.limits, Guards::OFF);
    tell(&mut session, -20.0, EventKind::GuardsSet(Guards::default()));
    assert_eq!(session.guards.limits, Guards::default());
    tell(&mut session, -19.0, EventKind::Commanded(Command::Annotate(Annotation::Guards(Guards::OFF))));
    assert_eq!(session.guards.limits, Guards::OFF);
}

#[test]
fn a_fault_that_nobody_holds_is_ended() {
    let (mut session, _) = fixtures::session_at(Variant::After, 0.2);
    session.guards.limits = Guards { hold_s: Some(30), ..Guards::OFF };
    let read = |session: &Session, seconds: f64| guard_readings(session, at(seconds)).remove(0);
    for (seconds, figure, level) in [
        (0.5, 0, GuardLevel::Calm),
        (19.9, 19, GuardLevel::Calm),
        (20.1, 20, GuardLevel::Near),
        (29.9, 29, GuardLevel::Near),
        (30.0, 30, GuardLevel::Over),
    ] {
        let reading = read(&session, seconds);
        assert_eq!((reading.figure, reading.level), (figure, level), "{seconds}");
    }
    let trip = tripped_guard(&session, at(31.0)).unwrap();
    assert_eq!(
        trip.because,
        "no key was pressed for 31 s; the fault stays on only while there is one every 30 s"
    );

    tell(&mut session, 25.0, EventKind::Commanded(Command::Annotate(Annotation::Hold)));
    assert_eq!((read(&session, 31.0).figure, read(&session, 31.0).level), (6, GuardLevel::Calm));
    tell(&mut session, 31.0, EventKind::Commanded(Command::Annotate(Annotation::Mark)));
    assert_eq!(read(&session, 31.0).figure, 0, "every command shows that the operator is there");

    // A machine that slept: nobody held the fault meanwhile.
    let gap = crate::session::event::Gap {
        from: at(32.0),
        to: at(62.0),
        cause: crate::session::event::GapCause::Asleep,
    };
    tell(&mut session, 62.0, EventKind::NotObserved(gap));
    assert_eq!(read(&session, 62.0).level, GuardLevel::Over);
}

#[test]
fn a_short_hold_is_not_urgent_from_the_first_second() {
    let (mut session, _) = fixtures::session_at(Variant::After, 0.2);
    session.guards.limits = Guards { hold_s: Some(6), ..Guards::OFF };
    let level = |seconds: f64| guard_readings(&session, at(seconds)).remove(0).level;
    assert_eq!(level(2.5), GuardLevel::Calm);
    assert_eq!(level(3.5), GuardLevel::Near);
}

//! The reducer over the scenario of [`fixtures`], and single cases that the scenario does not contain.

use super::*;
use crate::session::{
    Command, Event,
    command::{Annotation, StepCommand},
    event::{
        ActivityOutcome, Belief, BreakerState, Confidence, EventKind, LastEnd, Level, PauseSide, Plan, Pod,
        RunId, RunStatus, Section, StepRef,
    },
    fixtures::{self, Variant, at},
};
use pyvalue::Value;

fn lanes(session: &Session, from: i64, to: i64, now: f64) -> Vec<String> {
    Lane::ALL.iter().map(|lane| session.lane(*lane, from..to, at(now))).collect()
}

#[test]
fn all_lanes_share_one_axis_that_is_zero_at_the_kill() {
    let (session, _) = fixtures::after_closed();
    assert_eq!(
        lanes(&session, -5, 50, 45.0),
        [
            "     [k][p][consum]    [provider-is-back]              ",
            ".....###################################...........    ",
            "-----xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-----------    ",
            "rrrrrFFFFFFFfffffffffFFFFFFFffffffffffRRrrrrrrrrrr     ",
            "cccccccccccOOOOOOOOOOOOhhhhOOOOOOOOOOOOhccccccccccc    ",
            "-----------5555555555------5555555555--------------    ",
        ]
    );
}

#[test]
fn requests_in_flight_are_drawn_as_waiting_and_before_nothing_happened_lanes_are_blank() {
    let (session, _) = fixtures::before_failing();
    assert_eq!(session.lane(Lane::Users, -2..22, at(19.0)), "rrXXXXXXXXXXXXXX?????   ");
    let (session, _) = fixtures::ready();
    assert_eq!(session.lane(Lane::Users, 0..4, at(-21.0)), "    ");
    assert_eq!(session.lane(Lane::Fault, 0..4, at(-21.0)), "....");
}

#[test]
fn t0_begins_a_second_and_earlier_seconds_keep_their_place() {
    let mut axis = SecondSlots::default();
    axis.begin(at(-2.6));
    assert_eq!((axis.second(at(-2.6)), axis.slot(at(-0.1))), (0, 2));
    axis.anchor(at(0.0));
    assert_eq!([-2.6, -0.1, 0.0, 0.9, 1.0].map(|s| axis.second(at(s))), [-3, -1, 0, 0, 1]);
    assert_eq!(axis.start_of_second(0), Some(at(0.0)));
    assert!(axis.slot(at(-2.6)) >= 0, "what was filed keeps a slot that exists");
}

#[test]
fn the_table_tells_before_from_since_and_after() {
    let (session, now) = fixtures::after_closed();
    let endpoint = session.users.main().unwrap();
    let (baseline, since, fault, after) = (
        endpoint.baseline(now),
        endpoint.since_t0(now),
        endpoint.during_fault(now),
        endpoint.after_recovery(now),
    );
    assert_eq!((baseline.sent, baseline.real, baseline.error), (40, 40, 0));
    assert_eq!((since.sent, since.real, since.fallback, since.error, since.waiting), (91, 25, 65, 0, 1));
    assert_eq!((fault.sent, fault.real, fault.fallback), (70, 5, 65));
    assert_eq!((after.sent, after.real, after.waiting), (21, 20, 1));
    assert_eq!(since.percent(since.fallback), Some(72));
    // Split by outcome: a median over all answers would hide that fallbacks were quick and a few users waited.
    assert!(since.fallback_waits.p50.unwrap() < 5.0);
    let longest = since.fallback_waits.max.unwrap();
    assert!((longest - 11_600.0).abs() < 120.0, "{longest}");
    assert!(since.error_waits.p50.is_none());
}

#[test]
fn users_we_hung_up_on_stay_bad_but_wait_no_longer() {
    let (mut session, now) = fixtures::before_failing();
    let endpoint = session.users.main().unwrap().id;
    session.apply(&Event { seq: 0, at: now, what: EventKind::EndpointLeft { endpoint } });
    let endpoint = session.users.main().unwrap();
    assert_eq!((endpoint.since_t0(now).waiting, endpoint.since_t0(now).sent), (0, 39));
}

#[test]
fn recovery_is_the_first_real_answer_after_the_provider() {
    for variant in [Variant::Before, Variant::After] {
        let (session, _) = fixtures::finished(variant);
        let lag = session.users.main().unwrap().recovered.unwrap().duration_since(at(fixtures::FAULT_S));
        assert!(lag.as_secs_f64() < 0.2, "{variant:?}: {lag}");
    }
    let (session, _) = fixtures::session_at(Variant::After, 34.0);
    assert_eq!(session.users.main().unwrap().recovered, None);
}

#[test]
fn steps_keep_their_state() {
    let (session, now) = fixtures::before_failing();
    assert_eq!((session.steps.position(), session.steps.rows.len(), session.steps.done()), (5, 9, 4));
    let current = session.steps.current().unwrap();
    assert_eq!(current.step.name, "consumer-must-still-respond");
    let running = current.running_for(now).unwrap();
    assert!((running - 16.7).abs() < 0.01, "{running}");
    assert_eq!(session.run.status_so_far(), RunStatus::Completed);

    let (session, now) = fixtures::session_at(Variant::After, 14.6);
    let back = session.steps.current().unwrap();
    assert!((back.pause_left(now).unwrap() - 29.0).abs() < 0.01);
    let respond = session.steps.row(StepRef { section: Section::Method, index: 2 }).unwrap();
    assert_eq!(respond.state, StepState::Succeeded);
    assert_eq!(respond.remark.as_deref(), Some("with the FALLBACK body"));
    let (session, _) = fixtures::session_at(Variant::Before, 36.0);
    let respond = session.steps.row(StepRef { section: Section::Method, index: 2 }).unwrap();
    assert_eq!(respond.remark.as_deref(), Some("with the ERROR that users get"));
    let real = session.steps.row(StepRef { section: Section::Before, index: 0 }).unwrap();
    assert_eq!(real.remark, None);
}

#[test]
fn one_step_is_awaited_at_a_time() {
    let mut session = fixtures::ready().0;
    let step = |index| StepRef { section: Section::Method, index };
    for index in [1, 0] {
        let what = EventKind::StepAwaited { step: step(index), destructive: false };
        session.apply(&Event { seq: 0, at: at(-20.0), what });
    }
    assert_eq!(session.steps.row(step(1)).unwrap().state, StepState::Waiting, "the run went back from it");
    assert_eq!(session.steps.row(step(0)).unwrap().state, StepState::Awaited { since: at(-20.0) });
}

#[test]
fn at_the_end_nothing_is_awaited_and_nothing_goes_on_by_itself() {
    let mut session = fixtures::ready().0;
    let step = StepRef { section: Section::Method, index: 1 };
    let end = EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false };
    for what in [
        EventKind::StepAwaited { step, destructive: false },
        EventKind::Commanded(Command::Step(StepCommand::Auto(true))),
        end,
    ] {
        session.apply(&Event { seq: 0, at: at(-20.0), what });
    }
    assert_eq!(session.steps.row(step).unwrap().state, StepState::Waiting);
    assert!(!session.steps.auto);
}

#[test]
fn the_operators_keys_leave_their_traces() {
    let mut session = fixtures::ready().0;
    let step = StepRef { section: Section::Method, index: 1 };
    let press = |session: &mut Session, command| {
        session.apply(&Event { seq: 0, at: at(-20.0), what: EventKind::Commanded(command) });
    };
    press(&mut session, Command::Step(StepCommand::Breakpoint(step)));
    assert!(session.steps.breakpoints.contains(&step));
    press(&mut session, Command::Step(StepCommand::Breakpoint(step)));
    assert!(session.steps.breakpoints.is_empty());
    press(&mut session, Command::Annotate(Annotation::Note("odd".to_owned())));
    press(&mut session, Command::Annotate(Annotation::Mark));
    press(&mut session, Command::Step(StepCommand::Pause(true)));
    assert_eq!(
        (session.annotations.notes.len(), session.annotations.marks.len(), session.steps.paused),
        (1, 1, true)
    );
}

#[test]
fn a_pause_after_a_call_comes_back_to_its_verdict() {
    let step = StepRef { section: Section::Method, index: 1 };
    let mut session = fixtures::session_at(Variant::After, 2.5).0;
    let mut tell = |what| session.apply(&Event { seq: 0, at: at(2.5), what });
    tell(EventKind::PauseStarted { step, side: PauseSide::After, seconds: 5.0, shown: "5.0".to_owned() });
    tell(EventKind::PauseEnded { step, cut: false });
    assert_eq!(session.steps.row(step).unwrap().state, StepState::Succeeded);
}

#[test]
fn a_tolerance_judged_later_changes_the_step() {
    let mut session = fixtures::steady().0;
    let entry = pyvalue::Map::from_iter([("tolerance_met".to_owned(), false.into())]).into();
    session.apply(&Event { seq: 0, at: at(0.0), what: EventKind::EntryAmended { run: RunId(1), entry } });
    let row = session.steps.row(StepRef { section: Section::Before, index: 1 }).unwrap();
    assert_eq!(row.state, StepState::NotMet);
}

#[test]
fn pods_keep_their_identity_across_the_kill() {
    let (session, now) = fixtures::after_open();
    let names: Vec<_> =
        session.cluster.in_play.iter().map(|row| (row.pod.status.as_str(), row.identity())).collect();
    let old = "my-provider-app-6c8b-x2k8p".to_owned();
    assert_eq!(
        names,
        [
            ("Running", Identity::Same),
            ("Terminating", Identity::Same),
            ("ContainerCreating", Identity::Replaces(old.clone()))
        ]
    );
    let empty = session.cluster.services[1].empty_for(now).unwrap();
    assert!((empty - 9.9).abs() < 0.01);
    assert_eq!(session.cluster.workloads[1].state, WorkloadState::Down);

    let (session, _) = fixtures::after_closed();
    assert_eq!(session.cluster.pod(&old).unwrap().identity(), Identity::Gone);
    assert_eq!(session.cluster.states(), [("Running", 2)]);
}

#[test]
fn pods_that_are_only_counted_count_too() {
    let (mut session, now) = fixtures::after_closed();
    let states = [("Pending".to_owned(), 7), ("Running".to_owned(), 40)].into();
    let what = EventKind::PodsCounted { namespace: "crowded".to_owned(), states };
    session.apply(&Event { seq: 0, at: now, what });
    assert_eq!(session.cluster.states(), [("Running", 42), ("Pending", 7)]);
}

#[test]
fn a_restarted_container_is_the_same_pod() {
    let mut session = fixtures::after_open().0;
    let mut pod: Pod = session.cluster.in_play[0].pod.clone();
    pod.containers[0].restarts = 2;
    pod.containers[0].last_end = Some(LastEnd { reason: "Error".to_owned(), exit_code: 137 });
    session.apply(&Event { seq: 0, at: at(11.0), what: EventKind::PodSeen(pod) });
    let row = &session.cluster.in_play[0];
    assert_eq!((row.identity(), row.last_end().unwrap().exit_code), (Identity::Restarted(2), 137));
}

#[test]
fn liveness_misses_count_down_to_the_restart_and_are_forgotten_when_they_stop() {
    let (session, now) = fixtures::after_open();
    let countdown = session.cluster.in_play[0].misses_now(now).unwrap();
    assert_eq!((countdown.misses, countdown.threshold), (1, 3));
    assert!((countdown.restart_s - 19.9).abs() < 0.01, "{countdown:?}");
    assert_eq!(session.cluster.in_play[0].misses_now(at(25.5)), None, "the probe at T+20 was answered well");
}

#[test]
fn cycles_and_what_they_measure() {
    let (session, _) = fixtures::after_closed();
    let ends: Vec<_> = session.breaker.cycles.iter().map(|cycle| cycle.ended.unwrap()).collect();
    assert_eq!(ends, [(at(22.2), CycleEnd::Failed), (at(35.0), CycleEnd::Worked)]);
    let measured = session.breaker.measured(session.t0());
    assert!((measured.trip_s.unwrap() - 6.2).abs() < 1e-6);
    assert!((measured.reset_s.unwrap().0 - 10.3).abs() < 1e-6);
    assert_eq!((measured.openings, measured.trials, measured.failed_trials), (2, 2, 1));
}

#[test]
fn a_short_half_open_is_not_swallowed() {
    let mut session = fixtures::session_at(Variant::Before, 2.0).0;
    for (seconds, state) in
        [(3.1, BreakerState::Open), (3.2, BreakerState::HalfOpen), (3.21, BreakerState::Closed)]
    {
        let belief = Belief::new(state, Confidence::Sure, at(seconds), "");
        session.apply(&Event { seq: 0, at: at(seconds), what: EventKind::Believed(belief) });
    }
    assert_eq!(session.lane(Lane::Breaker, 2..6, at(5.0)), "-hcc");
    assert_eq!(session.breaker.cycles[0].ended, Some((at(3.21), CycleEnd::Worked)));
}

fn believe(session: &mut Session, seconds: f64, belief: Belief) {
    session.apply(&Event { seq: 0, at: at(seconds), what: EventKind::Believed(belief) });
}

#[test]
fn a_cycle_that_a_restart_ended_is_no_cycle() {
    let mut session = fixtures::session_at(Variant::Before, 2.0).0;
    let of = |seconds, state| Belief::new(state, Confidence::Sure, at(seconds), "");
    believe(&mut session, 3.0, of(3.0, BreakerState::Open));
    assert_eq!(session.breaker.cycles.len(), 1);
    believe(&mut session, 5.0, Belief { restarted: true, ..of(5.0, BreakerState::Closed) });
    assert_eq!((session.breaker.cycles.len(), session.breaker.restarted), (0, Some(at(5.0))));
}

#[test]
fn replicas_that_differ_make_no_cycles() {
    let mut session = fixtures::session_at(Variant::Before, 2.0).0;
    for (seconds, state) in
        [(3.0, BreakerState::Open), (3.5, BreakerState::Mixed), (9.0, BreakerState::Closed)]
    {
        believe(&mut session, seconds, Belief::new(state, Confidence::Likely, at(seconds), ""));
    }
    assert_eq!(session.breaker.cycles.len(), 0);
    assert_eq!(session.lane(Lane::Breaker, 3..10, at(9.5)), "MMMMMMc");
}

#[test]
fn a_trial_that_nobody_saw_leaves_a_mark_and_counts() {
    use crate::session::event::Transition;
    let mut session = fixtures::session_at(Variant::Before, 2.0).0;
    let (open, half) = (BreakerState::Open, BreakerState::HalfOpen);
    believe(&mut session, 3.0, Belief::new(open, Confidence::Sure, at(3.0), ""));
    let missed = vec![
        Transition { at: at(6.1), from: open, to: half },
        Transition { at: at(6.102), from: half, to: open },
    ];
    believe(&mut session, 6.3, Belief { missed, ..Belief::new(open, Confidence::Sure, at(3.0), "") });
    assert_eq!(session.lane(Lane::Breaker, 5..9, at(8.5)), "OhOO");
    let ended: Vec<_> = session.breaker.cycles.iter().map(|cycle| cycle.ended).collect();
    assert_eq!(ended, [Some((at(6.102), CycleEnd::Failed)), None]);
    // The breaker reopened, but users did not notice it: calls have been cut short all along.
    believe(&mut session, 6.4, Belief::new(open, Confidence::Sure, at(6.102), ""));
    assert_eq!(session.breaker.cut_short_since(), Some(at(3.0)));
    // Users notice a trial of some seconds.
    let (slow, _) = fixtures::session_at(Variant::After, 24.0);
    assert_eq!(slow.breaker.cut_short_since(), Some(at(22.2)));
}

#[test]
fn older_recordings_are_read() {
    let belief = r#"{"state":"none_seen","confidence":"sure","since":"2026-11-22T13:05:00Z","agreeing":2,"spoke":2,
        "because":"38 of 38 calls went through","next_trial":null}"#;
    let belief: Belief = serde_json::from_str(belief).unwrap();
    assert_eq!(belief.state, BreakerState::NoBreakerSeen);
    let report = r#"{"witness":"health","says":{"state":"open"},"ground":"503 Unavailable"}"#;
    let report = serde_json::from_str(report).unwrap();
    let mut session = Session::new();
    session.apply(&Event { seq: 0, at: at(0.0), what: EventKind::Testified(report) });
    assert_eq!(session.breaker.health_failing.last(), Some((at(0.0), true)));
}

#[test]
fn each_state_is_recorded_by_its_name() {
    use BreakerState::{
        ClosedOrNone, Disabled, FallbackAtOnce, ForcedOpen, HalfOpen, MetricsOnly, Mixed, NoBreakerSeen,
        NotSeenYet,
    };
    for (state, name) in [
        (ClosedOrNone, "closed_or_none"),
        (HalfOpen, "half_open"),
        (NotSeenYet, "not_seen_yet"),
        (NoBreakerSeen, "no_breaker_seen"),
        (FallbackAtOnce, "fallback_at_once"),
        (Mixed, "mixed"),
        (Disabled, "disabled"),
        (MetricsOnly, "metrics_only"),
        (ForcedOpen, "forced_open"),
    ] {
        assert_eq!(serde_json::to_value(state).unwrap(), name);
    }
}

#[test]
fn fired_again_the_fault_is_on_again_and_t0_stays() {
    let mut session = fixtures::after_closed().0;
    let step = StepRef { section: Section::Method, index: 0 };
    let targets = vec!["pod/other".to_owned()];
    session.apply(&Event {
        seq: 0,
        at: at(46.0),
        what: EventKind::FaultFired { step, what: "again".to_owned(), targets },
    });
    assert_eq!(session.t0(), Some(at(0.0)));
    let fault = session.fault.as_ref().unwrap();
    assert!((fault.lasted(at(50.0)) - 39.0).abs() < 1e-6);
    assert_eq!(fault.targets().count(), 2);
    assert_eq!(session.lane(Lane::Fault, 34..49, at(48.0)), "#...........###");
}

#[test]
fn a_fire_hits_what_its_card_named_not_only_what_its_label_says() {
    let mut session = fixtures::steady().0;
    let card = session.target.clone().unwrap();
    let fired =
        |step| EventKind::FaultFired { step, what: "kill".to_owned(), targets: vec!["my-label".to_owned()] };
    session.apply(&Event { seq: 0, at: at(0.0), what: fired(card.step) });
    let targets: Vec<&str> = session.fault.as_ref().unwrap().targets().collect();
    assert_eq!(targets, [card.objects[0].as_str(), "my-label"]);
    // The card of another step does not apply to this one.
    let mut session = fixtures::steady().0;
    let other = StepRef { index: card.step.index + 1, ..card.step };
    session.apply(&Event { seq: 0, at: at(0.0), what: fired(other) });
    assert_eq!(session.fault.as_ref().unwrap().targets().collect::<Vec<_>>(), ["my-label"]);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut session = Session::new();
    for n in 0..10_000 {
        let message = format!("line {n}\nand {}", "x".repeat(5000));
        let what = EventKind::Logged { level: Level::Info, target: "test".to_owned(), message };
        session.apply(&Event { seq: n, at: at(n as f64), what });
        session.apply(&Event {
            seq: n,
            at: at(n as f64),
            what: EventKind::Commanded(Command::Annotate(Annotation::Mark)),
        });
    }
    assert_eq!((session.log.lines.len(), session.log.forgotten), (2000, 18_000));
    assert!(session.log.lines.iter().all(|line| line.text.len() <= 1024));
    assert_eq!(session.annotations.marks.len(), 512);
}

/// Returns a plan whose method has these steps.
fn planned(names: &[&str]) -> EventKind {
    let step = |(index, name): (usize, &&str)| {
        fixtures::probe(StepRef { section: Section::Method, index }, name, "")
    };
    let steps = names.iter().enumerate().map(step).collect();
    EventKind::Planned(Plan { title: "t".to_owned(), hypothesis: None, steps })
}

/// A control may add and remove steps during the run: the steps that remain keep their state.
#[test]
fn the_steps_follow_what_controls_make_of_the_experiment() {
    let mut session = Session::new();
    let tell = |session: &mut Session, what| session.apply(&Event { seq: 0, at: at(0.0), what });
    let step = |index| StepRef { section: Section::Method, index };
    let started = |run, index| EventKind::ActivityStarted {
        run: RunId(run),
        step: step(index),
        name: String::new(),
        entry: Value::Null,
    };
    let ended = |run, index| EventKind::ActivityEnded {
        run: RunId(run),
        step: step(index),
        outcome: ActivityOutcome {
            trouble: None,
            succeeded: Some(true),
            tolerance_met: None,
            seconds: 1.0,
            summary: format!("run {run}"),
        },
        entry: Value::Null,
    };
    tell(&mut session, planned(&["a", "b", "c", "b"]));
    tell(&mut session, started(1, 0));
    tell(&mut session, ended(1, 0));
    // A background step: it ends after the change, and its event still has its old position.
    tell(&mut session, started(2, 1));
    tell(&mut session, planned(&["new", "a", "b", "b", "d"]));
    assert_eq!(session.steps.cursor, Some(step(2)), "the cursor went with its step");
    tell(&mut session, ended(2, 1));
    let shown =
        session.steps.rows.iter().map(|row| {
            (row.step.at.index, row.step.name.as_str(), row.state.is_over(), row.summary.as_deref())
        });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            (0, "new", false, None),
            (1, "a", true, Some("run 1")),
            (2, "b", true, Some("run 2")),
            (3, "b", false, None),
            (4, "d", false, None),
        ]
    );
}

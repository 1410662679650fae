//! Compares the session with an earlier one, aligned at T0.

use super::verdict::{UserVerdict, UserWord, joined};
use crate::session::{
    clock::shifted,
    event::Timestamp,
    state::{Outcome, Session},
    wording,
};

/// Relative difference up to which two rates count as the same.
const ALIKE: f64 = 0.2;

impl UserVerdict {
    /// Adds what users of the earlier run had experienced at the same time after T0, if users are served now and the
    /// runs are comparable.
    pub fn with_earlier_run(self, session: &Session, before: &Session, now: Timestamp) -> Self {
        let served = matches!(self.word, UserWord::Ok | UserWord::Protected);
        let Some(since) = session.since_t0(now).filter(|_| served && differences(session, before).is_empty())
        else {
            return self;
        };
        if before.fault.is_none() || before.users.main().is_none() {
            return self;
        }
        let earlier = match (errors_until(before, since), waiting_at(before, since)) {
            (0, 0) => "the run before: no error".to_owned(),
            (0, waiting) => format!("the run before: {waiting} still waiting"),
            (errors, _) => format!("the run before: {}", wording::count(errors as u64, "error")),
        };
        Self { details: joined([self.details, Some(earlier)]), ..self }
    }
}

/// Returns the number of users who had received an error by `since_t0` seconds after T0.
pub fn errors_until(session: &Session, since_t0: f64) -> usize {
    let (Some(t0), Some(endpoint)) = (session.t0(), session.users.main()) else { return 0 };
    let until = shifted(t0, since_t0.max(0.0));
    endpoint.samples_between(t0, until).filter(|dot| dot.outcome == Outcome::Error).count()
}

/// Returns the number of users who by `since_t0` seconds after T0 had waited longer than the limit without an answer.
pub fn waiting_at(session: &Session, since_t0: f64) -> usize {
    let (Some(t0), Some(endpoint)) = (session.t0(), session.users.main()) else { return 0 };
    let by = shifted(t0, since_t0.max(0.0));
    let due = shifted(by, -(endpoint.limit_ms as f64) / 1000.0);
    let answered_later = endpoint.samples().rev().take_while(|dot| dot.ended() > by);
    let answered_later = answered_later.filter(|dot| dot.start >= t0 && dot.start < due).count();
    answered_later
        + endpoint.in_flight.values().filter(|flight| flight.start >= t0 && flight.start < due).count()
}

/// Returns why the earlier run is not comparable, as far as known by now; empty if it is.
pub fn differences(session: &Session, before: &Session) -> Vec<String> {
    let mut differences = Vec::new();
    if let Some((then, now)) = before.users.main().zip(session.users.main()) {
        if (then.rate - now.rate).abs() > ALIKE * then.rate.max(now.rate) {
            let rates =
                format!("the run before asked {} times a second, this one asks {}", then.rate, now.rate);
            differences.push(format!("{rates}: compare shares, not counts"));
        }
        if then.limit_ms != now.limit_ms {
            differences.push(format!(
                "the limit of the run before was {}, this one's is {}",
                wording::limit(then.limit_ms),
                wording::limit(now.limit_ms)
            ));
        }
    }
    let then = before.fault.as_ref().and_then(|fault| fault.fires.first());
    let awaited = session.steps.current().filter(|row| row.step.destructive);
    let now = match &session.fault {
        Some(fault) => fault.fires.first().map(|firing| firing.what.clone()),
        None => awaited.map(|row| format!("{}: {}", row.step.name, row.step.label)),
    };
    if let Some((then, now)) = then.map(|firing| &firing.what).zip(now)
        && *then != now
    {
        differences.push(format!("the run before had another fault: {then}"));
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::{differences, errors_until, waiting_at};
    use crate::{
        insight::verdict,
        session::{
            Event, EventKind,
            fixtures::{self, Variant, at, recorded_until, recorded_whole},
        },
    };

    #[test]
    fn errors_count_from_the_moment_somebody_is_told_no() {
        let (before, _) = fixtures::finished(Variant::Before);
        for (seconds, wanted) in [(0.0, 0), (5.0, 0), (19.0, 27), (60.0, 60)] {
            assert_eq!(errors_until(&before, seconds), wanted, "at T+{seconds}");
        }
        assert_eq!(errors_until(&fixtures::finished(Variant::After).0, 60.0), 0);
        assert_eq!(errors_until(&fixtures::ready().0, 60.0), 0);
    }

    #[test]
    fn those_who_waited_count_as_well() {
        let (before, _) = fixtures::finished(Variant::Before);
        // Two requests a second, each failing after at least 5.3 s: at T+5 no user had an answer, and eight had waited
        // for a second.
        for (seconds, wanted) in [(0.0, 0), (0.9, 0), (5.0, 8), (60.0, 0)] {
            assert_eq!(waiting_at(&before, seconds), wanted, "at T+{seconds}");
        }
        let (told, _) = fixtures::session_at(Variant::Before, 5.0);
        assert_eq!(waiting_at(&told, 5.0), 8, "nobody has answered by now");
    }

    #[test]
    fn beside_a_verdict_stands_what_the_run_before_had_come_to() {
        let (before, _) = recorded_whole("before-kill");
        let (session, now) = recorded_until("after-kill", 21.3);
        let told = verdict(&session, now).with_earlier_run(&session, &before, now).details.unwrap();
        assert_eq!(told, "7 users waited up to 2.0 s, nobody got an error. The run before: 33 errors.");
        let (early, at) = recorded_until("after-kill", 5.0);
        let told = verdict(&early, at).with_earlier_run(&early, &before, at).details.unwrap();
        assert_eq!(told, "7 of 20 users had to wait up to 2.0 s for it. The run before: 16 still waiting.");
        // Runs that are not comparable add nothing: another rate, another verdict word, no fault.
        let mut other = before.clone();
        other.users.endpoints[0].rate = 10.0;
        let plain = verdict(&session, now);
        assert_eq!(plain.clone().with_earlier_run(&session, &other, now), plain);
        let (steady, at) = recorded_until("after-kill", -1.0);
        let plain = verdict(&steady, at);
        assert_eq!(plain.clone().with_earlier_run(&steady, &before, at), plain);
    }

    #[test]
    fn what_makes_the_run_before_unfair_is_told() {
        let (earlier, _) = fixtures::finished(Variant::Before);
        let (now, _) = fixtures::after_open();
        assert_eq!(differences(&now, &earlier), Vec::<String>::new());
        let mut other = earlier.clone();
        other.users.endpoints[0].rate = 4.0;
        other.users.endpoints[0].limit_ms = 500;
        other.fault.as_mut().unwrap().fires[0].what = "paused it".to_owned();
        let said = differences(&now, &other).join("\n");
        for wanted in [
            "asked 4 times a second, this one asks 2",
            "before was 500 ms, this one's is 1 s",
            "another fault: paused it",
        ] {
            assert!(said.contains(wanted), "{wanted} in {said}");
        }
    }

    #[test]
    fn before_the_fire_the_awaited_step_is_compared() {
        let (mut earlier, _) = fixtures::finished(Variant::Before);
        let (steady, _) = fixtures::steady();
        let row = steady.steps.current().unwrap();
        let same = format!("{}: {}", row.step.name, row.step.label);
        earlier.fault.as_mut().unwrap().fires[0].what = same;
        assert_eq!(differences(&steady, &earlier), Vec::<String>::new());
        let step = row.step.at;
        let (mut other, now) = fixtures::ready();
        other.apply(&Event { seq: 0, at: now, what: EventKind::StepAwaited { step, destructive: true } });
        earlier.fault.as_mut().unwrap().fires[0].what = "scale: k8s scale_deployment".to_owned();
        assert_eq!(differences(&other, &earlier).len(), 1);
        assert!(at(0.0) > now);
    }
}

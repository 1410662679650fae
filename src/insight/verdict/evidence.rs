//! The evidence behind the verdict about users.

use super::{
    UserWord,
    users::{EndpointAt, RecentUsers, bad_seconds_and_usual},
};
use crate::session::{
    clock::shifted,
    event::Timestamp,
    state::{CallRate, Endpoint, LearnedAnswer, Outcome, Session},
    wording,
};

/// Seconds within which a recovery is noticed: one noticed so soon after a gap may have happened during the gap.
const NOTICED_S: f64 = 2.0;

impl EndpointAt<'_> {
    pub(super) fn why(&self, word: UserWord, lately: &RecentUsers, bad: Option<(u32, u32)>) -> Vec<String> {
        let endpoint = self.endpoint;
        let limit = wording::wait(endpoint.limit_ms as f64);
        let mut why = vec![format!(
            "{}{}: {} requests a second, timed from when each was due; as seen by our probe, not by the real users",
            endpoint.url,
            endpoint.via.as_ref().map(|via| format!(" ({via})")).unwrap_or_default(),
            endpoint.rate
        )];
        let (came, served) = (&lately.came, &lately.served);
        why.push(format!(
            "lately came {} answers: {} real, {} fallback, {} failed",
            came.answers, came.real, came.fallback, came.errors
        ));
        why.push(format!(
            "of the requests due lately {} were answered in time{}, {} were late",
            lately.in_time,
            served.median_ms.map(|ms| format!(" (median {})", wording::wait(ms))).unwrap_or_default(),
            lately.late
        ));
        let over = endpoint.waiting_over(self.now, endpoint.limit_ms as f64).count();
        why.push(format!(
            "{} in flight, {over} of them for longer than the limit of {limit}",
            wording::count(endpoint.in_flight.len() as u64, "request")
        ));
        if let Some(fallback) = endpoint
            .answer_groups
            .iter()
            .filter(|look| look.outcome == Outcome::Fallback)
            .max_by_key(|look| look.count)
        {
            let text = fallback.excerpt.as_deref().unwrap_or("(no text)");
            let status = fallback.status.map(|status| status.to_string()).unwrap_or_default();
            why.push(format!("fallback seen {} times: {status} {text}", fallback.count));
        }
        why.push(match &endpoint.shape {
            Some(shape) => {
                format!("a real answer is: {} (learned from {})", shape.description, shape.answers)
            }
            None if self.session.fault.is_some() => {
                "it was fired before it was learned what a real answer looks like: a success is an answer, not a real one"
                    .to_owned()
            }
            None => "what a real answer looks like is not learned yet: a success is an answer, not a real one".to_owned(),
        });
        match &endpoint.shape {
            Some(LearnedAnswer { unseen: Some(unseen), .. }) => why.push(unseen.clone()),
            Some(shape) if shape.description.starts_with("JSON object") => {
                why.push(
                    "keys are compared, not values: a fallback with the same keys counts as real".to_owned(),
                );
            }
            _ => {}
        }
        if endpoint.endless {
            why.push("answers begin and go on for seconds: we hang up once they have begun".to_owned());
        }
        why.extend(self.usual_words());
        why.extend(self.share_words());
        why.extend(self.gap_words());
        if let Some((bad, budget)) = bad {
            let accepted = wording::wait(endpoint.accepted_ms());
            why.push(format!(
                "{bad} bad seconds since T0 of {budget} allowed: those with an error, an answer over {accepted}, or a user still waiting that long"
            ));
            let (all, usual) = bad_seconds_and_usual(self.session, endpoint, self.now);
            if usual > 0 {
                why.push(format!(
                    "{usual} more of the {all} bad seconds are as before T0, and are not counted"
                ));
            }
        }
        if let Some(belief) = &self.session.breaker.belief {
            why.push(format!("breaker: {}", belief.because));
        }
        if word == UserWord::Ok && self.session.fault.as_ref().is_some_and(|fault| fault.is_on()) {
            why.push("the fault is on and users do not notice".to_owned());
        }
        why
    }
    /// What was already the case before the fault.
    fn usual_words(&self) -> Option<String> {
        let usual = self.endpoint.baseline_at_t0.as_ref()?;
        let tally = &usual.tally;
        let slow = usual.is_slow(self.endpoint.limit_ms);
        (tally.error > 0 || tally.fallback > 0 || slow).then(|| {
            format!(
                "before T0: {} answers, {} failed, {} fallbacks, median {}; only what is more than that is blamed on the fault",
                tally.answered(),
                tally.error,
                tally.fallback,
                wording::wait(tally.all.p50.unwrap_or(0.0))
            )
        })
    }

    /// The share of our requests in all calls.
    fn share_words(&self) -> Option<String> {
        let (ours, all) = call_share(self.session, self.endpoint, self.now)?;
        let what = if all.of_path { "of its path" } else { "of all its paths" };
        Some(format!(
            "our probe is {ours:.0} of {:.0} calls a second {what}, says {}",
            all.per_second, all.series
        ))
    }

    /// Observation gaps.
    fn gap_words(&self) -> Option<String> {
        let gaps = &self.session.gaps;
        let last = gaps.last()?;
        if gaps.iter().len() == 1 {
            return Some(wording::gap(last));
        }
        let whole: f64 = gaps.iter().map(crate::session::event::Gap::seconds).sum();
        let (whole, count) = (wording::seconds(whole), gaps.iter().len());
        Some(format!("not observed: {whole} in {count} gaps; the last one was {}", wording::gap(last)))
    }
}

/// Returns the latest time up to `until` at which what the fault took away came back: it may have gone away again.
pub fn provider_back_at(session: &Session, until: Timestamp) -> Option<Timestamp> {
    let healed = session.fault.as_ref().filter(|fault| !fault.is_on())?.healed?;
    let (mut back, mut away) = (healed, false);
    for row in session.provider_readiness().iter().filter(|row| row.from > healed && row.from <= until) {
        match row.ready {
            0 => away = true,
            _ if std::mem::take(&mut away) => back = row.from,
            _ => {}
        }
    }
    Some(back)
}

/// Returns the seconds from the system's recovery to that of the users of an endpoint, and whether this is an upper
/// bound, since one of the two recoveries may have happened during an observation gap.
pub fn recovery_lag(session: &Session, endpoint: &Endpoint) -> Option<(f64, bool)> {
    let recovered = endpoint.recovered?;
    let healed = provider_back_at(session, recovered)?;
    let seconds = |from: Timestamp| recovered.duration_since(from).as_secs_f64().max(0.0);
    let about = shifted(healed, -NOTICED_S);
    let unseen = session.gaps.iter().rev().find(|gap| gap.to > about && gap.from < recovered);
    Some(unseen.map_or((seconds(healed), false), |gap| (seconds(healed.min(gap.from)), true)))
}

/// Returns our requests a second and those of all clients, if a page of the service counts them; `None` if the page
/// counts fewer than ours.
pub fn call_share<'a>(
    session: &'a Session,
    endpoint: &Endpoint,
    now: Timestamp,
) -> Option<(f64, CallRate<'a>)> {
    let all = session.users.calls.rate(endpoint.id, now)?;
    // The page may count its own requests too, so more than ours is plausible; a count below ours measures something
    // else.
    (endpoint.watched && all.per_second >= endpoint.rate * 0.9).then_some((endpoint.rate, all))
}

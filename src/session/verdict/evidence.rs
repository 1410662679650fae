//! The evidence behind the verdict about users.

use super::{
    Word,
    users::{Lately, View},
};
use crate::session::{
    state::{Outcome, Shape},
    wording,
};

impl View<'_> {
    pub(super) fn why(&self, word: Word, lately: &Lately, bad: Option<(u32, u32)>) -> Vec<String> {
        let endpoint = self.endpoint;
        let limit = wording::wait(endpoint.limit_ms as f64);
        let mut why = vec![format!(
            "{}: {} requests a second, timed from when each was due; as seen by our probe, not by the real crowd",
            endpoint.url, endpoint.rate
        )];
        let (came, served) = (&lately.came, &lately.served);
        why.push(format!(
            "lately came {} answers: {} real, {} fallback, {} errors",
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
            .looks
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
            None => {
                "what a real answer looks like was not learned yet: every success counts as real".to_owned()
            }
        });
        match &endpoint.shape {
            Some(Shape { unseen: Some(unseen), .. }) => why.push(unseen.clone()),
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
        if let Some((bad, budget)) = bad {
            why.push(format!(
                "{bad} of {budget} seconds since T0 were bad: an error, an answer over {limit}, or a user still waiting that long"
            ));
        }
        if let Some(belief) = &self.session.breaker.belief {
            why.push(format!("breaker: {}", belief.because));
        }
        if word == Word::Ok && self.session.fault.as_ref().is_some_and(|fault| fault.is_on()) {
            why.push("the fault is on and users do not notice".to_owned());
        }
        why
    }
}

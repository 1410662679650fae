//! The guards in a line: what would end the run by itself.

use super::Scene;
use crate::session::event::{Guard, Guards};

/// `users bad > 60 s of the 120 s budget | consumer restarts | API silent > 10 s`; `None` when all are off.
pub(super) fn limits(scene: &Scene, roomy: bool) -> Option<String> {
    let limits = scene.session.guards.limits;
    let budget = scene.session.users.budget_s;
    let words = |guard| word(&limits, guard, roomy.then_some(budget));
    let words: Vec<String> = Guard::ALL.into_iter().filter_map(words).collect();
    (!words.is_empty()).then(|| words.join(" | "))
}

fn word(limits: &Guards, guard: Guard, budget: Option<u32>) -> Option<String> {
    let limit = limits.limit(guard)?;
    let more = if budget.is_some() { "> " } else { ">" };
    Some(match (guard, budget) {
        (Guard::Users, Some(budget)) if limit < budget => {
            format!("users bad {more}{limit} s of the {budget} s budget")
        }
        (Guard::Users, _) => format!("users bad {more}{limit} s"),
        (Guard::Restarts, _) if limit == 1 => "consumer restarts".to_owned(),
        (Guard::Restarts, _) => format!("consumer restarts {limit} times"),
        (Guard::Silence, _) => format!("API silent {more}{limit} s"),
    })
}

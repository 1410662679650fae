//! Known counters, interpreted by their growth.

mod dapr;
mod microprofile;
mod moves;
mod opossum;
mod polly;

use super::{
    super::{super::state_words, Families},
    ground,
    tally::{PageMemories, PageMemory, Tallies, Tally},
};
use crate::session::event::{
    BreakerState::{self, HalfOpen, Open},
    NamedBreaker, SourceClaim,
};

/// The maximum number of processes of one address that are distinguished.
const PROCESSES: usize = 16;

/// Reads libraries that show their state by counters only.
#[derive(Default)]
pub(super) struct Counted {
    memories: PageMemories,
    /// The processes whose page was read, the latest first.
    read: Vec<Option<String>>,
}

/// The claim that follows from the counts of one breaker.
struct CountedState {
    says: SourceClaim,
    why: &'static str,
    rejected: Option<f64>,
}

fn verdict(says: SourceClaim, why: &'static str) -> CountedState {
    CountedState { says, why, rejected: None }
}

/// Removes a library's counters from a page; returns the metric and the counts of each breaker.
type Count = fn(&mut Families) -> (String, Tallies);
/// Derives the state from the counts of one breaker.
type StateFromCounts = fn(&mut PageMemory, &Tally, bool) -> CountedState;

impl Counted {
    /// Removes the known counters from the page and reads them.
    pub(super) fn read(&mut self, families: &mut Families, page: Option<&str>) -> Vec<NamedBreaker> {
        let readers: [(&'static str, Count, StateFromCounts); 7] = [
            ("circuit", opossum::opossum_counts, opossum::opossum),
            ("resilience_polly_strategy_events", polly::polly_counts, polly::polly),
            ("ft_circuitbreaker_state_total", microprofile::time_counts, microprofile::time_in_state),
            ("ft_circuitbreaker_opened_total", microprofile::helidon_counts, microprofile::helidon),
            ("dapr_resiliency_activations_total", dapr::dapr_counts, dapr::dapr),
            ("transitions_total", moves::move_counts, moves::moved),
            ("responses_total", moves::fuse_counts, moves::fuse),
        ];
        // A counter that is new on a page that was read before was zero until now.
        let read_before = self.read.iter().any(|known| known.as_deref() == page);
        if !read_before {
            self.read.truncate(PROCESSES - 1);
            self.read.insert(0, page.map(str::to_owned));
        }
        let mut found = Vec::new();
        for (library, counts, judge) in readers {
            let (metric, tallies) = counts(families);
            for ((name, process), tally) in tallies.0 {
                let key = (page.map(str::to_owned), library, name.clone(), process.clone());
                let memory = self.memories.of(key);
                if read_before {
                    memory.begin_at_nothing();
                }
                let goes_on = memory.continues(&tally);
                let CountedState { says, why, rejected } = judge(memory, &tally, goes_on);
                let jumps = (SourceClaim::Nothing, "its counts jump: several processes");
                let (says, why) = if memory.jumps() { jumps } else { (says, why) };
                match says {
                    SourceClaim::State(state) => memory.state = Some(state),
                    SourceClaim::Not(_) => memory.state = None,
                    SourceClaim::Nothing => {}
                }
                let trials = trials(&tally);
                memory.keep(tally);
                let ground = ground(&metric, &name, process.as_deref(), &meaning(says, why));
                found.push(NamedBreaker {
                    derived: true,
                    process,
                    trials,
                    rejected: rejected.map(|count| count.max(0.0) as u64),
                    ..NamedBreaker::new(name, says, ground)
                });
            }
        }
        found
    }
}

/// How often half-open was entered, if that is counted: it shows trials too short to be seen.
fn trials(tally: &Tally) -> Option<u64> {
    let counts = |word: &&String| {
        matches!(word.as_str(), "halfOpen" | "OnCircuitHalfOpened")
            || word.split_once('>').and_then(|(_, to)| state_words::state(to)) == Some(Some(HalfOpen))
    };
    // MicroProfile has the same words, but for times.
    if tally.contains_key("closed") {
        return None;
    }
    let counted: Vec<f64> = tally.keys().filter(counts).filter_map(|word| tally.get(word)).copied().collect();
    (!counted.is_empty()).then(|| counted.iter().sum::<f64>().max(0.0) as u64)
}

fn meaning(says: SourceClaim, why: &str) -> String {
    match says {
        SourceClaim::State(state) => format!("{} ({why})", state_words::word(state)),
        SourceClaim::Not(state) => format!("not {} ({why})", state_words::word(state)),
        SourceClaim::Nothing => format!("no state yet ({why})"),
    }
}

fn whole(growth: f64) -> u64 {
    growth.max(0.0).round() as u64
}

/// The word of a state in a tally.
fn key(state: BreakerState) -> &'static str {
    match state {
        Open => "open",
        HalfOpen => "halfOpen",
        _ => "closed",
    }
}

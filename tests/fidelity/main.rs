//! Fidelity tests: Chaos Toolkit and chaos-tui each run a corpus of small experiments, and their outcomes are compared:
//! exit code, journal and console lines. `corpus/README.md` describes the format of a case.
//!
//! `FIDELITY=text` runs only the cases whose name or file contains the text, and prints the outcomes of each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod case;
mod comparison;
mod corpus;
mod normal;
mod player;
mod reference;
mod server;

use case::Case;
use comparison::compare;
use player::{Both, Player};
use std::{
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The number of cases run concurrently; some cases only wait.
const PLAYERS: usize = 4;
/// The maximum number of runs of a concurrent case until both outcomes agree.
const ATTEMPTS: usize = 3;

#[test]
fn the_reference_and_we_do_the_same() {
    let cases = corpus::read();
    let wanted = std::env::var("FIDELITY").ok();
    let of_interest = |case: &&Case| wanted.as_deref().is_none_or(|text| case.is_called(text));
    let chosen: Vec<&Case> = cases.iter().filter(of_interest).collect();
    assert!(!chosen.is_empty(), "no case is called {wanted:?}");
    let (Some(chaos), Some(python)) = (std::env::var_os("CHAOS_BIN"), std::env::var_os("CHAOS_PYTHON"))
    else {
        eprintln!(
            "skipped: nothing was compared. Set CHAOS_BIN to Chaos Toolkit's `chaos` and CHAOS_PYTHON to its `python3` \
             (pip install 'chaostoolkit==1.19.0' 'chaostoolkit-lib[jsonpath,vault]==1.44.0') to play {} cases with both",
            chosen.len()
        );
        return;
    };
    let (chaos, python) = (PathBuf::from(chaos), PathBuf::from(python));
    let server = server::Server::start();
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..PLAYERS.min(chosen.len()) {
            scope.spawn(|| {
                let mut player = Player::new(&chaos, &python, server.address());
                while let Some(case) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut seen = player.play(case);
                    let mut complaint = compare(case, &seen);
                    // The order of concurrent activities is not deterministic in either program.
                    let attempts = if case.is_concurrent() { ATTEMPTS } else { 1 };
                    for _ in 1..attempts {
                        if complaint.is_some() {
                            seen = player.play(case);
                            complaint = compare(case, &seen);
                        }
                    }
                    if wanted.is_some() {
                        let Both { theirs, ours } = &seen;
                        eprintln!(
                            "== {}\n{:#}\n{}\n-- ours\n{:#}\n{}",
                            case.name, theirs.what, theirs.console, ours.what, ours.console
                        );
                    }
                    complaints.lock().unwrap().extend(complaint);
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().unwrap();
    complaints.sort();
    let (failed, played) = (complaints.len(), chosen.len());
    assert!(complaints.is_empty(), "\n{}\n{failed} of {played} cases differ", complaints.join("\n"));
    eprintln!("{played} cases, played by both: no difference but those of docs/differences.md");
}

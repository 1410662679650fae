//! What to try once the lessons have been seen.

/// Commands for one's own cluster, each with what it does.
pub(super) const NEXT: &[(&str, &str)] = &[
    ("chaos-tui validate experiment.json", "every error at once"),
    ("kubectl config get-contexts", "the clusters there are"),
    ("chaos-tui experiment.json --read-only", "look only; nothing can be fired"),
    ("chaos-tui experiment.json", "step by step, where kubectl is"),
    ("chaos-tui experiment.json --context NAME", "in another cluster"),
    ("chaos-tui --sandbox=after experiment.json", "in the sandbox first"),
    ("chaos-tui run experiment.json", "without a screen, as chaos run"),
];

/// The same for the terminal, with where an experiment to start from is.
pub(super) fn lines(experiment: &str) -> String {
    let mut lines = String::from("what to try next, on your own cluster:\n");
    for (command, what) in NEXT {
        lines += &format!("  {command:<42} {what}\n");
    }
    lines + &format!("an experiment to start from: {experiment}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_try_fits_80_columns() {
        for (command, what) in NEXT {
            assert!(command.len() <= 41 && what.len() <= 34, "{command} {what}");
        }
        let lines = lines("/tmp/kill-pod.json");
        assert!(lines.lines().count() == NEXT.len() + 2 && lines.ends_with("kill-pod.json\n"), "{lines}");
    }
}

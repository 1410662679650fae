//! Logs of pods: of the victim before and after it is gone, and of the others.

use super::terminal::Terminal;
use std::path::Path;

#[test]
fn the_victims_log_is_kept_when_it_is_gone_and_every_pod_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/kill-pod.json");
    let arguments = ["--sandbox=after", experiment.to_str().unwrap()];
    let mut terminal = Terminal::start(120, 36, folder.path(), &arguments);
    terminal.wait_for("1/1 Running");
    terminal.press("o");
    terminal.wait_for("(learned)");
    terminal.press(" ");
    terminal.wait_for("[v] all-services-are-healthy");
    terminal.press(" ");
    terminal.wait_for("TARGET");
    terminal.press("F");
    terminal.wait_for("FAULT ON");
    terminal.wait_for("gone");
    // Nobody asked for it before: the victim is followed from the moment its card is shown.
    terminal.press("l");
    terminal.wait_for("LOG  my-provider-app-");
    terminal.wait_for("its last lines");
    terminal.wait_for("/invoke 200 real");
    // The pod in its place is another one, with a log of its own; the consumer's may come before it.
    terminal.press("\t");
    terminal.wait_gone("gone since");
    if terminal.contents().contains("LOG  my-consumer-app-") {
        terminal.press("\t");
    }
    terminal.wait_for("LOG  my-provider-app-");
    terminal.wait_for("followed as it is written");
    terminal.press("L");
    terminal.wait_for("chaostoolkit");
    // Alone, or it would be ALT with the next key.
    terminal.press("\x1b");
    terminal.wait_for("1 EXPERIMENT");
    terminal.press("qy");
    terminal.ended();
    assert!(terminal.is_restored());
}

//! Logs of pods: of the victim before and after it is gone, and of the others.

use super::{fire_the_kill, in_sandbox};

#[test]
fn the_victims_log_is_kept_when_it_is_gone_and_every_pod_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = in_sandbox(folder.path(), &[]);
    terminal.wait_for(" 1/1 ");
    terminal.press("o");
    terminal.wait_for("■ real");
    fire_the_kill(&mut terminal);
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

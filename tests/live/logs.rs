//! Logs of pods: of the killed pod before and after its deletion, and of the other pods.

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
    // The log view is opened only now, but the victim's log is followed from the moment its target card is shown.
    terminal.press("l");
    terminal.wait_for("LOG  my-provider-app-");
    terminal.wait_for("its last lines");
    terminal.wait_for("/invoke 200 real");
    // The replacement pod has its own log. The consumer's log may be listed before it.
    terminal.press("\t");
    terminal.wait_gone("gone since");
    if terminal.contents().contains("LOG  my-consumer-app-") {
        terminal.press("\t");
    }
    terminal.wait_for("LOG  my-provider-app-");
    terminal.wait_for("followed as it is written");
    terminal.press("L");
    terminal.wait_for("chaostoolkit");
    // Escape is sent on its own; together with the next key it would be read as ALT plus that key.
    terminal.press("\x1b");
    terminal.wait_for("1 EXPERIMENT");
    terminal.press("qy");
    terminal.ended();
    assert!(terminal.is_restored());
}

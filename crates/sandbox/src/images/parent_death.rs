//! Ending with the sandbox where the system cannot see to it.
//!
//! On Linux the kernel kills a pod's process when the sandbox dies. Elsewhere the process does it itself: the sandbox
//! holds the other end of its standard input, which closes when the sandbox is gone, whatever became of it.

use std::io::Read;

/// Set by the sandbox. Without it standard input means nothing: in a container image it is `/dev/null`.
const VARIABLE: &str = "CHAOS_TUI_ENDS_WITH_STDIN";

/// Ends this process when its standard input closes, if the sandbox asked for that.
pub(super) fn die_with_parent() -> std::io::Result<()> {
    if std::env::var_os(VARIABLE).is_none() {
        return Ok(());
    }
    std::thread::Builder::new().name("lifeline".to_owned()).spawn(|| {
        let mut rest = [0; 64];
        while matches!(std::io::stdin().read(&mut rest), Ok(1..)) {}
        std::process::exit(0);
    })?;
    Ok(())
}

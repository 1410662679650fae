//! Ends this process with the sandbox on systems where the kernel does not do that.
//!
//! On Linux the kernel kills a pod's process when the sandbox dies. Elsewhere the process monitors its standard input:
//! the sandbox holds the other end, which closes when the sandbox ends for any reason.

use std::io::Read;

/// Set by the sandbox. Without this variable standard input is ignored: in a container image it is `/dev/null`.
pub(crate) const VARIABLE: &str = "CHAOS_TUI_ENDS_WITH_STDIN";

/// Ends this process when its standard input closes, if the sandbox set the variable.
pub(crate) fn exit_with_parent() -> std::io::Result<()> {
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

//! The offer of the sandbox where no cluster is to be found, before the screen.

use crate::tui::{Keys, Msg};
use crossterm::{
    event::{KeyCode, KeyEventKind, KeyModifiers},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use std::io::{self, Write};

/// What the operator chose where no cluster is to be found.
pub(super) enum Offer {
    /// The sandbox with this variant.
    Variant(&'static str),
    /// Go on without.
    GoOn,
    /// Not now.
    Leave,
}

/// Offers the sandbox with one key.
///
/// Whoever stops waiting for the key gets the terminal back as it was.
pub(super) async fn ask() -> Offer {
    let question = "No Kubernetes cluster is configured (no kubeconfig, not inside a cluster).\r\n\
         Press  b  for the embedded sandbox with the `before` consumer,\r\n\
         \x20      a  for the sandbox with the `after` consumer,\r\n\
         \x20      ENTER  to go on without a cluster, any other key to leave. ";
    let raw = RawKeys::taken();
    let _ = write!(io::stderr(), "{question}");
    let key = next_key().await;
    drop(raw);
    match key {
        Some(KeyCode::Char('b' | 'B')) => Offer::Variant("before"),
        Some(KeyCode::Char('a' | 'A')) => Offer::Variant("after"),
        Some(KeyCode::Enter) => Offer::GoOn,
        _ => Offer::Leave,
    }
}

/// Keys as they are pressed, until it is dropped.
struct RawKeys;

impl RawKeys {
    fn taken() -> Self {
        // Where it is refused, a key counts once ENTER follows.
        let _ = enable_raw_mode();
        Self
    }
}

impl Drop for RawKeys {
    fn drop(&mut self) {
        // What was not enabled needs no disabling, and a terminal that is gone takes no line.
        let _ = disable_raw_mode();
        let _ = writeln!(io::stderr());
    }
}

/// The next key; `None` when no more will come.
async fn next_key() -> Option<KeyCode> {
    let mut keys = Keys::listen().ok()?;
    loop {
        match keys.next().await {
            Msg::Key(key) if key.kind == KeyEventKind::Press => {
                // In raw keys no signal is made of it.
                let interrupts =
                    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                return (!interrupts).then_some(key.code);
            }
            Msg::Closed => return None,
            _ => {}
        }
    }
}

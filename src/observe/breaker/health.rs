//! The witness "health": a page that fails while the breaker is open. It is one-sided: 200 says "not open", never
//! "closed", and half-open reads as 200.

use crate::session::event::{BreakerState, Says};

/// What an answer of the health page says, and the ground for it.
pub(super) fn says(status: u16) -> (Says, String) {
    match status {
        503 => (Says::State(BreakerState::Open), "503 Unavailable".to_owned()),
        200..300 => (Says::Not(BreakerState::Open), status.to_string()),
        // A page that is not there, is forbidden or is itself broken tells nothing about a breaker.
        status => (Says::Nothing, status.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_says_closed() {
        let cases = [
            (503, Says::State(BreakerState::Open)),
            (200, Says::Not(BreakerState::Open)),
            (204, Says::Not(BreakerState::Open)),
            (404, Says::Nothing),
            (500, Says::Nothing),
            (302, Says::Nothing),
        ];
        for (status, expected) in cases {
            assert_eq!(says(status).0, expected, "{status}");
        }
    }
}

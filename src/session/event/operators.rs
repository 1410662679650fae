//! Event types about other operators at the same target.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// The maximum number of characters of a name that another program wrote.
const NAME: usize = 64;

/// Another session that has a fault on at the same target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherOperator {
    /// User and host: `ana@laptop`.
    pub who: String,
    /// The id of the session, if it is known.
    pub session: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl OtherOperator {
    /// Parses the holder of a Lease, `ana@laptop, session 3f2a`; one that another program wrote is a name as a whole.
    pub fn of_holder(holder: &str, since: Option<Timestamp>) -> Self {
        let clean = |text: &str| -> String {
            text.chars()
                .filter(|c| c.is_ascii_graphic() || *c == ' ' || c.is_alphanumeric())
                .take(NAME)
                .collect()
        };
        match holder.rsplit_once(", session ") {
            Some((who, session)) => Self { who: clean(who), session: Some(clean(session)), since },
            None => Self { who: clean(holder), session: None, since },
        }
    }

    /// Writes the holder of a Lease.
    pub fn holder(who: &str, session: &str) -> String {
        format!("{who}, session {session}")
    }
}

#[cfg(test)]
mod tests {
    use super::OtherOperator;

    #[test]
    fn a_holder_is_read_as_it_was_written_and_shows_nothing_else() {
        let ours = OtherOperator::of_holder(&OtherOperator::holder("ana@laptop", "3f2a"), None);
        assert_eq!((ours.who.as_str(), ours.session.as_deref()), ("ana@laptop", Some("3f2a")));
        let other = OtherOperator::of_holder("\u{1b}[31mcontroller\u{202e}_1\u{9b}", None);
        assert_eq!((other.who.as_str(), other.session), ("[31mcontroller_1", None));
        assert_eq!(OtherOperator::of_holder(&"x".repeat(1000), None).who.len(), 64);
    }
}

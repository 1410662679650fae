//! Quantifiers.

use super::{LastWritten, Translator};
use crate::regex::width::Width;

/// The bounds of a quantifier.
pub(super) struct Counts {
    pub least: u32,
    /// `None` means unlimited.
    pub most: Option<u32>,
    /// The quantifier in the engine's dialect.
    pub written: String,
}

impl Translator<'_> {
    pub(super) fn quantifier(&mut self, last: LastWritten, counts: Counts) -> Result<LastWritten, String> {
        let width = match last {
            LastWritten::Nothing | LastWritten::Anchor => return Err("nothing to repeat".to_owned()),
            LastWritten::Repeated(_) => return Err("multiple repeat".to_owned()),
            LastWritten::LookAround(start) => {
                // The engine cannot repeat a look-around. Matching it once is equivalent to repeating it; with a
                // minimum of zero it is optional.
                if counts.least == 0 {
                    self.out.insert_str(start, "(?:");
                    self.out.push_str("|)");
                }
                self.rest.next_if(|c| matches!(c, '?' | '+'));
                return Ok(LastWritten::Repeated(Width::NONE));
            }
            LastWritten::Item(width) => width,
        };
        self.out.push_str(&counts.written);
        // Lazy and possessive quantifiers.
        if let Some(manner) = self.rest.next_if(|c| matches!(c, '?' | '+')) {
            self.out.push(manner);
        }
        Ok(LastWritten::Repeated(width.times(counts.least, counts.most)))
    }

    /// Parses `{n}`, `{n,}`, `{,m}` or `{n,m}` after its opening brace; other text is literal.
    pub(super) fn counted(&mut self) -> Option<Result<Counts, String>> {
        let ahead: String =
            self.rest.clone().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '}')).collect();
        let (counts, _) = ahead.split_once('}')?;
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        if counts.is_empty() || most.contains(',') {
            return None;
        }
        self.rest.nth(counts.len());
        let number =
            |digits: &str| digits.parse::<u32>().map_err(|_| "the repetition number is too large".to_owned());
        Some((|| {
            let low = if least.is_empty() { 0 } else { number(least)? };
            if most.is_empty() {
                return Ok(Counts { least: low, most: None, written: format!("{{{low},}}") });
            }
            let high = number(most)?;
            if high < low {
                return Err("min repeat greater than max repeat".to_owned());
            }
            Ok(Counts { least: low, most: Some(high), written: format!("{{{low},{high}}}") })
        })())
    }
}

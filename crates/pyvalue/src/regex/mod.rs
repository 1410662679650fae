//! Python's regular expressions in the dialect of our engine.
//!
//! A pattern is read once, refused where Python refuses it, and written again with the same meaning.

mod class;
mod escape;
mod translate;
mod width;

pub use fancy_regex::Regex;

/// Steps of backtracking after which a search gives up: far more than an honest pattern needs.
const BACKTRACK_LIMIT: usize = 2_000_000;

/// Compiles a Python pattern; the error says what Python does not accept.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = translate::translate(pattern)?;
    let built = fancy_regex::RegexBuilder::new(&translated).backtrack_limit(BACKTRACK_LIMIT).build();
    built.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;

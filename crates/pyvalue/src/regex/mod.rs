//! Python's regular expressions, translated to the dialect of the `fancy_regex` engine.
//!
//! A pattern is parsed once, refused where Python refuses it, and otherwise translated to an equivalent pattern.

mod class;
mod escape;
mod translate;
mod width;

pub use fancy_regex::Regex;

/// The maximum number of backtracking steps of a search, far more than a reasonable pattern needs.
const BACKTRACK_LIMIT: usize = 2_000_000;

/// Compiles a Python pattern. Returns an error with a message when Python does not accept it.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = translate::translate(pattern)?;
    let built = fancy_regex::RegexBuilder::new(&translated).backtrack_limit(BACKTRACK_LIMIT).build();
    built.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;

//! Python's regular expressions in the dialect of our engine (experiment-format 6.4).

/// Compiles a Python pattern.
pub(crate) fn compile(pattern: &str) -> Result<fancy_regex::Regex, String> {
    fancy_regex::Regex::new(pattern).map_err(|error| error.to_string())
}

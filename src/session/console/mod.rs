//! The console: the lines that `chaos run` prints, derived from the events alone (experiment-format 12.7).

mod format;
mod lines;

pub(crate) use format::{ConsoleLine, Layout};
pub(crate) use lines::{lines, output_warning};

#[cfg(test)]
mod tests;

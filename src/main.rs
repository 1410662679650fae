//! The binary: hooks for panics and errors, then the command line.

fn main() {}

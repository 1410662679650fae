//! What is said of a session afterwards: comparison of two runs.

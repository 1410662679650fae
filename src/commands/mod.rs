//! One file a command; they wire the rooms together.

//! Arguments, and which command they mean.

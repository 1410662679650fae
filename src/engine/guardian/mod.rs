//! The guardian: a small process of the same program that undoes the fault when the session does not.
//!
//! Before the first fire the session starts it and hands over, through a pipe, what a recovery needs. From then on the
//! session renews a lease by a few bytes on that pipe. When the pipe ends without a word that all is done, or the lease is
//! not renewed in time, the guardian takes the lease, for good, and recovers. The session looks whether it was taken at each
//! renewal and before each fire; then it fires nothing more and leaves the recovery to the guardian.

mod lease;
mod pipe;
mod process;
mod taken;
mod watched;

pub(crate) use pipe::Setup;
pub(crate) use process::{GUARDIAN, Report, guard, stand_alone};
pub(crate) use taken::is_taken;
pub(crate) use watched::{Guardian, News, NewsReader};

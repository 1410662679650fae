//! The commands, one module each; they connect the other modules of the crate.

mod arguments;
pub(crate) mod compare;
pub(crate) mod config;
mod connect;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod errors;
mod fail_on;
pub(crate) mod guardian;
pub(crate) mod image;
pub(crate) mod info;
pub(crate) mod invocation;
mod limits;
pub(crate) mod live;
pub(crate) mod output;
pub(crate) mod prepare;
pub(crate) mod rbac;
pub(crate) mod record;
pub(crate) mod recorded;
pub(crate) mod recover;
pub(crate) mod reference;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sandbox;
mod sandbox_child;
mod series;
pub(crate) mod start;
pub(crate) mod validate;

use arguments::SAFETY;
pub(crate) use arguments::{GlobalArgs, LogFormat, RunArgs, VariableArgs};
pub(crate) use connect::{ConnectionArgs, Connections, NativeFunctions};
pub(crate) use sandbox_child::SandboxChild;

//! A host that records its calls, for tests.

use super::{ControlCall, ControlHost, ControlReply};
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Mutex;

type Script = dyn Fn(&ControlCall<'_>) -> ControlReply + Send + Sync;

/// Records `module.function`, then returns what its script returns.
pub(crate) struct FakeHost {
    calls: Mutex<Vec<String>>,
    script: Box<Script>,
    /// The function that never returns, not even when it is cancelled.
    stuck: Option<&'static str>,
}

impl FakeHost {
    pub(crate) fn new(script: impl Fn(&ControlCall<'_>) -> ControlReply + Send + Sync + 'static) -> Self {
        Self { calls: Mutex::default(), script: Box::new(script), stuck: None }
    }

    pub(crate) fn stuck_in(function: &'static str) -> Self {
        Self { stuck: Some(function), ..Self::new(|_| ControlReply::default()) }
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

impl ControlHost for FakeHost {
    fn call<'a>(&'a self, call: ControlCall<'a>) -> BoxFuture<'a, ControlReply> {
        self.calls.lock().unwrap().push(format!("{}.{}", call.module, call.function));
        if self.stuck == Some(call.function) {
            return std::future::pending().boxed();
        }
        let reply = (self.script)(&call);
        async move { reply }.boxed()
    }
}

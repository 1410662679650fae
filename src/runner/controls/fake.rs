//! A host that records its calls, for tests.

use super::{ControlCall, ControlHost, ControlReply};
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Mutex;

type Script = dyn Fn(&ControlCall<'_>) -> ControlReply + Send + Sync;

/// Records `module.function`, then does what its script says.
pub(crate) struct FakeHost {
    calls: Mutex<Vec<String>>,
    script: Box<Script>,
}

impl FakeHost {
    pub fn new(script: impl Fn(&ControlCall<'_>) -> ControlReply + Send + Sync + 'static) -> Self {
        Self { calls: Mutex::default(), script: Box::new(script) }
    }

    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

impl ControlHost for FakeHost {
    fn call<'a>(&'a self, call: ControlCall<'a>) -> BoxFuture<'a, ControlReply> {
        self.calls.lock().unwrap().push(format!("{}.{}", call.module, call.function));
        let reply = (self.script)(&call);
        async move { reply }.boxed()
    }
}

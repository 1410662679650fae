//! Calls the functions of notification plugins (experiment-format 12.6).

use super::{PythonBridge, worker::Request};
use pyvalue::Value;
use std::time::Duration;
use tokio::time::timeout;

/// The timeout of a plugin call. The reference has none, but a run that has ended must not hang on a notification.
const PATIENCE: Duration = Duration::from_secs(30);

impl PythonBridge {
    /// Calls a plugin's function with its channel and the event. The error is the reason why the notification failed.
    pub async fn notify(&self, module: &str, func: &str, channel: Value, event: Value) -> Result<(), String> {
        let signature = self.description(module, func).await?.into_signature()?;
        let mut names = signature.parameters.into_iter().map(|(name, _)| name);
        let (Some(first), Some(second)) = (names.next(), names.next()) else {
            return Err(format!("'{module}.{func}' must take two arguments: the channel and the event"));
        };
        let arguments = [(first, channel), (second, event)].into_iter().collect();
        let worker = self.worker().await.map_err(|error| error.to_string())?;
        let call =
            async { worker.ask(Request::call(module, func, arguments, false, true)).await.answer().await };
        let answer = if let Ok(answer) = timeout(PATIENCE, call).await {
            answer.map_err(|error| error.to_string())?
        } else {
            worker.kill().await;
            return Err(format!("'{module}.{func}' did not end within {} s", PATIENCE.as_secs()));
        };
        match answer.kind() {
            "ok" => Ok(()),
            _ => Err(answer.message()),
        }
    }
}

//! One request, from the moment it was due to its end.

use super::{errors, look::Look, settings::Target};
use crate::session::event::ErrorKind;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Bytes of a body that are looked at.
const LOOKED_AT: usize = 64 * 1024;
/// Bytes of a body that are read before we hang up; the user has the answer by then.
const READ: usize = 8 * 1024 * 1024;
/// Bytes kept of a body for the reader.
const KEPT: usize = 1024;

/// A request that ended.
pub(super) struct Done {
    pub(super) number: u64,
    /// When it was due.
    pub(super) due: Instant,
    /// When it ended.
    pub(super) ended: Instant,
    pub(super) reply: Result<Reply, ErrorKind>,
}

/// An answer, reduced to what is needed of it.
pub(super) struct Reply {
    pub(super) look: Look,
    /// Bytes of the body.
    pub(super) length: usize,
    /// The beginning of the body.
    pub(super) beginning: Vec<u8>,
}

/// Sends a request and reads its answer to the end, or until the deadline. Dropped, it hangs up.
pub(super) async fn ask(target: Arc<Target>, number: u64, due: Instant, deadline: Instant) -> Done {
    let reply = match timeout_at(deadline, answer(&target)).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(errors::kind(&error)),
        Err(_) => Err(ErrorKind::Timeout),
    };
    Done { number, due, ended: Instant::now(), reply }
}

async fn answer(target: &Target) -> Result<Reply, reqwest::Error> {
    let mut response = target.client.request(target.method.clone(), target.url.clone()).send().await?;
    let status = response.status().as_u16();
    let content_type = response.headers().get(reqwest::header::CONTENT_TYPE).cloned();
    let mut body = Vec::new();
    let mut length = 0;
    while length < READ
        && let Some(chunk) = response.chunk().await?
    {
        length += chunk.len();
        let room = LOOKED_AT.saturating_sub(body.len()).min(chunk.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or_default());
    }
    let content_type = content_type.as_ref().and_then(|value| value.to_str().ok());
    let look = Look::of(status, content_type, &body, length);
    body.truncate(KEPT);
    Ok(Reply { look, length, beginning: body })
}

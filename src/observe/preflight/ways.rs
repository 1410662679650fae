//! Checks how the Services are reached that were named as the users' endpoints.

use super::{fix, know, ok};
use crate::{
    cluster::{Obstacle, obstacle_text},
    observe::endpoint::EndpointSettings,
    session::event::PreflightCheck,
};

/// Opens one stream through each port-forward and sends nothing.
pub(super) async fn check(watched: &[EndpointSettings]) -> Vec<PreflightCheck> {
    let mut checks = Vec::new();
    for endpoint in watched {
        if let Some(reason) = &endpoint.unreached {
            checks.push(fix(format!("users: {reason}"), Some("name another with --watch".to_owned())));
        }
        let Some(way) = &endpoint.way else { continue };
        let Some(forward) = &way.forward else {
            checks.push(ok(format!("users are asked at {}: {way}", way.url)));
            continue;
        };
        let text = format!("users are asked via {way} ({})", way.url);
        checks.push(match forward.check().await {
            Ok(()) => ok(text),
            Err(obstacle @ Obstacle::Broken(_)) => {
                let remedy = "mend that, or name a URL that is reached from here with --watch";
                fix(format!("{text}: {}", obstacle_text(&obstacle, way)), Some(remedy.to_owned()))
            }
            Err(obstacle) => know(format!("{text}: {}", obstacle_text(&obstacle, way)), None),
        });
    }
    checks
}

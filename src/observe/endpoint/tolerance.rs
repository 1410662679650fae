//! Answers that the experiment's tolerance accepts, whatever their status is.

use crate::{
    experiment::{
        Secrets,
        tolerance::{ToleranceVerdict, evaluate},
    },
    provider::http,
};
use pyvalue::{Map, Value};
use reqwest::header::HeaderMap;
use std::sync::Arc;

/// A probe's tolerance with the configuration and secrets for its variables.
#[derive(Clone)]
pub struct Tolerance(Arc<Inner>);

struct Inner {
    declared: Value,
    configuration: Map,
    secrets: Secrets,
}

impl Tolerance {
    /// The tolerance that a probe declares.
    pub fn new(declared: Value, configuration: Map, secrets: Secrets) -> Self {
        Self(Arc::new(Inner { declared, configuration, secrets }))
    }

    /// Whether an answer is within the tolerance. A tolerance that is itself a probe is not evaluated here.
    pub(super) fn accepts(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> bool {
        let Inner { declared, configuration, secrets } = &*self.0;
        // A body that would fail the activity itself may still be accepted by its status.
        let output =
            http::output(status, headers, body).or_else(|| http::output(status, &HeaderMap::new(), body));
        output.is_some_and(|output| {
            evaluate(Some(declared), &output, configuration, secrets, "$") == ToleranceVerdict::Met
        })
    }
}

impl std::fmt::Debug for Tolerance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tolerance")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::parse_json;

    #[test]
    fn every_kind_of_tolerance_is_heeded() {
        let json = |status: u16, body: &str, tolerance: &str| {
            let headers = HeaderMap::from_iter([(
                reqwest::header::CONTENT_TYPE,
                reqwest::header::HeaderValue::from_static("application/json"),
            )]);
            let declared = parse_json(tolerance).unwrap();
            let tolerance = Tolerance::new(declared, Map::default(), Secrets::default());
            tolerance.accepts(status, &headers, body.as_bytes())
        };
        let cases = [
            (404, "{}", "404", true),
            (404, "{}", "200", false),
            (503, "{}", "[200, 503]", true),
            (404, "{}", "[200, 503]", false),
            (404, "{}", r#"{"type": "range", "target": "status", "range": [400, 499]}"#, true),
            (503, "{}", r#"{"type": "range", "target": "status", "range": [400, 499]}"#, false),
            (404, r#"{"why": "hidden"}"#, r#"{"type": "jsonpath", "target": "body", "path": "$.why"}"#, true),
            (404, "{}", r#"{"type": "jsonpath", "target": "body", "path": "$.why"}"#, false),
            (404, "not JSON", "404", true),
            (404, "{}", r#"{"type": "probe", "name": "p", "provider": {"type": "python"}}"#, false),
        ];
        for (status, body, tolerance, accepted) in cases {
            assert_eq!(json(status, body, tolerance), accepted, "{status} {body} {tolerance}");
        }
        let plain = |body: &str| {
            let declared =
                parse_json(r#"{"type": "regex", "target": "body", "pattern": "^closed"}"#).unwrap();
            let tolerance = Tolerance::new(declared, Map::default(), Secrets::default());
            tolerance.accepts(503, &HeaderMap::new(), body.as_bytes())
        };
        assert!(plain("closed for today") && !plain("broken"));
    }
}

//! A Service as an operator names it: `service/NAME[.NAMESPACE][:PORT][/PATH]`.

use std::fmt;

/// A Service, and the page of it that users request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAddress {
    pub name: String,
    /// `None` means the context's namespace, or one that the experiment names.
    pub namespace: Option<String>,
    /// A port's number or name; `None` means the first one.
    pub port: Option<String>,
    /// The path and query, which begin with `/`; empty if there are none.
    pub path: String,
}

impl ServiceAddress {
    /// Parses `service/my-consumer-service:80/invoke`; `svc/` and `services/` are accepted, too. Returns `None` for a text
    /// that is no Service.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.trim().split_once('/')?;
        if !matches!(kind, "service" | "services" | "svc") {
            return None;
        }
        let (object, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let (object, port) =
            object.split_once(':').map_or((object, None), |(object, port)| (object, Some(port)));
        // The name of a Service contains no dot.
        let (name, namespace) =
            object.split_once('.').map_or((object, None), |(name, namespace)| (name, Some(namespace)));
        let namespace = namespace
            .map(|namespace| namespace.trim_end_matches(".svc.cluster.local").trim_end_matches(".svc"));
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self {
            name: name.to_owned(),
            namespace: given(namespace),
            port: given(port),
            path: path.to_owned(),
        })
    }
}

/// `service/my-consumer-service`, with the namespace if it was given.
impl fmt::Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service/{}", self.name)?;
        match &self.namespace {
            Some(namespace) => write!(f, ".{namespace}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_a_name_and_perhaps_a_namespace_a_port_and_a_path() {
        for (text, name, namespace, port, path) in [
            ("service/consumer", "consumer", None, None, ""),
            ("svc/consumer:80/invoke?x=1:2", "consumer", None, Some("80"), "/invoke?x=1:2"),
            (" services/consumer.shop:http/ ", "consumer", Some("shop"), Some("http"), "/"),
            ("service/consumer.shop.svc.cluster.local/a/b", "consumer", Some("shop"), None, "/a/b"),
        ] {
            let found = ServiceAddress::parse(text).unwrap();
            let parts =
                (found.name.as_str(), found.namespace.as_deref(), found.port.as_deref(), found.path.as_str());
            assert_eq!(parts, (name, namespace, port, path), "{text}");
        }
        for text in ["http://service/x", "/service/x", "service", "pod/x", "serviceability/x"] {
            assert_eq!(ServiceAddress::parse(text), None, "{text}");
        }
        assert_eq!(ServiceAddress::parse("svc/a.b:80/c").unwrap().to_string(), "service/a.b");
    }
}

//! The connection to Kubernetes: which context, what we may do there, where a Service can be reached.

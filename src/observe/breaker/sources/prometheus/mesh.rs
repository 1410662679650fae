//! The source "mesh": the statistics of a service mesh's proxies, reported under their own names.
//!
//! Envoy's and Istio's outlier detection ejects hosts; Linkerd's failure accrual takes endpoints out of use. Neither is
//! a breaker of the consumer, so no breaker state is concluded from them. Envoy's "circuit breakers" are concurrency
//! limits, and are reported as limits.

use super::{
    super::super::reading::{Reading, SourceId},
    text::{Families, PageText, Sample, SeriesUse},
};
use std::collections::BTreeMap;

/// The maximum number of clusters or backends reported.
const TOLD: usize = 4;

/// An empty page, to be filled by `feed`.
pub(in crate::observe::breaker) fn page() -> PageText {
    PageText::new(wanted)
}

fn wanted(name: &str) -> Option<SeriesUse> {
    let known = name.starts_with("envoy_cluster_outlier_detection_ejections_active")
        || name.starts_with("envoy_cluster_membership_")
        || name.starts_with("envoy_cluster_circuit_breakers_") && name.ends_with("_open")
        || name == "outbound_http_balancer_endpoints"
        || name == "kong_upstream_target_health";
    known.then_some(SeriesUse::Breaker)
}

/// The reading of a complete page.
pub(in crate::observe::breaker) fn read(source: SourceId, page: PageText) -> Reading {
    let families = page.finish();
    let mut told = ejections(&families);
    told.extend(accrual(&families));
    told.extend(kong(&families));
    let limits = limits(&families);
    told.extend(limits.iter().cloned());
    told.truncate(TOLD);
    // Istio omits these statistics unless they are enabled, so absence does not mean zero.
    let ground = match told.as_slice() {
        [] => "ejections are not among its statistics".to_owned(),
        told => told.join(" · "),
    };
    Reading { limits, ..Reading::new(source, ground) }
}

/// `1 of 2 hosts of provider ejected`
fn ejections(families: &Families) -> Vec<String> {
    let Some(active) = families.get("envoy_cluster_outlier_detection_ejections_active") else {
        return Vec::new();
    };
    let all = |cluster: &str| {
        let family = families.get("envoy_cluster_membership_total")?;
        let mine = family.samples.iter().find(|sample| cluster_of(sample) == cluster)?;
        Some(format!(" of {}", whole(mine.value)))
    };
    let mut ejected: Vec<(u64, String)> = active
        .samples
        .iter()
        .map(|sample| {
            let cluster = cluster_of(sample);
            let (hosts, all) = (whole(sample.value), all(cluster).unwrap_or_default());
            (hosts, format!("{hosts}{all} hosts of {} ejected (outlier detection)", short(cluster)))
        })
        .collect();
    ejected.sort_by_key(|(hosts, _)| std::cmp::Reverse(*hosts));
    // Clusters without an ejection are reported only if none has one.
    let some = ejected.iter().any(|(hosts, _)| *hosts > 0);
    ejected.into_iter().filter(|(hosts, _)| !some || *hosts > 0).map(|(_, text)| text).collect()
}

/// `limit of provider reached: cx, rq`
fn limits(families: &Families) -> Vec<String> {
    let mut reached: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, family) in families {
        let Some(rest) = name.strip_prefix("envoy_cluster_circuit_breakers_") else { continue };
        let Some((priority, resource)) = rest.strip_suffix("_open").and_then(|rest| rest.split_once('_'))
        else {
            continue;
        };
        for sample in family.samples.iter().filter(|sample| sample.value > 0.0) {
            let named =
                if priority == "default" { resource.to_owned() } else { format!("{resource} ({priority})") };
            reached.entry(short(cluster_of(sample)).to_owned()).or_default().push(named);
        }
    }
    let told = |(cluster, resources): (String, Vec<String>)| {
        format!("limit of {cluster} reached: {} (Envoy, not a breaker)", resources.join(", "))
    };
    reached.into_iter().map(told).take(TOLD).collect()
}

/// `0 of 2 endpoints of provider ready`
fn accrual(families: &Families) -> Vec<String> {
    let Some(family) = families.get("outbound_http_balancer_endpoints") else { return Vec::new() };
    let mut backends: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for sample in &family.samples {
        let backend = ["backend_name", "parent_name"].into_iter().find_map(|label| sample.label(label));
        let (ready, all) = backends.entry(backend.unwrap_or_default().to_owned()).or_default();
        let hosts = whole(sample.value);
        *all = all.saturating_add(hosts);
        if sample.label("endpoint_state") == Some("ready") {
            *ready = ready.saturating_add(hosts);
        }
    }
    let mut rows: Vec<_> = backends.into_iter().collect();
    // Backends with endpoints that are not ready come first.
    rows.sort_by_key(|(_, (ready, all))| ready >= all);
    let told = |(backend, (ready, all)): (String, (u64, u64))| {
        let why = if ready < all { " (failure accrual shut them out, or they never connected)" } else { "" };
        format!("{ready} of {all} endpoints of {backend} ready{why}")
    };
    rows.into_iter().map(told).collect()
}

/// `1 of 2 targets of provider unhealthy`
fn kong(families: &Families) -> Vec<String> {
    let Some(family) = families.get("kong_upstream_target_health") else { return Vec::new() };
    let mut upstreams: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for sample in family.samples.iter().filter(|sample| sample.value == 1.0) {
        let (unhealthy, all) =
            upstreams.entry(sample.label("upstream").unwrap_or_default().to_owned()).or_default();
        *all += 1;
        *unhealthy += u64::from(sample.label("state") == Some("unhealthy"));
    }
    let told = |(upstream, (unhealthy, all)): (String, (u64, u64))| {
        format!("{unhealthy} of {all} targets of {upstream} unhealthy (Kong's health checks)")
    };
    upstreams.into_iter().map(told).collect()
}

fn cluster_of(sample: &Sample) -> &str {
    sample.label("envoy_cluster_name").or_else(|| sample.label("cluster_name")).unwrap_or_default()
}

/// The host in Istio's `outbound|8080||provider.default.svc.cluster.local`.
fn short(cluster: &str) -> &str {
    let host = cluster.rsplit('|').next().unwrap_or(cluster);
    host.strip_suffix(".svc.cluster.local").unwrap_or(host)
}

fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::{SourceClaim, SourceKind};

    fn told(page: &str) -> (String, Vec<String>) {
        let mut text = super::page();
        text.feed(page.as_bytes());
        let reading = super::read(SourceId::at_users_url(SourceKind::Mesh, "15090/stats/prometheus"), text);
        assert_eq!(
            (reading.claim, reading.breakers.len()),
            (SourceClaim::Nothing, 0),
            "no state is concluded"
        );
        (reading.ground, reading.limits)
    }

    #[test]
    fn proxies_are_told_under_their_own_names() {
        let page = |file: &str| {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expositions");
            std::fs::read_to_string(folder.join(file)).unwrap()
        };
        for (file, ground, limits) in [
            ("117-envoy-limits.txt", "limit of provider reached: cx, rq (Envoy, not a breaker)", 1),
            ("118-envoy-outliers-t0.txt", "0 of 2 hosts of provider ejected (outlier detection)", 0),
            ("118-envoy-outliers-t1.txt", "1 of 2 hosts of provider ejected (outlier detection)", 0),
            ("119-istio-outliers.txt", "2 of 2 hosts of provider.default ejected (outlier detection)", 0),
            ("119-istio-outliers-hidden.txt", "ejections are not among its statistics", 0),
            (
                "120-linkerd.txt",
                "0 of 2 endpoints of provider ready (failure accrual shut them out, or they never connected)",
                0,
            ),
            ("125-kong-health.txt", "1 of 1 targets of provider unhealthy (Kong's health checks)", 0),
        ] {
            let (said, limited) = told(&page(file));
            assert_eq!((said.as_str(), limited.len()), (ground, limits), "{file}");
        }
    }
}

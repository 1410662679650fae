//! The probes of one container.

use super::{
    handle::ContainerHandle,
    probe::{Probe, ProbeKind, ProbeResult},
};
use crate::network::PodAddress;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};

/// The probes of a container that are not started yet; readiness and liveness wait for the startup probe.
pub(super) struct Probes {
    pub startup: Option<Probe>,
    pub readiness: Option<Probe>,
    liveness: Option<Probe>,
}

impl Probes {
    pub(super) fn read(
        container: &Value,
        address: &PodAddress,
        handle: &Arc<ContainerHandle>,
        longest_delay: Duration,
    ) -> Self {
        let probe = |key: &str| {
            let probe = Probe::read(&container[key], container, address, handle)?;
            Some(probe.begins_within(longest_delay))
        };
        Self {
            startup: probe("startupProbe"),
            readiness: probe("readinessProbe"),
            liveness: probe("livenessProbe"),
        }
    }

    /// Starts the due probes that are not running yet.
    pub(super) fn launch(
        &mut self,
        started: bool,
        findings: &mpsc::Sender<ProbeResult>,
        tasks: &mut JoinSet<()>,
    ) {
        let due = if started {
            [(ProbeKind::Readiness, self.readiness.take()), (ProbeKind::Liveness, self.liveness.take())]
        } else {
            [(ProbeKind::Startup, self.startup.take()), (ProbeKind::Readiness, None)]
        };
        for (purpose, probe) in due {
            if let Some(probe) = probe {
                tasks.spawn(probe.run(purpose, findings.clone()));
            }
        }
    }
}

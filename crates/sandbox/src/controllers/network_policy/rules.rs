//! The meaning of network policies.

use crate::store::{LabelSelector, Labels};
use serde_json::Value;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
};

/// All policies, and what they refer to.
pub(super) struct Policies {
    pub policies: Vec<Policy>,
    /// The labels of the namespaces.
    pub namespaces: HashMap<String, Labels>,
    /// The pods by address.
    pub pods: HashMap<IpAddr, PodFacts>,
}

pub(super) struct PodFacts {
    pub namespace: String,
    pub labels: Labels,
    /// The declared ports with their names, by the port on which the pod really listens.
    pub ports: HashMap<u16, (u16, String)>,
}

pub(super) struct Policy {
    namespace: String,
    pods: LabelSelector,
    /// The rules for traffic to the selected pods; `None` when the policy does not restrict it.
    ingress: Option<Vec<Rule>>,
    /// The rules for traffic from the selected pods.
    egress: Option<Vec<Rule>>,
}

/// Traffic that is permitted; an empty list permits every peer or port.
struct Rule {
    peers: Vec<Peer>,
    ports: Vec<Port>,
}

enum Peer {
    /// Pods in the namespaces that match, or in the policy's own one.
    Pods {
        namespaces: Option<LabelSelector>,
        pods: LabelSelector,
    },
    Block {
        within: Block,
        except: Vec<Block>,
    },
    /// A peer that does not exist here, such as a block of IPv6 addresses.
    Nobody,
}

#[derive(Clone, Copy)]
struct Block {
    address: u32,
    mask: u32,
}

enum Port {
    Numbers(RangeInclusive<u16>),
    Name(String),
    Any,
    /// A port of another protocol than TCP, the only one that is forwarded.
    OtherProtocol,
}

impl Policy {
    pub(super) fn read(policy: &Value) -> Self {
        let spec = &policy["spec"];
        let rules = |kind: &str, key: &str, peers: &str| {
            let mut types = spec["policyTypes"].as_array().into_iter().flatten();
            let rules = spec[key].as_array().into_iter().flatten().map(|rule| Rule::read(rule, peers));
            types.any(|known| known == kind).then(|| rules.collect())
        };
        Self {
            namespace: policy["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(),
            pods: LabelSelector::of_workload(&spec["podSelector"]).unwrap_or_default(),
            ingress: rules("Ingress", "ingress", "from"),
            egress: rules("Egress", "egress", "to"),
        }
    }

    fn selects(&self, pod: &PodFacts) -> bool {
        self.namespace == pod.namespace && self.pods.matches(&pod.labels)
    }
}

impl Rule {
    fn read(rule: &Value, peers: &str) -> Self {
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        Self {
            peers: items(&rule[peers]).iter().map(|peer| Peer::read(peer).unwrap_or(Peer::Nobody)).collect(),
            ports: items(&rule["ports"]).iter().map(Port::read).collect(),
        }
    }
}

impl Peer {
    fn read(peer: &Value) -> Option<Self> {
        if let Some(within) = peer["ipBlock"]["cidr"].as_str() {
            let except = peer["ipBlock"]["except"].as_array().into_iter().flatten();
            let except = except.filter_map(|block| Block::read(block.as_str()?)).collect();
            return Some(Self::Block { within: Block::read(within)?, except });
        }
        let namespaces = &peer["namespaceSelector"];
        Some(Self::Pods {
            namespaces: if namespaces.is_null() { None } else { LabelSelector::of_workload(namespaces) },
            pods: LabelSelector::of_workload(&peer["podSelector"])?,
        })
    }
}

impl Block {
    /// Reads `ADDRESS/LENGTH`; only IPv4.
    fn read(cidr: &str) -> Option<Self> {
        let (address, length) = cidr.split_once('/')?;
        let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        Some(Self { address: u32::from(address.parse::<Ipv4Addr>().ok()?) & mask, mask })
    }

    fn contains(self, ip: IpAddr) -> bool {
        matches!(ip, IpAddr::V4(ip) if u32::from(ip) & self.mask == self.address)
    }
}

impl Port {
    fn read(port: &Value) -> Self {
        let number = |value: &Value| u16::try_from(value.as_u64()?).ok();
        if port["protocol"].as_str().is_some_and(|protocol| protocol != "TCP") {
            return Self::OtherProtocol;
        }
        match (number(&port["port"]), port["port"].as_str()) {
            (Some(first), _) => Self::Numbers(first..=number(&port["endPort"]).unwrap_or(first)),
            (None, Some(name)) => Self::Name(name.to_owned()),
            (None, None) => Self::Any,
        }
    }

    fn permits(&self, port: u16, name: &str) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.contains(&port),
            Self::Name(wanted) => !name.is_empty() && wanted == name,
            Self::Any => true,
            Self::OtherProtocol => false,
        }
    }
}

impl Policies {
    /// Returns whether packets from `source` may reach `target`: the policies of the target's pod for incoming traffic
    /// and those of the source's pod for outgoing traffic must both permit it.
    pub(super) fn permit(&self, source: IpAddr, target: SocketAddr) -> bool {
        let pod = self.pods.get(&target.ip());
        let (port, name) = match pod.and_then(|pod| pod.ports.get(&target.port())) {
            Some((port, name)) => (*port, name.as_str()),
            None => (target.port(), ""),
        };
        let side = |pod: Option<&PodFacts>, peer: IpAddr, rules: fn(&Policy) -> Option<&Vec<Rule>>| {
            let Some(pod) = pod else { return true };
            let mut restricting = self
                .policies
                .iter()
                .filter(|policy| policy.selects(pod))
                .filter_map(|policy| Some((policy, rules(policy)?)))
                .peekable();
            restricting.peek().is_none()
                || restricting.any(|(policy, rules)| {
                    rules.iter().any(|rule| {
                        let peers = rule.peers.is_empty()
                            || rule.peers.iter().any(|wanted| self.is_peer(policy, wanted, peer));
                        peers && (rule.ports.is_empty() || rule.ports.iter().any(|it| it.permits(port, name)))
                    })
                })
        };
        side(pod, source, |policy| policy.ingress.as_ref())
            && side(self.pods.get(&source), target.ip(), |policy| policy.egress.as_ref())
    }

    fn is_peer(&self, policy: &Policy, wanted: &Peer, peer: IpAddr) -> bool {
        match wanted {
            Peer::Nobody => false,
            Peer::Block { within, except } => {
                within.contains(peer) && !except.iter().any(|block| block.contains(peer))
            }
            Peer::Pods { namespaces, pods } => self.pods.get(&peer).is_some_and(|pod| {
                let in_namespace = match namespaces {
                    None => pod.namespace == policy.namespace,
                    Some(selector) => {
                        self.namespaces.get(&pod.namespace).is_some_and(|labels| selector.matches(labels))
                    }
                };
                in_namespace && pods.matches(&pod.labels)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OUTSIDE: &str = "127.0.0.1";
    const CONSUMER: &str = "127.77.0.1";
    const PROVIDER: &str = "127.77.0.2";
    const STRANGER: &str = "127.77.0.3";

    /// Returns which of the sources reach the provider's port 8080 under a policy for it.
    fn reaching(spec: Value) -> Vec<&'static str> {
        let labels = |key: &str, value: &str| Labels::from([(key.to_owned(), value.to_owned())]);
        let pod = |namespace: &str, app: &str| PodFacts {
            namespace: namespace.to_owned(),
            labels: labels("app", app),
            ports: HashMap::from([(18080, (8080, "http".to_owned()))]),
        };
        let policies = Policies {
            policies: vec![Policy::read(&json!({"metadata": {"namespace": "default"}, "spec": spec}))],
            namespaces: HashMap::from([
                ("default".to_owned(), labels("name", "default")),
                ("other".to_owned(), labels("name", "other")),
            ]),
            pods: HashMap::from([
                (CONSUMER.parse().unwrap(), pod("default", "consumer")),
                (PROVIDER.parse().unwrap(), pod("default", "provider")),
                (STRANGER.parse().unwrap(), pod("other", "consumer")),
            ]),
        };
        let target = SocketAddr::new(PROVIDER.parse().unwrap(), 18080);
        let sources = [OUTSIDE, CONSUMER, STRANGER].into_iter();
        sources.filter(|source| policies.permit(source.parse().unwrap(), target)).collect()
    }

    #[test]
    fn policies_permit_what_they_list() {
        let provider = json!({"matchLabels": {"app": "provider"}});
        let consumer = json!({"matchLabels": {"app": "consumer"}});
        let everyone = vec![OUTSIDE, CONSUMER, STRANGER];
        let ingress =
            |rules: Value| json!({"podSelector": provider, "policyTypes": ["Ingress"], "ingress": rules});
        let egress = |pods: &Value, rules: Value| json!({"podSelector": pods, "policyTypes": ["Egress"], "egress": rules});
        for (spec, expected) in [
            (ingress(json!(null)), vec![]),
            (json!({"podSelector": {}, "policyTypes": ["Ingress"]}), vec![]),
            (json!({"podSelector": consumer, "policyTypes": ["Ingress"]}), everyone.clone()),
            (ingress(json!([{}])), everyone.clone()),
            (ingress(json!([{"from": [{"podSelector": consumer}]}])), vec![CONSUMER]),
            (ingress(json!([{"from": [{"podSelector": {}}]}])), vec![CONSUMER]),
            (ingress(json!([{"from": [{"namespaceSelector": {}}]}])), vec![CONSUMER, STRANGER]),
            (
                ingress(
                    json!([{"from": [{"namespaceSelector": {"matchLabels": {"name": "other"}}, "podSelector": consumer}]}]),
                ),
                vec![STRANGER],
            ),
            (ingress(json!([{"from": [{"ipBlock": {"cidr": "127.0.0.1/32"}}]}])), vec![OUTSIDE]),
            (
                ingress(json!([{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["127.77.0.3/32"]}}]}])),
                vec![OUTSIDE, CONSUMER],
            ),
            (ingress(json!([{"from": [{"ipBlock": {"cidr": "::/0"}}]}])), vec![]),
            (ingress(json!([{"ports": [{"port": 8080}]}])), everyone.clone()),
            (ingress(json!([{"ports": [{"port": "http"}]}])), everyone.clone()),
            (ingress(json!([{"ports": [{"port": 8000, "endPort": 9000}]}])), everyone.clone()),
            (ingress(json!([{"ports": [{"port": 9090}]}])), vec![]),
            (ingress(json!([{"ports": [{"port": 8080, "protocol": "UDP"}]}])), vec![]),
            (egress(&consumer, json!(null)), vec![OUTSIDE, STRANGER]),
            (egress(&consumer, json!([{"to": [{"podSelector": provider}]}])), everyone.clone()),
            (
                egress(&consumer, json!([{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])),
                vec![OUTSIDE, STRANGER],
            ),
        ] {
            assert_eq!(reaching(spec.clone()), expected, "{spec}");
        }
    }
}

//! The kinds of objects that the functions use, and the API of each kind in a call's namespace.

use super::{failure::Failure, invocation::Invocation};
use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
    core::v1::{Namespace, Node, Pod, Secret, Service},
    networking::v1::{Ingress, NetworkPolicy},
};
use kube::{
    Api, Resource,
    api::{ApiResource, DynamicObject},
};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// A kind of object.
pub(super) trait Kind:
    Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    /// Whether the objects are namespaced.
    const NAMESPACED: bool;

    /// The API of the objects, in the call's namespace if they are namespaced.
    fn api(call: &Invocation<'_>) -> Result<Api<Self>, Failure>;

    /// The same API without a schema: an object written from a file must keep every field.
    fn any(call: &Invocation<'_>) -> Result<Api<DynamicObject>, Failure> {
        let resource = ApiResource::erase::<Self>(&());
        let client = call.client.clone();
        Ok(if Self::NAMESPACED {
            Api::namespaced_with(client, call.namespace()?, &resource)
        } else {
            Api::all_with(client, &resource)
        })
    }

    /// The name of the kind in messages, such as `deployment`.
    fn kind_name() -> String {
        Self::kind(&()).to_lowercase()
    }
}

macro_rules! kinds {
    (in a namespace: $($kind:ty),+) => {
        $(impl Kind for $kind {
            const NAMESPACED: bool = true;
            fn api(call: &Invocation<'_>) -> Result<Api<Self>, Failure> {
                Ok(Api::namespaced(call.client.clone(), call.namespace()?))
            }
        })+
    };
    (in the cluster: $($kind:ty),+) => {
        $(impl Kind for $kind {
            const NAMESPACED: bool = false;
            fn api(call: &Invocation<'_>) -> Result<Api<Self>, Failure> {
                Ok(Api::all(call.client.clone()))
            }
        })+
    };
}

kinds!(in a namespace: Pod, Service, Secret, Deployment, ReplicaSet, StatefulSet, DaemonSet, Ingress, NetworkPolicy);
kinds!(in the cluster: Node, Namespace);

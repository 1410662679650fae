//! `POST`, `PUT` and `PATCH` requests (kubernetes-wire 8.1, 8.2).

use super::{
    Api,
    answer::{self, HandlerResult},
    body::Received,
    query::Query,
    rendering::Rendering,
    served::Served,
    validation::{self, Validation},
    view::View,
};
use crate::{
    admission,
    patch::{
        Patch,
        apply::{self, Manager, Operation},
    },
    store::{Cause, Resource, Status, Written},
};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde_json::{Map, Value};
use std::cell::RefCell;

/// The part of an object that a request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything except the parts with a subresource of their own.
    Main,
    /// Only `status`.
    Status,
    /// Only `spec.replicas`.
    Scale,
}

/// A write request for one kind in one namespace.
pub(super) struct Write<'a> {
    pub(super) api: &'a Api,
    pub(super) served: &'a Served,
    /// Empty for cluster-scoped objects.
    pub(super) namespace: &'a str,
    pub(super) query: &'a Query,
    pub(super) headers: &'a HeaderMap,
    pub(super) part: Part,
    /// Warnings for the client about what it has written.
    pub(super) warnings: RefCell<Vec<String>>,
}

impl Write<'_> {
    /// Handles `POST` to a collection.
    pub(super) fn create(&self, body: &Received) -> HandlerResult {
        let mut object = self.incoming(body.value()?)?;
        let validation = Validation::of(self.query)?;
        *self.warnings.borrow_mut() = validation.check(self.served.resource, &object)?;
        if object["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty()) {
            return Err(Status::internal("resourceVersion should not be set on objects to be created"));
        }
        self.check_namespace()?;
        let given = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let base = object["metadata"]["generateName"].as_str().unwrap_or_default();
        let name = if given.is_empty() && !base.is_empty() {
            format!("{base}{}", admission::suffix())
        } else {
            given
        };
        object["metadata"]["name"] = name.as_str().into();
        let written = self.store(&name, |before| match before {
            Some(_) => Err(Status::already_exists(self.served.resource, &name)),
            None => self.finish_new(object, Operation::Update),
        })?;
        self.respond(StatusCode::CREATED, &written, &name)
    }

    /// Handles `PUT` of an object.
    pub(super) fn replace(&self, name: &str, body: &Received) -> HandlerResult {
        let object = self.incoming(body.value()?)?;
        let validation = Validation::of(self.query)?;
        *self.warnings.borrow_mut() = validation.check(self.served.resource, &object)?;
        let given = object["metadata"]["name"].as_str().unwrap_or_default();
        if !given.is_empty() && given != name {
            return Err(Status::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({name})"
            )));
        }
        let written = self.store(name, |before| {
            let before = before.ok_or_else(|| Status::not_found(self.served.resource, name))?;
            self.finish_change(name, &before, object, Operation::Update)
        })?;
        self.respond(StatusCode::OK, &written, name)
    }

    /// Handles `PATCH` of an object.
    pub(super) fn patch(&self, name: &str, body: &Received) -> HandlerResult {
        if body.media_type.starts_with("application/apply-patch+") {
            return self.apply(name, body);
        }
        let patch = Patch::parse(&body.media_type, &body.bytes)?;
        let validation = Validation::of(self.query)?;
        let written = self.store(name, |before| {
            let before = before.ok_or_else(|| Status::not_found(self.served.resource, name))?;
            let shown = self.served.view.show(before.clone());
            let patched = patch.apply_to(self.served.resource, shown)?;
            let patched = self.served.view.store(self.served.resource, patched);
            *self.warnings.borrow_mut() = validation.check(self.served.resource, &patched)?;
            self.finish_change(name, &before, patched, Operation::Update)
        })?;
        self.respond(StatusCode::OK, &written, name)
    }

    /// Handles `PATCH` of an object by server-side apply: creates the object when it does not exist.
    fn apply(&self, name: &str, body: &Received) -> HandlerResult {
        let manager = self.query.text("fieldManager").ok_or_else(|| {
            let cause = Cause::required("fieldManager", "is required for apply patch");
            Status::invalid_kind("meta.k8s.io", "PatchOptions", "", vec![cause])
        })?;
        let mut configuration = self.incoming(apply::configuration(&body.bytes)?)?;
        let validation = Validation::of(self.query)?;
        *self.warnings.borrow_mut() = validation.check(self.served.resource, &configuration)?;
        self.check_apply(name, &configuration)?;
        self.check_namespace()?;
        if self.part == Part::Status {
            retain(&mut configuration, &["apiVersion", "kind", "metadata", "status"]);
        } else if self.has_status() {
            retain_not(&mut configuration, "status");
        }
        configuration["metadata"]["name"] = name.into();
        // Canonicalised first, so that `cpu: 0.4` does not conflict with the stored "400m".
        admission::canonicalise(self.served.resource, &mut configuration);
        let manager = self.manager(manager, Operation::Apply);
        let force = self.query.flag("force");
        let written = self.store(name, |before| {
            let merged =
                apply::apply(self.served.resource, before.as_ref(), &configuration, &manager, force)?;
            match before {
                Some(before) => self.finish_change(name, &before, merged, Operation::Apply),
                None if self.part == Part::Status => Err(Status::not_found(self.served.resource, name)),
                None => self.finish_new(merged, Operation::Apply),
            }
        })?;
        let code = if matches!(written, Written::Created(_)) { StatusCode::CREATED } else { StatusCode::OK };
        self.respond(code, &written, name)
    }

    fn check_apply(&self, name: &str, configuration: &Value) -> Result<(), Status> {
        let metadata = &configuration["metadata"];
        if metadata["managedFields"].as_array().is_some_and(|fields| !fields.is_empty()) {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        match metadata["name"].as_str() {
            Some(given) if given != name => Err(Status::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({name})"
            ))),
            _ => Ok(()),
        }
    }

    /// Converts an object sent by a client to the stored form. Errors: 400 for another kind, version or namespace.
    fn incoming(&self, body: Value) -> Result<Value, Status> {
        if !body.is_object() {
            return Err(Status::bad_request("the body of the request must be an object"));
        }
        let d = self.served.descriptor;
        let group_version = self.served.group_version();
        let text = |key: &str| body[key].as_str().filter(|text| !text.is_empty());
        if let Some(other) = text("apiVersion").filter(|version| *version != group_version) {
            return Err(Status::bad_request(format!(
                "the API version in the data ({other}) does not match the expected API version ({group_version})"
            )));
        }
        if let Some(other) = text("kind").filter(|kind| *kind != d.kind) {
            return Err(Status::bad_request(format!(
                "{other} in version \"{}\" cannot be handled as a {}: converting {other} to {} is not possible",
                d.version, d.kind, d.kind
            )));
        }
        let mut object = self.served.view.store(self.served.resource, body);
        object["kind"] = d.kind.into();
        object["apiVersion"] = self.served.resource.api_version().into();
        if object["metadata"].is_null() {
            object["metadata"] = Value::Object(Map::default());
        }
        if !object["metadata"].is_object() {
            return Err(Status::bad_request("metadata must be an object"));
        }
        let given = object["metadata"]["namespace"].as_str().unwrap_or_default();
        if d.namespaced && !given.is_empty() && given != self.namespace {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(object)
    }

    /// Checks that the namespace accepts new objects. Errors: 404 when it does not exist, 403 when it is terminating.
    fn check_namespace(&self) -> Result<(), Status> {
        if !self.served.descriptor.namespaced {
            return Ok(());
        }
        let namespace = self.api.store.get(Resource::Namespaces, "", self.namespace);
        let namespace = namespace.ok_or_else(|| Status::not_found(Resource::Namespaces, self.namespace))?;
        if namespace.field("status.phase") == "Terminating" {
            let why = format!(
                "unable to create new content in namespace {} because it is being terminated",
                self.namespace
            );
            return Err(Status::forbidden(self.served.resource, "", &why));
        }
        Ok(())
    }

    pub(super) fn store(
        &self,
        name: &str,
        change: impl FnOnce(Option<Value>) -> Result<Option<Value>, Status>,
    ) -> Result<Written, Status> {
        let (store, resource) = (&self.api.store, self.served.resource);
        if self.query.dry_run()? {
            store.dry_run(resource, self.namespace, name, change)
        } else {
            store.mutate(resource, self.namespace, name, change)
        }
    }

    /// Completes and validates a new object and sets its field managers.
    fn finish_new(&self, mut object: Value, operation: Operation) -> Result<Option<Value>, Status> {
        let resource = self.served.resource;
        if self.has_status() {
            retain_not(&mut object, "status");
        }
        if let View::Beta(_) = self.served.view {
            admission::complete_beta(&mut object);
        }
        if self.served.descriptor.namespaced {
            object["metadata"]["namespace"] = self.namespace.into();
        }
        admission::admit(resource, None, &mut object)?;
        self.api.machine.admit(resource, None, &mut object)?;
        self.warnings.borrow_mut().extend(admission::warnings(resource, &object));
        if operation == Operation::Update {
            retain_not(&mut object["metadata"], "managedFields");
            apply::update(resource, None, &mut object, &self.manager(self.manager_name(), operation));
        }
        Ok(Some(object))
    }

    /// Completes and validates a changed object and updates its field managers.
    pub(super) fn finish_change(
        &self,
        name: &str,
        before: &Value,
        mut after: Value,
        operation: Operation,
    ) -> Result<Option<Value>, Status> {
        let resource = self.served.resource;
        let metadata = &after["metadata"];
        let expected = |key: &str| metadata[key].as_str().filter(|text| !text.is_empty());
        if expected("name").is_some_and(|given| given != name) {
            return Err(Status::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({name})",
                metadata["name"].as_str().unwrap_or_default()
            )));
        }
        if let Some(uid) = expected("uid").filter(|uid| before["metadata"]["uid"] != *uid) {
            let real = before["metadata"]["uid"].as_str().unwrap_or_default();
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {real}");
            return Err(Status::conflict(resource, name, &why));
        }
        if expected("resourceVersion")
            .is_some_and(|version| before["metadata"]["resourceVersion"] != *version)
        {
            return Err(Status::stale(resource, name));
        }
        if self.part == Part::Status {
            let status = after["status"].take();
            let managers = after["metadata"]["managedFields"].take();
            after = before.clone();
            after["status"] = status;
            after["metadata"]["managedFields"] = managers;
        } else if self.has_status() {
            after["status"] = before["status"].clone();
        }
        // A request that omits the managed fields does not change them; an empty list clears them.
        if after["metadata"]["managedFields"].is_null() {
            after["metadata"]["managedFields"] = before["metadata"]["managedFields"].clone();
        }
        admission::admit(resource, Some(before), &mut after)?;
        self.api.machine.admit(resource, Some(before), &mut after)?;
        if before["spec"] != after["spec"] && self.part == Part::Main {
            self.warnings.borrow_mut().extend(admission::warnings(resource, &after));
        }
        if operation == Operation::Update {
            apply::update(resource, Some(before), &mut after, &self.manager(self.manager_name(), operation));
        }
        Ok(Some(after))
    }

    fn has_status(&self) -> bool {
        self.served.subresources().iter().any(|sub| sub.name == "status")
    }

    fn manager(&self, name: &str, operation: Operation) -> Manager {
        Manager {
            name: name.into(),
            operation,
            api_version: self.served.group_version(),
            subresource: match self.part {
                Part::Main => String::new(),
                Part::Status => "status".into(),
                Part::Scale => "scale".into(),
            },
        }
    }

    /// Returns the `fieldManager`, or the part of the user agent before the first `/`.
    pub(super) fn manager_name(&self) -> &str {
        let agent =
            self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let program = agent.split('/').next().filter(|program| !program.is_empty()).unwrap_or("unknown");
        self.query.text("fieldManager").unwrap_or(program)
    }

    fn respond(&self, code: StatusCode, written: &Written, name: &str) -> Result<Response, Status> {
        let object = written.object().ok_or_else(|| Status::not_found(self.served.resource, name))?;
        let rendering = Rendering::new(*self.served, super::negotiate::form(self.headers)?, self.query)?;
        let response = answer::raw(code, "application/json", rendering.object(object));
        Ok(validation::warn(response, &self.warnings.borrow()))
    }
}

fn retain(object: &mut Value, keys: &[&str]) {
    if let Some(map) = object.as_object_mut() {
        map.retain(|key, _| keys.contains(&key.as_str()));
    }
}

fn retain_not(object: &mut Value, key: &str) {
    if let Some(map) = object.as_object_mut() {
        map.shift_remove(key);
    }
}

//! Dispatches a request to the function that handles it.

use super::{
    Api,
    answer::{self, HandlerResult},
    attributes::authorize,
    body::{self, Received},
    delete, discovery, eviction, exec, log, negotiate, openapi,
    path::{Document, Target},
    port_forward, proxy,
    query::Query,
    read,
    rendering::Rendering,
    review,
    served::Served,
    watch,
    write::{Part, Write},
};
use crate::store::{Resource, Status};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, request::Parts},
    response::Response,
};
use std::{cell::RefCell, sync::Arc};

pub(super) async fn handle(State(api): State<Arc<Api>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = answer(&api, parts, body).await;
    answer.unwrap_or_else(|refusal| answer::refusal(&refusal))
}

async fn answer(api: &Api, mut parts: Parts, body: Body) -> HandlerResult {
    let target = Target::of(parts.uri.path());
    let user = api.guard.check(&api.policy, &parts.headers, target.as_ref())?;
    let query = Query::of(&parts.uri)?;
    authorize((&api.policy, &api.store), user, (&parts.method, target.as_ref()), &query, &parts.headers)?;
    match target.ok_or_else(Status::no_such_path)? {
        Target::Document(document) => {
            let reads = matches!(parts.method, Method::GET | Method::HEAD);
            if reads { describe(&document, &parts.headers) } else { Err(Status::method_not_allowed()) }
        }
        Target::Review(review) => match parts.method {
            Method::POST => {
                review::review(review, &api.policy, user, &body::receive(&parts.headers, body).await?)
            }
            _ => Err(Status::method_not_allowed()),
        },
        Target::Object { served, namespace, name, subresource: Some(part) }
            if served.resource == Resource::Pods && part == "exec" =>
        {
            exec::exec(api, &namespace, &name, &query, &mut parts).await
        }
        Target::Object { served, namespace, name, subresource: Some(part) }
            if served.resource == Resource::Pods && part == "portforward" =>
        {
            port_forward::port_forward(api, &namespace, &name, &query, &mut parts).await
        }
        Target::Object { served, namespace, name, subresource: Some(part) }
            if proxy::is_proxy(served.resource, &part) =>
        {
            proxy::proxy(api, served.resource, &namespace, &name, &parts).await
        }
        target => {
            let body = body::receive(&parts.headers, body).await?;
            let request =
                Objects { api, query: &query, method: &parts.method, headers: &parts.headers, body: &body };
            request.answer(&target)
        }
    }
}

fn describe(document: &Document, headers: &HeaderMap) -> HandlerResult {
    let aggregated = negotiate::aggregated(headers);
    let discovery = |core| match aggregated {
        Some(version) => {
            let body = discovery::aggregated(core, version).to_string();
            answer::raw(StatusCode::OK, discovery::aggregated_type(version), body)
        }
        None if core => answer::ok(&discovery::core_versions()),
        None => answer::ok(&discovery::groups()),
    };
    Ok(match document {
        Document::Health => answer::raw(StatusCode::OK, "text/plain", "ok"),
        Document::Paths => answer::ok(&discovery::paths()),
        Document::Version => answer::ok(&discovery::version()),
        Document::CoreVersions => discovery(true),
        Document::Groups => discovery(false),
        Document::Group(group) => answer::ok(&discovery::group(group)?),
        Document::Resources { group, version } => answer::ok(&discovery::resources(group, version)?),
        Document::OpenApi2 => answer::raw(StatusCode::OK, openapi::VERSION_2_TYPE, openapi::version_2()),
        Document::OpenApiIndex => answer::ok(&openapi::index()),
        Document::OpenApi { group, version } => answer::ok(&openapi::document(group, version)?),
    })
}

/// A request for objects (not for a discovery document).
struct Objects<'a> {
    api: &'a Api,
    query: &'a Query,
    method: &'a Method,
    headers: &'a HeaderMap,
    body: &'a Received,
}

impl Objects<'_> {
    fn answer(&self, target: &Target) -> HandlerResult {
        match target {
            Target::Collection { served, namespace } => self.collection(served, namespace.as_deref()),
            Target::Object { served, namespace, name, subresource } => match subresource.as_deref() {
                None => self.object(served, namespace, name),
                Some(part) => self.part(served, namespace, name, part),
            },
            Target::Document(_) | Target::Review(_) => Err(Status::no_such_path()),
        }
    }

    fn collection(&self, served: &Served, namespace: Option<&str>) -> HandlerResult {
        let (store, query) = (&self.api.store, self.query);
        match *self.method {
            Method::GET if query.flag("watch") => {
                watch::watch(store, served, namespace, query, self.rendering(served)?, self.api.stop.clone())
            }
            Method::GET => read::list(store, served, namespace, query, &self.rendering(served)?),
            Method::POST if namespace.is_some() || !served.descriptor.namespaced => {
                self.write(served, namespace.unwrap_or_default(), Part::Main).create(self.body)
            }
            Method::DELETE => delete::collection(store, served, namespace, query, self.body),
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn object(&self, served: &Served, namespace: &str, name: &str) -> HandlerResult {
        let write = self.write(served, namespace, Part::Main);
        match *self.method {
            Method::GET => read::get(&self.api.store, served, namespace, name, &self.rendering(served)?),
            Method::PUT => write.replace(name, self.body),
            Method::PATCH => write.patch(name, self.body),
            Method::DELETE => delete::one(&self.api.store, served, namespace, name, self.query, self.body),
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn part(&self, served: &Served, namespace: &str, name: &str, part: &str) -> HandlerResult {
        if !served.subresources().iter().any(|sub| sub.name == part) {
            return Err(Status::no_such_path());
        }
        let scale = self.write(served, namespace, Part::Scale);
        let status = self.write(served, namespace, Part::Status);
        match (part, self.method) {
            ("status", &Method::GET) => self.object(served, namespace, name),
            ("status", &Method::PUT) => status.replace(name, self.body),
            ("status", &Method::PATCH) => status.patch(name, self.body),
            ("scale", &Method::GET) => scale.get_scale(name),
            ("scale", &Method::PUT) => scale.replace_scale(name, self.body),
            ("scale", &Method::PATCH) => scale.patch_scale(name, self.body),
            ("log", &Method::GET) => log::log(self.api, namespace, name, self.query),
            ("eviction", &Method::POST) => eviction::evict(self.api, namespace, name, self.query, self.body),
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn rendering(&self, served: &Served) -> Result<Rendering, Status> {
        Rendering::new(*served, negotiate::form(self.headers)?, self.query)
    }

    fn write<'a>(&'a self, served: &'a Served, namespace: &'a str, part: Part) -> Write<'a> {
        Write {
            api: self.api,
            served,
            namespace,
            query: self.query,
            headers: self.headers,
            part,
            warnings: RefCell::default(),
        }
    }
}

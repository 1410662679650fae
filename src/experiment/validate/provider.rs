//! Rules 19 to 21 and 26 to 35: the parts that each provider must have.

use super::{CachedChecks, bad_activity, crash, suggest};
use crate::experiment::{Described, findings::Collector, signatures::Parameter};
use pyvalue::{Map, Part, Value, place::Place, python_text};

const KINDS: [&str; 3] = ["python", "process", "http"];

/// The provider of an activity, if its type is known.
pub(super) fn of<'a>(activity: &'a Map, path: &Place<'_>, collector: &mut Collector<'_>) -> Option<&'a Map> {
    let place = path.key("provider");
    let provider = match activity.get("provider").filter(|provider| provider.truthy()) {
        Some(Value::Map(provider)) => provider,
        Some(_) => {
            collector.refuse_type(place, "a mapping with a `type`");
            return None;
        }
        None => {
            let refusal = bad_activity("E-PROV", "an activity requires a provider");
            collector.refuse(place, refusal.remedy("add `provider` with a `type`: http, process or python"));
            return None;
        }
    };
    let place = place.key("type");
    match provider.get("type").filter(|kind| kind.truthy()) {
        None => {
            let refusal = bad_activity("E-PROV-TYPE-MISSING", "a provider must have a type");
            collector.refuse(place, refusal.remedy("add `type`: http, process or python"));
            None
        }
        Some(Value::Text(kind)) if KINDS.contains(&kind.as_str()) => Some(provider),
        Some(kind) => {
            let kind = python_text(kind);
            let refusal = bad_activity("E-PROV-TYPE", format!("unknown provider type '{kind}'"));
            let remedy = suggest::did_you_mean(&kind, KINDS, "use http, process or python");
            collector.refuse(place, refusal.remedy(remedy));
            None
        }
    }
}

pub(super) async fn check(
    activity: &Map,
    provider: &Map,
    path: &Place<'_>,
    memo: &CachedChecks<'_>,
    collector: &mut Collector<'_>,
) {
    let place = path.key("provider");
    match provider.get("type").and_then(Value::as_str) {
        Some("http") => http(provider, &place, collector),
        Some("process") => process(activity, provider, &place, memo, collector),
        _ => Python { activity, provider, place: &place }.check(memo, collector).await,
    }
}

fn http(provider: &Map, path: &Place<'_>, collector: &mut Collector<'_>) {
    if !provider.get("url").is_some_and(Value::truthy) {
        let refusal = bad_activity("E-HTTP-URL", "a HTTP activity must have a URL");
        collector.refuse(path.key("url"), refusal.remedy("add `url`"));
    }
    if provider.get("headers").is_some_and(|headers| headers.truthy() && headers.as_map().is_none()) {
        let refusal = bad_activity("E-HTTP-HEADERS", "a HTTP activities expect headers as a mapping");
        let remedy = "write {\"Name\": \"value\"}";
        collector.refuse(path.key("headers"), refusal.remedy(remedy));
    }
}

fn process(
    activity: &Map,
    provider: &Map,
    path: &Place<'_>,
    memo: &CachedChecks<'_>,
    collector: &mut Collector<'_>,
) {
    let place = path.key("path");
    match provider.get("path").filter(|path| path.truthy()) {
        None => {
            let refusal = bad_activity("E-PROC-PATH", "a process activity must have a path");
            collector.refuse(place, refusal.remedy("add `path`: a program"));
        }
        Some(Value::Text(program)) if memo.has_program(program) => {}
        Some(Value::Text(program)) => {
            let message = format!("path '{program}' cannot be found, in activity '{}'", name_of(activity));
            let remedy = if program.starts_with('~') {
                "`~` is not expanded here: write the whole path".to_owned()
            } else if program.contains("${") {
                "variables are not replaced in `path`: write the program itself".to_owned()
            } else if program.contains('/') {
                "write the path of an executable file, or make it executable".to_owned()
            } else if program.contains(' ') {
                "only the program belongs here: move the rest to `arguments`".to_owned()
            } else if collector.has_room() {
                memo.program_like(program)
            } else {
                String::default()
            };
            collector.refuse(place, bad_activity("E-PROC-NOTFOUND", message).remedy(remedy));
        }
        Some(_) => collector.refuse_type(place, "a text"),
    }
}

fn name_of(activity: &Map) -> String {
    activity.get("name").map(python_text).unwrap_or_default()
}

struct Python<'a> {
    activity: &'a Map,
    provider: &'a Map,
    place: &'a Place<'a>,
}

impl Python<'_> {
    async fn check(&self, memo: &CachedChecks<'_>, collector: &mut Collector<'_>) {
        let named = |key: &str| self.provider.get(key).filter(|value| value.truthy());
        let missing = [
            ("module", "E-PY-MODULE", "a Python activity must have a module path"),
            ("func", "E-PY-FUNC", "a Python activity must have a function name"),
        ];
        for (key, code, message) in missing {
            if named(key).is_none() {
                let refusal = bad_activity(code, message).remedy(format!("add `{key}`"));
                collector.refuse(self.place.key(key), refusal);
            }
        }
        let (Some(module), Some(func)) = (named("module"), named("func")) else { return };
        for (key, value) in [("module", module), ("func", func)] {
            if value.as_str().is_none() {
                return collector.refuse_type(self.place.key(key), "a text");
            }
        }
        let (module, func) = (python_text(module), python_text(func));
        match memo.function(&module, &func).await {
            Described::Function { parameters, catch_all, .. } => {
                self.arguments(&func, &parameters, catch_all, collector);
            }
            Described::Missing { functions } => self.no_function(&module, &func, &functions, collector),
            Described::ImportError(reason) => {
                let name = name_of(self.activity);
                let message = format!("could not find Python module '{module}' in activity '{name}'");
                let remedy = format!("install the package that has it ({reason})");
                let refusal = bad_activity("E-PY-IMPORT", message).remedy(remedy);
                collector.refuse(self.place.key("module"), refusal);
            }
            Described::Broken(reason) => {
                let message = format!("Python cannot inspect {module}.{func}: {reason}");
                let remedy = "try to import it in the same Python";
                collector.refuse(self.place.key("func"), crash("E-PY-BROKEN", message).remedy(remedy));
            }
            Described::Unknown(reason) => {
                let message = format!("{module}.{func} was not checked: {reason}");
                let remedy = "validate where Python and the extension are installed";
                let place = self.place.key("func");
                // A run says it too: it may come to this activity after it has fired others.
                collector.warn_as("W-PY-UNKNOWN", place, Part::Value, message.clone(), remedy, Some(message));
            }
        }
    }

    fn no_function(&self, module: &str, func: &str, functions: &[String], collector: &mut Collector<'_>) {
        let kind = self.activity.get("type").map(python_text).unwrap_or_default();
        let name = name_of(self.activity);
        let message = format!(
            "The python module '{module}' does not expose a function called '{func}' in {kind} '{name}'"
        );
        let otherwise = format!("name a function of {module}");
        let remedy = suggest::did_you_mean(func, functions.iter().map(String::as_str), otherwise);
        collector.refuse(self.place.key("func"), bad_activity("E-PY-NOFUNC", message).remedy(remedy));
    }

    /// Checks the arguments against the parameters by name, as a call would.
    fn arguments(
        &self,
        func: &str,
        parameters: &[Parameter],
        catch_all: bool,
        collector: &mut Collector<'_>,
    ) {
        let place = self.place.key("arguments");
        let none = Map::default();
        let arguments = match self.provider.get("arguments") {
            None => &none,
            Some(Value::Map(arguments)) => arguments,
            Some(_) => return collector.refuse_type(place, "a mapping of parameters to values"),
        };
        let injected = |name: &str| name == "secrets" || name == "configuration";
        for parameter in parameters {
            let name = &parameter.name;
            if parameter.required && !arguments.contains_key(name) && !injected(name) {
                let message = format!("required argument '{name}' is missing from activity '{func}'");
                let remedy = format!("add `{name}` to `arguments`");
                let refusal = bad_activity("E-PY-ARG-MISSING", message).remedy(remedy);
                collector.refuse(place, refusal);
            }
        }
        for name in arguments.keys() {
            if catch_all || parameters.iter().any(|parameter| parameter.name == *name) {
                continue;
            }
            let message =
                format!("argument '{name}' is not part of the function signature in activity '{func}'");
            let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            let remedy = if names.is_empty() {
                format!("{func} takes no arguments")
            } else {
                suggest::did_you_mean(name, names.iter().copied(), format!("it takes {}", names.join(", ")))
            };
            let refusal = bad_activity("E-PY-ARG-EXTRA", message).remedy(remedy);
            collector.refuse_part(place.key(name), Part::Key, refusal);
        }
    }
}

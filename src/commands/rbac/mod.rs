//! `chaos-tui rbac FILE...`: the Roles that experiments and the live session need, for `kubectl apply -f -`.

mod manifest;
mod rules;

use super::{
    ConnectionArgs, GlobalArgs, VariableArgs, config,
    output::print_page,
    prepare::{Inspected, InspectedSource, Inspection, InspectionDepth, Refusal, inspect},
};
use crate::{
    engine::PreflightInput,
    experiment::configuration::is_dynamic,
    observe::preflight::Needs,
    printing::{self, Printed},
    provider::is_kubernetes,
    runner::Controls,
};
use clap::ValueEnum;
use color_eyre::eyre::Result;
use manifest::Subject;
use pyvalue::{Map, Value};
use std::{collections::BTreeSet, process::ExitCode};

/// Arguments of `rbac`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Experiments: files (.json, .yaml, .yml) or URLs
    #[arg(required = true, value_name = "FILE")]
    pub sources: Vec<String>,
    /// Name of the service account that the Roles are bound to
    #[arg(long, value_name = "NAME", default_value = "chaos-tui")]
    pub service_account: String,
    /// Namespace of the service account, and the one that is watched if no step names any
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub namespace: String,
    /// Name of the Roles and bindings
    #[arg(long, value_name = "NAME", default_value = "chaos-tui")]
    pub name: String,
    /// URL or path that a session would watch as users see it (repeatable); no request is sent to it [default: the
    /// experiment's own HTTP probe]
    #[arg(long, value_name = "URL")]
    pub watch: Vec<String>,
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: Format,
    /// Values of variables.
    #[command(flatten)]
    pub variables: VariableArgs,
}

/// The output formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// YAML with comments that say what needs each rule
    #[default]
    Yaml,
    /// A `List` in JSON
    Json,
}

/// Prints the objects. Reads files and environment variables, and sends no request to a cluster.
///
/// # Errors
/// If an experiment cannot be read or a namespace has no value.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    global.enter_folder()?;
    let names = [
        ("--namespace", &arguments.namespace),
        ("--name", &arguments.name),
        ("--service-account", &arguments.service_account),
    ];
    if let Some((option, name)) = names.into_iter().find(|(_, name)| !rules::is_name(name)) {
        return Err(Refusal::usage(format!("{option}: '{name}' is no name of a Kubernetes object")).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut needs, mut unknown) = (Needs::new(), BTreeSet::new());
    for source in &arguments.sources {
        let inspection = Inspection {
            source: InspectedSource::Named(source),
            environment: &[],
            variables: &arguments.variables,
            connection: &ConnectionArgs::default(),
            settings_path: global.settings.as_ref(),
            depth: InspectionDepth::Declared,
        };
        let inspected = runtime.block_on(inspect(inspection))?;
        for (permission, uses) in needs_of(source, arguments, inspected, &mut unknown)? {
            needs.entry(permission).or_default().extend(uses);
        }
    }
    let subject = Subject {
        account: &arguments.service_account,
        namespace: &arguments.namespace,
        name: &arguments.name,
    };
    let roles = rules::roles(needs);
    let unknown: Vec<String> = unknown.into_iter().collect();
    match arguments.output {
        Format::Yaml => print_page(manifest::yaml(&subject, &roles, &arguments.sources, &unknown)),
        Format::Json => {
            for what in &unknown {
                printing::err(format!("not known: {what}"));
            }
            print_page(Printed::json(&format!("{:#}\n", manifest::json(&subject, &roles))))
        }
    }
}

/// The needs of one experiment. Adds what it runs whose requests are not known.
fn needs_of(
    source: &str,
    arguments: &Arguments,
    inspected: Inspected,
    unknown: &mut BTreeSet<String>,
) -> Result<Needs> {
    if let Some((place, why)) = inspected.broken_entry() {
        let message = format!("{source}: {place}: {why}; `chaos-tui validate {source}` lists all errors");
        return Err(Refusal::invalid(message).into());
    }
    unknown.extend(unknown_steps(&inspected));
    let mut watch = config::preferences(None).map_err(Refusal::usage)?.watch;
    if !arguments.watch.is_empty() {
        watch.urls.clone_from(&arguments.watch);
        watch.before_own = true;
    }
    let Inspected { request, providers, cluster, .. } = inspected;
    let needs = PreflightInput::new(request, providers, cluster, None, &watch).needs(&arguments.namespace);
    for permission in needs.keys() {
        let parts = [Some(&*permission.resource), permission.namespace.as_deref()];
        let part =
            parts.into_iter().flatten().chain(Some(&*permission.group).filter(|group| !group.is_empty()));
        if let Some(part) = part.into_iter().find(|part| !rules::is_resource(part)) {
            let message = format!(
                "{source}: '{part}', in which a step acts, is no name in Kubernetes; give its variable a value with --var"
            );
            return Err(Refusal::invalid(message).into());
        }
    }
    Ok(needs)
}

/// What may send requests of its own to the cluster: programs, functions that are not built in, controls.
fn unknown_steps(inspected: &Inspected) -> Vec<String> {
    let experiment = &inspected.request.experiment;
    let probes = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
    let entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
    let activities: Vec<_> = entries.filter_map(|entry| entry.activity.as_ref().ok()).collect();
    let declared = activities.iter().map(|activity| (&activity.name, &activity.provider.raw));
    let named: Vec<(String, Map)> = declared.map(|(name, raw)| (name.clone(), raw.clone())).collect();
    let nested = |name: &str, of: &Value| Some((name.to_owned(), of.get("provider")?.as_map()?.clone()));
    let tolerances = activities.iter().filter_map(|it| nested(&it.name, it.tolerance.as_ref()?));
    let configuration = experiment.configuration();
    let computed = configuration.iter().filter(|(_, entry)| is_dynamic(entry));
    let computed = computed.filter_map(|(name, entry)| nested(name, entry));
    let all: Vec<(String, Map)> = named.into_iter().chain(tolerances).chain(computed).collect();
    let of = |(name, provider): &(String, Map)| {
        let text = |key: &str| provider.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "process" => Some(format!("the program {} ({name})", text("path"))),
            "python" if inspected.providers.native(text("module"), text("func")).is_none() => {
                let own = if is_kubernetes(text("module")) { ", which is run by Python" } else { "" };
                Some(format!("{}.{} ({name}){own}", text("module"), text("func")))
            }
            _ => None,
        }
    };
    let mut found: Vec<String> = all.iter().filter_map(of).collect();
    if Controls::are_declared(experiment) {
        found.push("the controls of the experiment".to_owned());
    }
    found
}

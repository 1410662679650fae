//! Copies of the extensions on `PYTHONPATH` whose functions are built in here, and so are not used.

use super::{Providers, python_functions::module_and_function};
use crate::experiment::{Environment, Experiment, ProviderKind};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// One sentence for each package of the experiment's native functions that the operator has put on `PYTHONPATH`: perhaps a
/// changed one, on which the experiment counts.
pub fn shadowed_packages(
    experiment: &Experiment,
    providers: &Providers,
    environment: &Environment,
) -> Vec<String> {
    let folders = environment.get("PYTHONPATH").unwrap_or_default();
    if folders.is_empty() {
        return Vec::new();
    }
    let probes = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
    let entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
    let providers_of_entries = entries.filter_map(|entry| Some(&entry.activity.as_ref().ok()?.provider));
    let packages: BTreeSet<&str> = providers_of_entries
        .filter(|provider| provider.kind == ProviderKind::Python)
        .filter_map(|provider| module_and_function(&provider.raw))
        .filter(|(module, function)| providers.native(module, function).is_some())
        .filter_map(|(module, _)| module.split('.').next())
        .collect();
    let copy = |package: &&str| std::env::split_paths(&folders).find_map(|folder| copy_in(&folder, package));
    let found = packages.into_iter().filter_map(|package| Some((package, copy(&package)?)));
    let line = |(package, path): (&str, PathBuf)| {
        format!(
            "the functions of {package} are built into chaos-tui, so the {package} of PYTHONPATH, {}, is not used; to use it, \
             run with --python-native off",
            path.display()
        )
    };
    found.map(line).collect()
}

fn copy_in(folder: &Path, package: &str) -> Option<PathBuf> {
    let of_folder = folder.join(package);
    let module = folder.join(format!("{package}.py"));
    [of_folder, module].into_iter().find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::shadowed_packages;
    use crate::{
        cluster::ClusterSettings,
        experiment::{Environment, Experiment},
        provider::{Providers, kubernetes::Kubernetes},
    };
    use pyvalue::Document;
    use std::sync::Arc;

    #[test]
    fn a_copy_on_the_python_path_is_told_if_the_experiment_uses_what_is_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let environment =
            Environment::of([("PYTHONPATH", format!("/nowhere:{}", folder.path().display()).as_str())]);
        let providers = Providers::new(Environment::default());
        let native = Providers::new(Environment::default())
            .with_catalogue(Arc::new(Kubernetes::new(ClusterSettings::new(|_| None))));
        let shadowed = |providers: &Providers, function: &str| {
            let text = format!(
                r#"{{"title": "t", "method": [{{"type": "action", "name": "a",
                    "provider": {{"type": "python", "module": "chaosk8s.pod.actions", "func": "{function}"}}}}]}}"#
            );
            let document = Document::json("test", text).unwrap();
            shadowed_packages(&Experiment::unchecked(document).unwrap(), providers, &environment)
        };
        assert!(shadowed(&native, "terminate_pods").is_empty());
        std::fs::create_dir(folder.path().join("chaosk8s")).unwrap();
        let lines = shadowed(&native, "terminate_pods");
        assert!(matches!(lines.as_slice(), [line] if line.contains("--python-native off")), "{lines:?}");
        assert!(shadowed(&native, "my_own_function").is_empty(), "Python runs it");
        assert!(shadowed(&providers, "terminate_pods").is_empty(), "Python runs all");
    }
}

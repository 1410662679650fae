//! Chooses the cluster in the reference's order; checks only whether files exist.

use super::{ClusterSettings, Error};
use pyvalue::Map;
use std::path::{Path, PathBuf};

/// How the cluster is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ClusterChoice {
    /// One kubeconfig or several to be merged, and the context if one was asked for.
    Kubeconfig {
        /// Existing files, at least one.
        paths: Vec<PathBuf>,
        /// `--context` or `KUBERNETES_CONTEXT`.
        context: Option<String>,
    },
    /// The service account of the pod that this program runs in.
    InCluster,
    /// `KUBERNETES_HOST` and related settings.
    Direct,
}

/// Chooses (kubernetes-catalog 1.1) a kubeconfig that exists, else the pod's service account, else direct settings.
///
/// Deliberate deviations: `KUBECONFIG` may list several files as for `kubectl`, and without `KUBERNETES_HOST` the
/// result is an error instead of `http://localhost`.
pub(super) fn choose(
    settings: &ClusterSettings,
    secrets: &Map,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<ClusterChoice, Error> {
    let context = settings.context.clone().or_else(|| setting(settings, secrets, "KUBERNETES_CONTEXT"));
    let (named, origin) = kubeconfig_paths(settings);
    let paths: Vec<PathBuf> = named.iter().filter(|path| exists(path)).cloned().collect();
    if !paths.is_empty() {
        return Ok(ClusterChoice::Kubeconfig { paths, context });
    }
    let listed = named.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let looked = if listed.is_empty() {
        "neither KUBECONFIG nor HOME is set".to_owned()
    } else {
        format!("{origin} {listed} does not exist")
    };
    // An option chooses a context of a kubeconfig, and never another kind of cluster.
    if settings.names_cluster() {
        return Err(Error::NoCluster { looked });
    }
    if settings.variable("CHAOSTOOLKIT_IN_POD").as_deref() == Some("true") {
        return Ok(ClusterChoice::InCluster);
    }
    if setting(settings, secrets, "KUBERNETES_HOST").is_some() {
        return Ok(ClusterChoice::Direct);
    }
    Err(Error::NoCluster { looked: format!("{looked}, and KUBERNETES_HOST is not set") })
}

/// Chooses what a program finds that ignores `KUBERNETES_*`, such as `kubectl`: a kubeconfig that exists, and the
/// option's context or else the current one.
pub(super) fn choose_for_program(
    settings: &ClusterSettings,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<ClusterChoice, Error> {
    let (named, origin) = kubeconfig_paths(settings);
    let paths: Vec<PathBuf> = named.iter().filter(|path| exists(path)).cloned().collect();
    if paths.is_empty() {
        Err(Error::NoCluster { looked: format!("no file of {origin} is there") })
    } else {
        Ok(ClusterChoice::Kubeconfig { paths, context: settings.context.clone() })
    }
}

/// Returns a setting from the activity's secrets, else from the environment (kubernetes-catalog 1.2).
pub(super) fn setting(settings: &ClusterSettings, secrets: &Map, name: &str) -> Option<String> {
    let secret = secrets.get(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    secret.map(str::to_owned).or_else(|| settings.variable(name))
}

/// Returns the paths of the configured kubeconfig files, and the setting that names them.
pub(super) fn kubeconfig_paths(settings: &ClusterSettings) -> (Vec<PathBuf>, &'static str) {
    if let Some(path) = &settings.kubeconfig {
        return (vec![path.clone()], "--kubeconfig");
    }
    if let Some(list) = settings.variable("KUBECONFIG") {
        let paths = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty());
        return (paths.map(|path| expand(settings, path)).collect(), "KUBECONFIG");
    }
    let home = settings.variable("HOME").map(|home| Path::new(&home).join(".kube/config"));
    (home.into_iter().collect(), "kubeconfig")
}

fn expand(settings: &ClusterSettings, path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), settings.variable("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::Value;

    fn settings(variables: &'static [(&'static str, &'static str)]) -> ClusterSettings {
        ClusterSettings::new(move |name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
        })
    }

    fn files(paths: &[&str], context: Option<&str>) -> ClusterChoice {
        ClusterChoice::Kubeconfig {
            paths: paths.iter().map(PathBuf::from).collect(),
            context: context.map(str::to_owned),
        }
    }

    #[test]
    fn first_match_wins() {
        let home_exists = |path: &Path| path == Path::new("/h/.kube/config");
        let none = |_: &Path| false;
        let all = |_: &Path| true;
        type Variables = &'static [(&'static str, &'static str)];
        type Exists<'a> = &'a dyn Fn(&Path) -> bool;
        let table: &[(&str, Variables, Exists<'_>, Option<ClusterChoice>)] = &[
            ("default file", &[("HOME", "/h")], &home_exists, Some(files(&["/h/.kube/config"], None))),
            (
                "KUBECONFIG hides the default",
                &[("HOME", "/h"), ("KUBECONFIG", "/k")],
                &all,
                Some(files(&["/k"], None)),
            ),
            ("tilde", &[("HOME", "/h"), ("KUBECONFIG", "~/k")], &all, Some(files(&["/h/k"], None))),
            ("a list", &[("KUBECONFIG", "/a:/b")], &all, Some(files(&["/a", "/b"], None))),
            (
                "context from the environment",
                &[("KUBECONFIG", "/a"), ("KUBERNETES_CONTEXT", "m")],
                &all,
                Some(files(&["/a"], Some("m"))),
            ),
            (
                "a file wins over a host",
                &[("KUBECONFIG", "/a"), ("KUBERNETES_HOST", "http://x")],
                &all,
                Some(files(&["/a"], None)),
            ),
            (
                "in a pod",
                &[("HOME", "/h"), ("CHAOSTOOLKIT_IN_POD", "true"), ("KUBERNETES_HOST", "http://x")],
                &none,
                Some(ClusterChoice::InCluster),
            ),
            (
                "only the word true",
                &[("CHAOSTOOLKIT_IN_POD", "1"), ("KUBERNETES_HOST", "http://x")],
                &none,
                Some(ClusterChoice::Direct),
            ),
            ("nothing", &[("HOME", "/h")], &none, None),
        ];
        for (name, variables, exists, wanted) in table {
            let got = choose(&settings(variables), &Map::default(), exists).ok();
            assert_eq!(&got, wanted, "{name}");
        }
    }

    #[test]
    fn secrets_win_over_the_environment() {
        let secrets = Map::from_iter([("KUBERNETES_CONTEXT".to_owned(), Value::from("s"))]);
        let settings = settings(&[("KUBECONFIG", "/a"), ("KUBERNETES_CONTEXT", "e")]);
        assert_eq!(choose(&settings, &secrets, &|_| true).ok(), Some(files(&["/a"], Some("s"))));
    }

    #[test]
    fn an_option_names_the_only_file() {
        let mut settings = settings(&[("KUBECONFIG", "/a"), ("KUBERNETES_HOST", "http://x")]);
        settings.kubeconfig = Some("/k".into());
        settings.context = Some("o".into());
        assert_eq!(choose(&settings, &Map::default(), &|_| true).ok(), Some(files(&["/k"], Some("o"))));
        let error = choose(&settings, &Map::default(), &|_| false).unwrap_err().to_string();
        assert!(error.contains("--kubeconfig /k does not exist"), "{error}");
        assert!(error.contains("--sandbox"), "{error}");
    }

    #[test]
    fn a_context_by_option_wins_over_everything_and_is_never_another_cluster() {
        let secrets = Map::from_iter([
            ("KUBERNETES_CONTEXT".to_owned(), Value::from("s")),
            ("KUBERNETES_HOST".to_owned(), Value::from("http://secret")),
        ]);
        let mut settings = settings(&[
            ("KUBECONFIG", "/a"),
            ("KUBERNETES_CONTEXT", "e"),
            ("KUBERNETES_HOST", "http://x"),
            ("CHAOSTOOLKIT_IN_POD", "true"),
        ]);
        settings.context = Some("o".into());
        assert_eq!(choose(&settings, &secrets, &|_| true).ok(), Some(files(&["/a"], Some("o"))));
        assert!(choose(&settings, &secrets, &|_| false).is_err(), "neither the pod's nor the host's");
    }

    #[test]
    fn a_program_knows_only_its_kubeconfig() {
        let mut settings = settings(&[("KUBECONFIG", "/a"), ("KUBERNETES_CONTEXT", "e")]);
        assert_eq!(choose_for_program(&settings, &|_| true).ok(), Some(files(&["/a"], None)));
        assert!(choose_for_program(&settings, &|_| false).is_err());
        settings.context = Some("o".into());
        assert_eq!(choose_for_program(&settings, &|_| true).ok(), Some(files(&["/a"], Some("o"))));
    }
}

//! Files that the program loads: experiments as JSON and YAML, settings, files of variables, `--var`.
//!
//! The first byte says which; the rest is the file.

#![no_main]

use chaos_tui::experiment::{
    Access, ControlCheck, Described, Environment, Experiment, Overrides, Runtime, Secrets, Settings,
    Signatures, ValidationChecks, configuration, findings, load, parse_var, substitute, tolerance, validate,
};
use chaos_tui_fuzz::{InputFile, applied};
use futures_util::{FutureExt, future::BoxFuture};
use libfuzzer_sys::fuzz_target;
use pyvalue::{Map, Value};

/// No Python is asked.
struct NoPython;

impl Signatures for NoPython {
    fn describe<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Described> {
        async { Described::Unknown(String::new()) }.boxed()
    }

    fn control<'a>(&'a self, _: &'a str, _: &'a Value) -> BoxFuture<'a, ControlCheck> {
        async { ControlCheck::Unknown }.boxed()
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, file)) = data.split_first() else { return };
    let mut environment = Environment::default();
    match kind % 8 {
        0..=2 => experiment(".json", file, &environment),
        3 | 4 => experiment(".yaml", file, &environment),
        5 => {
            let file = InputFile::with(".yaml", file);
            let Ok(settings) = Settings::read(file.path()) else { return applied(false) };
            applied(true);
            let _ = Runtime::of_settings(settings.as_map());
            settings.with_runtime(&Runtime::default());
            settings.loaded().to_json();
        }
        6 => {
            let suffix = [".json", ".yaml", ".env"][file.len() % 3];
            let file = InputFile::with(suffix, file);
            applied(Overrides::read(&[], &[file.path().to_owned()], &mut environment).is_ok());
        }
        _ => applied(std::str::from_utf8(file).is_ok_and(|text| parse_var(text).is_ok())),
    }
});

fn experiment(suffix: &str, file: &[u8], environment: &Environment) {
    let file = InputFile::with(suffix, file);
    let source = file.path().to_str().expect("an ASCII path");
    let settings = Settings::default();
    let access = Access { verify_tls: true, environment, settings: &settings };
    // Small files are read at once, and nothing else is waited for.
    let loaded = load(source, access).now_or_never().expect("a small file is read at once");
    let document = match loaded {
        Ok(document) => document,
        Err(error) => {
            let (finding, line) = error.finding();
            findings::render(&finding, source, line.as_deref());
            return applied(false);
        }
    };
    // Validation asks Vault for its secrets.
    if names_vault(document.root()) {
        return;
    }
    applied(true);
    let checks = ValidationChecks { environment, signatures: &NoPython };
    let validation = validate(document.clone(), checks).now_or_never().expect("nothing is waited for");
    for finding in &validation.findings.0 {
        findings::render(finding, source, Some(document.line(finding.position.line)));
    }
    assert_eq!(validation.findings.valid(), validation.experiment.is_ok());
    let Ok(experiment) = Experiment::unchecked(document) else { return };
    let Ok(variables) = configuration::resolve(&experiment.configuration(), &Map::default(), environment)
    else {
        return;
    };
    let secrets = Secrets::new(experiment.secrets());
    let _ = Runtime::of_experiment(experiment.raw());
    substitute(&experiment.raw().clone().into(), &variables, &secrets);
    let probes = experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice()).unwrap_or_default();
    for entry in experiment.method().iter().chain(experiment.rollbacks()).chain(probes) {
        if let Ok(activity) = &entry.activity {
            let output = Value::from("8");
            tolerance::evaluate(activity.tolerance.as_ref(), &output, &variables, &secrets, &entry.place);
        }
    }
}

fn names_vault(value: &Value) -> bool {
    match value {
        Value::Text(text) => text == "vault",
        Value::List(list) => list.iter().any(names_vault),
        Value::Map(map) => map.values().any(names_vault),
        _ => false,
    }
}

//! Quantities: `cpu: 0.4` becomes `"400m"`. The Python client refuses numbers (kubernetes-wire 11.3).

use super::pod_defaults::pod_spec;
use crate::store::Resource;
use serde_json::Value;

/// Converts the quantities of a pod or pod template to canonical strings.
pub fn canonicalise(resource: Resource, object: &mut Value) {
    let Some(spec) = pod_spec(resource, object) else { return };
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for container in containers {
            for kind in ["limits", "requests"] {
                let amounts = container.get_mut("resources").and_then(|resources| resources.get_mut(kind));
                let amounts = amounts.and_then(Value::as_object_mut).into_iter().flatten();
                for (_, amount) in amounts {
                    if let Some(text) = canonical(amount) {
                        *amount = text.into();
                    }
                }
            }
        }
    }
}

/// Returns the amount of a quantity such as `500m`, `64Mi` or `2e3`; `None` for anything else.
pub(crate) fn amount(quantity: &Value) -> Option<f64> {
    let text = match quantity {
        Value::Number(number) => return number.as_f64(),
        value => value.as_str()?,
    };
    const UNITS: [(&str, f64); 16] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
        ("", 1.0),
    ];
    let unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = unit?;
    Some(number.parse::<f64>().ok().filter(|number| number.is_finite())? * factor)
}

/// Returns the canonical text, or `None` when the quantity is already canonical or is not a quantity.
fn canonical(amount: &Value) -> Option<String> {
    let text = match amount {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    if let Some(thousands) = text.strip_suffix('m').and_then(|milli| milli.strip_suffix("000"))
        && !thousands.is_empty()
    {
        return Some(thousands.to_owned());
    }
    let Some((whole, fraction)) = text.split_once('.') else {
        return amount.is_number().then_some(text);
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if !digits(whole) || !digits(fraction) || fraction.len() > 3 {
        return amount.is_number().then_some(text);
    }
    if fraction.is_empty() {
        return Some(whole.to_owned());
    }
    let milli = format!("{whole}{fraction:0<3}");
    Some(format!("{}m", milli.trim_start_matches('0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_have_units() {
        for (quantity, expected) in [
            (json!("500m"), Some(0.5)),
            (json!("64Mi"), Some(67_108_864.0)),
            (json!("1.5Gi"), Some(1_610_612_736.0)),
            (json!("2"), Some(2.0)),
            (json!("2e3"), Some(2000.0)),
            (json!(4), Some(4.0)),
            (json!("many"), None),
            (json!(null), None),
        ] {
            assert_eq!(amount(&quantity), expected, "{quantity}");
        }
    }

    #[test]
    fn numbers_become_texts() {
        let table = [
            (json!(0.4), Some("400m")),
            (json!(1), Some("1")),
            (json!(1.5), Some("1500m")),
            (json!("0.25"), Some("250m")),
            (json!("2.0"), Some("2")),
            (json!("2000m"), Some("2")),
            (json!("100m"), None),
            (json!("64Mi"), None),
            (json!("1.5Gi"), None),
            (json!(true), None),
        ];
        for (amount, text) in table {
            assert_eq!(canonical(&amount).as_deref(), text, "{amount}");
        }
    }
}

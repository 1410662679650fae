//! Evaluation of a parsed path.

use super::{
    functions,
    path::{Comparison, Expression, Operand, Path, PathError, Selector, Step},
};
use crate::value::Value;
use std::{borrow::Cow, cmp::Ordering};

/// The maximum number of values that one search may visit: the visits of `$..*..*..*` grow exponentially with the
/// number of `..*` steps.
const MAX_VISITS: usize = 2_000_000;

type Found<'a> = Vec<Cow<'a, Value>>;

pub(super) fn find(path: &Path, root: &Value) -> Result<Vec<Value>, PathError> {
    let mut search = Search { root, visits: 0 };
    let mut found = Vec::new();
    search.descend(&path.steps, Cow::Borrowed(root), &mut found)?;
    Ok(found.into_iter().map(Cow::into_owned).collect())
}

struct Search<'a> {
    root: &'a Value,
    visits: usize,
}

impl<'a> Search<'a> {
    /// Evaluates the steps from a node, depth first.
    fn descend(
        &mut self,
        steps: &[Step],
        node: Cow<'a, Value>,
        found: &mut Found<'a>,
    ) -> Result<(), PathError> {
        self.visits += 1;
        if self.visits > MAX_VISITS {
            return Err(PathError::TooManyVisits(MAX_VISITS));
        }
        let Some((step, rest)) = steps.split_first() else {
            found.push(node);
            return Ok(());
        };
        for selector in &step.selectors {
            for child in self.select(selector, &node)? {
                self.descend(rest, child, found)?;
            }
        }
        if step.descend {
            for child in children(&node) {
                self.descend(steps, child, found)?;
            }
        }
        Ok(())
    }

    fn select(&mut self, selector: &Selector, node: &Cow<'a, Value>) -> Result<Found<'a>, PathError> {
        Ok(match selector {
            Selector::Key(key) => entry(node, key).into_iter().collect(),
            Selector::Index(index) => item(node, *index).into_iter().collect(),
            Selector::Slice { start, end, step } => slice(node, *start, *end, *step)?,
            Selector::Wildcard => children(node),
            Selector::Filter(expression) => {
                if self.holds(expression, node)? {
                    vec![node.clone()]
                } else {
                    Vec::new()
                }
            }
            Selector::Computed(operand) => {
                let mut selected = Vec::new();
                for key in self.values(operand, node)? {
                    selected.extend(match &*key {
                        Value::Int(index) => item(node, *index),
                        Value::Bool(index) => item(node, i64::from(*index)),
                        Value::Text(key) => entry(node, key),
                        _ => None,
                    });
                }
                selected
            }
            Selector::Function(function, arguments) => {
                // The function is called for every combination of argument values.
                let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
                for argument in arguments {
                    let values = self.values(argument, node)?;
                    self.visits = self.visits.saturating_add(rows.len().saturating_mul(values.len()));
                    if self.visits > MAX_VISITS {
                        return Err(PathError::TooManyVisits(MAX_VISITS));
                    }
                    let grown = rows.iter().flat_map(|row| {
                        values
                            .iter()
                            .map(|value| row.iter().cloned().chain([value.clone().into_owned()]).collect())
                    });
                    rows = grown.collect();
                }
                rows.iter().filter_map(|row| functions::call(*function, node, row)).map(Cow::Owned).collect()
            }
        })
    }

    fn values(&mut self, operand: &Operand, node: &Cow<'a, Value>) -> Result<Found<'a>, PathError> {
        let mut found = Vec::new();
        match operand {
            Operand::Root(steps) => self.descend(steps, Cow::Borrowed(self.root), &mut found)?,
            Operand::Current(steps) => self.descend(steps, node.clone(), &mut found)?,
            Operand::Literal(value) => found.push(Cow::Owned(value.clone())),
        }
        Ok(found)
    }

    #[expect(
        clippy::ptr_arg,
        reason = "the paths inside borrow from the document, which `&Value` would not tell"
    )]
    fn holds(&mut self, expression: &Expression, node: &Cow<'a, Value>) -> Result<bool, PathError> {
        match expression {
            Expression::And(all) => {
                for one in all {
                    if !self.holds(one, node)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expression::Or(any) => {
                for one in any {
                    if self.holds(one, node)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::Not(inner) => Ok(!self.holds(inner, node)?),
            Expression::Some(Operand::Literal(value)) => Ok(value.truthy()),
            Expression::Some(operand) => Ok(!self.values(operand, node)?.is_empty()),
            Expression::Compare(left, comparison, right) => {
                let (left, right) = (self.values(left, node)?, self.values(right, node)?);
                self.visits = self.visits.saturating_add(left.len().saturating_mul(right.len()));
                if self.visits > MAX_VISITS {
                    return Err(PathError::TooManyVisits(MAX_VISITS));
                }
                Ok(left.iter().any(|left| right.iter().any(|right| comparison.holds(left, right))))
            }
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = || left.numeric_cmp(right).flatten();
        match self {
            Comparison::Equal => left.py_eq(right),
            Comparison::NotEqual => !left.py_eq(right),
            Comparison::Less => order().is_some_and(Ordering::is_lt),
            Comparison::LessOrEqual => order().is_some_and(Ordering::is_le),
            Comparison::Greater => order().is_some_and(Ordering::is_gt),
            Comparison::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
        }
    }
}

/// Returns the values of a mapping or the items of a list.
fn children<'a>(node: &Cow<'a, Value>) -> Found<'a> {
    match node {
        Cow::Borrowed(Value::Map(map)) => map.values().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::List(list)) => list.iter().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Map(map)) => map.values().cloned().map(Cow::Owned).collect(),
        Cow::Owned(Value::List(list)) => list.iter().cloned().map(Cow::Owned).collect(),
        _ => Vec::new(),
    }
}

fn entry<'a>(node: &Cow<'a, Value>, key: &str) -> Option<Cow<'a, Value>> {
    match node {
        Cow::Borrowed(value) => value.get(key).map(Cow::Borrowed),
        Cow::Owned(value) => value.get(key).cloned().map(Cow::Owned),
    }
}

fn item<'a>(node: &Cow<'a, Value>, index: i64) -> Option<Cow<'a, Value>> {
    let length = i64::try_from(node.as_list()?.len()).ok()?;
    let index = usize::try_from(if index < 0 { index.checked_add(length)? } else { index }).ok()?;
    match node {
        Cow::Borrowed(Value::List(list)) => list.get(index).map(Cow::Borrowed),
        Cow::Owned(Value::List(list)) => list.get(index).cloned().map(Cow::Owned),
        _ => None,
    }
}

/// Returns the items of a slice. A negative start before the beginning is 0; the end is not clamped.
fn slice<'a>(
    node: &Cow<'a, Value>,
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
) -> Result<Found<'a>, PathError> {
    let Some(list) = node.as_list() else { return Ok(Vec::new()) };
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(PathError::ZeroStep);
    }
    let start = match start.unwrap_or(0) {
        start if start < 0 => start + if -start < length { length } else { -start },
        start => start,
    };
    let end = end.map_or(length, |end| if end < 0 { end + length } else { end });
    let mut items = Vec::new();
    // Indices outside `-length..length` have no items, so they are skipped without iteration.
    let mut index = match step {
        1.. => start,
        _ if start > length => start - (start - length) / -step * -step,
        _ => start,
    };
    while if step > 0 { index < end && index < length } else { index > end && index >= -length } {
        items.extend(item(node, index));
        index = index.saturating_add(step);
    }
    Ok(items)
}

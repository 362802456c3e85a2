//! Examples of messages: the simplest there can be, and how those that people wrote follow a change.

use super::{
    differences::FieldChange,
    json::Json,
    model::{Field, Item, Shape, Variant},
};
use serde_json::{Value, json};

/// Makes an example of a message follow a change of its schema. What still fits stays.
pub(crate) fn mend(example: &mut Json, change: &FieldChange) {
    match change {
        FieldChange::Added(Field { name, required: true, shape })
        | FieldChange::Required { name, required: true, shape } => {
            if example.get(name).is_none() {
                example.set(name, Json::from(&sample(shape)));
            }
        }
        FieldChange::Added(_) | FieldChange::Required { .. } => {}
        FieldChange::Removed(name) => example.remove(name),
        FieldChange::Renamed { from, to } => example.rename(from, to),
        FieldChange::Retyped { name, to, .. } => {
            if example.get(name).is_some_and(|value| !accepts(to, &value.value())) {
                example.set(name, Json::from(&sample(to)));
            }
        }
    }
}

/// The simplest value of a shape.
pub(crate) fn sample(shape: &Shape) -> Value {
    match shape {
        Shape::Any => json!("anything"),
        Shape::Integer => json!(1),
        Shape::String => json!("text"),
        Shape::Boolean => json!(true),
        Shape::Null => Value::Null,
        Shape::Nullable(inner) => sample(inner),
        Shape::List(element) => json!([sample(element)]),
        Shape::Map(value) => json!({"key": sample(value)}),
        Shape::Object(fields) => fields
            .iter()
            .filter(|field| field.required)
            .map(|field| (field.name.clone(), sample(&field.shape)))
            .collect(),
        Shape::Tuple(items) => items.iter().map(|item| sample(&item.shape)).collect(),
        Shape::Tagged(variants) => match variants.first() {
            Some(Variant { tag, items }) => {
                std::iter::once(json!(tag)).chain(items.iter().map(|item| sample(&item.shape))).collect()
            }
            None => Value::Null,
        },
        Shape::Words(words) => json!(words.first()),
    }
}

/// Whether a value is of a shape.
pub(crate) fn accepts(shape: &Shape, value: &Value) -> bool {
    let items_fit = |items: &[Item], values: &[Value]| {
        items.len() == values.len() && items.iter().zip(values).all(|(item, value)| accepts(&item.shape, value))
    };
    match (shape, value) {
        (Shape::Any, _) | (Shape::String, Value::String(_)) | (Shape::Boolean, Value::Bool(_)) => true,
        (Shape::Integer, number) => number.is_i64(),
        (Shape::Null | Shape::Nullable(_), Value::Null) => true,
        (Shape::Nullable(inner), value) => accepts(inner, value),
        (Shape::List(element), Value::Array(values)) => values.iter().all(|value| accepts(element, value)),
        (Shape::Map(inner), Value::Object(members)) => members.values().all(|value| accepts(inner, value)),
        (Shape::Object(fields), Value::Object(members)) => {
            let known = members.keys().all(|key| fields.iter().any(|field| field.name == *key));
            known
                && fields.iter().all(|field| match members.get(&field.name) {
                    Some(value) => accepts(&field.shape, value),
                    None => !field.required,
                })
        }
        (Shape::Tuple(items), Value::Array(values)) => items_fit(items, values),
        (Shape::Tagged(variants), Value::Array(values)) => {
            let Some((tag, values)) = values.split_first() else { return false };
            variants.iter().any(|variant| *tag == json!(variant.tag) && items_fit(&variant.items, values))
        }
        (Shape::Words(words), Value::String(word)) => words.contains(word),
        _ => false,
    }
}

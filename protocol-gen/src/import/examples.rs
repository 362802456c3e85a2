//! Examples of messages: the simplest example of a shape, and the update of examples that people wrote.

use crate::import::{
    differences::FieldChange,
    model::{Field, Item, Shape, Variant},
    ordered_json::OrderedJson,
};
use serde_json::{Value, json};

/// Updates an example of a message after a change of its schema. Values that still fit stay.
pub(crate) fn update(example: &mut OrderedJson, change: &FieldChange) {
    match change {
        FieldChange::Added(Field { name, required: true, shape })
        | FieldChange::Required { name, required: true, shape } => {
            if example.get(name).is_none() {
                example.set(name, OrderedJson::from(&sample(shape)));
            }
        }
        FieldChange::Added(_) | FieldChange::Required { .. } => {}
        FieldChange::Removed(name) => example.remove(name),
        FieldChange::Renamed { from, to } => example.rename(from, to),
        FieldChange::Retyped { name, to, .. } => {
            if example.get(name).is_some_and(|value| !accepts(to, &value.value())) {
                example.set(name, OrderedJson::from(&sample(to)));
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
        Shape::Enum(strings) => json!(strings.first()),
    }
}

/// Returns true if a value has a shape.
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
        (Shape::Enum(strings), Value::String(string)) => strings.contains(string),
        _ => false,
    }
}

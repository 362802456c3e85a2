//! Changes the shape of a schema and keeps everything that still holds: descriptions, titles, names of definitions.

use crate::import::{
    differences::{FieldChange, field_changes},
    model::{Item, Shape, Variant},
    new_schema::{ShapeWriter, definition_of, merge, tuple},
    ordered_json::OrderedJson,
};
use std::{collections::BTreeMap, mem::discriminant};

/// A change of shapes in one message.
pub(crate) struct Reshape<'a> {
    pub(crate) writer: ShapeWriter<'a>,
    /// The number of references to each definition.
    pub(crate) uses: &'a BTreeMap<String, usize>,
}

impl<'a> Reshape<'a> {
    /// Changes `schema`, which has the shape `old`, to the shape `new`.
    pub(crate) fn reshape(&mut self, mut schema: OrderedJson, old: &Shape, new: &Shape) -> OrderedJson {
        if old.agrees(new) {
            return schema;
        }
        if let Some(name) = definition_of(&schema) {
            // A definition with several references must not change for the others.
            let own = self.uses.get(&name) == Some(&1) && discriminant(old) == discriminant(new);
            let Some(definition) = self.writer.definitions.get(&name).filter(|_| own).cloned() else {
                return self.replace(&schema, new);
            };
            let definition = self.reshape(definition, old, new);
            self.writer.definitions.insert(name, definition);
            return schema;
        }
        match (old, new) {
            (Shape::Nullable(old), Shape::List(_)) if matches!(**old, Shape::List(_)) => self.reshape(schema, old, new),
            (Shape::List(old), Shape::List(new)) => self.part(schema, "items", old, new),
            (Shape::Map(old), Shape::Map(new)) => self.part(schema, "additionalProperties", old, new),
            (Shape::Tuple(old), Shape::Tuple(new)) => {
                let items = std::mem::take(schema.elements("items"));
                merge(&mut schema, tuple(self.items(items, old, new, |writer, _, item| writer.item(item))));
                schema
            }
            (Shape::Tagged(old), Shape::Tagged(new)) => {
                let variants = std::mem::take(schema.elements("oneOf"));
                *schema.elements("oneOf") = self.variants(variants, old, new);
                schema
            }
            (Shape::Object(old), Shape::Object(new)) => {
                for change in field_changes(old, new) {
                    self.field(&mut schema, &change);
                }
                schema
            }
            _ => self.replace(&schema, new),
        }
    }

    /// Changes a field in an object's `properties` and `required`.
    pub(crate) fn field(&mut self, object: &mut OrderedJson, change: &FieldChange) {
        match change {
            FieldChange::Added(field) => {
                object.members("properties").insert(field.name.clone(), self.writer.property(field));
                require(object, &field.name, field.required);
            }
            FieldChange::Removed(name) => {
                object.members("properties").shift_remove(name);
                require(object, name, false);
            }
            FieldChange::Renamed { from, to } => {
                if let Some(properties) = object.get_mut("properties") {
                    properties.rename(from, to);
                }
                let required = object.elements("required").iter_mut();
                required
                    .filter(|name| name.text().as_deref() == Some(from))
                    .for_each(|name| *name = to.as_str().into());
            }
            FieldChange::Required { name, required, .. } => require(object, name, *required),
            FieldChange::Retyped { name, from, to } => {
                self.writer.name_field(name);
                let Some(property) = object.members("properties").get(name).cloned() else { return };
                let property = self.reshape(property, from, to);
                object.members("properties").insert(name.clone(), property);
            }
        }
    }

    fn part(&mut self, mut schema: OrderedJson, key: &str, old: &Shape, new: &Shape) -> OrderedJson {
        let part = match schema.get(key).cloned() {
            Some(part) => self.reshape(part, old, new),
            None => self.writer.shape(new),
        };
        schema.set(key, part);
        schema
    }

    fn items(
        &mut self,
        items: Vec<OrderedJson>,
        old: &[Item],
        new: &[Item],
        make: impl Fn(&mut ShapeWriter<'a>, usize, &Item) -> OrderedJson,
    ) -> Vec<OrderedJson> {
        let mut items = items.into_iter().zip(old);
        let items = new.iter().enumerate().map(|(index, new)| match items.next() {
            Some((item, old)) if old.shape.agrees(&new.shape) => item,
            Some((item, old)) if discriminant(&old.shape) == discriminant(&new.shape) => {
                self.reshape(item, &old.shape, &new.shape)
            }
            Some((item, _)) => {
                let mut replaced = make(&mut self.writer, index, new);
                for keyword in ["title", "description"] {
                    if let Some(kept) = item.get(keyword) {
                        replaced.set(keyword, kept.clone());
                    }
                }
                replaced
            }
            None => make(&mut self.writer, index, new),
        });
        items.collect()
    }

    fn variants(&mut self, schemas: Vec<OrderedJson>, old: &[Variant], new: &[Variant]) -> Vec<OrderedJson> {
        let mut known: BTreeMap<_, _> =
            old.iter().zip(schemas).map(|(variant, schema)| (&variant.tag, (variant, schema))).collect();
        let kept = old.iter().filter_map(|old| new.iter().find(|new| new.tag == old.tag));
        let added = new.iter().filter(|new| old.iter().all(|old| old.tag != new.tag));
        let variants: Vec<_> = kept.chain(added).collect();
        let variants = variants.into_iter().map(|new| match known.remove(&new.tag) {
            Some((old, mut schema)) => {
                let mut items = std::mem::take(schema.elements("items"));
                let rest = items.split_off(1);
                items.extend(self.items(rest, &old.items, &new.items, ShapeWriter::tagged_item));
                merge(&mut schema, tuple(items));
                schema
            }
            None => self.writer.variant(new),
        });
        variants.collect()
    }

    /// A new schema with the title and description of the old one.
    fn replace(&mut self, schema: &OrderedJson, new: &Shape) -> OrderedJson {
        let kept = ["title", "description"].into_iter();
        let kept = kept.filter_map(|keyword| Some((keyword.to_owned(), schema.get(keyword)?.clone()))).collect();
        let mut replaced = OrderedJson::Object(kept);
        let shape = self.writer.shape(new);
        merge(&mut replaced, shape);
        replaced
    }
}

/// Adds a name to the required fields of an object, or removes it.
fn require(object: &mut OrderedJson, name: &str, required: bool) {
    let names = object.elements("required");
    names.retain(|other| other.text().as_deref() != Some(name));
    if required {
        names.push(name.into());
    }
}

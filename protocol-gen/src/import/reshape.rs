//! Gives a schema another shape and keeps what still holds: descriptions, titles, names of definitions.

use super::{
    differences::{FieldChange, field_changes},
    fresh::{Fresh, definition_of, merge, tuple},
    json::Json,
    model::{Item, Shape, Variant},
};
use std::{collections::BTreeMap, mem::discriminant};

pub(crate) struct Reshape<'a> {
    pub(crate) fresh: Fresh<'a>,
    /// How often each definition is referred to.
    pub(crate) uses: &'a BTreeMap<String, usize>,
}

impl<'a> Reshape<'a> {
    /// `schema`, which says `old`, so that it says `new`.
    pub(crate) fn reshape(&mut self, mut schema: Json, old: &Shape, new: &Shape) -> Json {
        if old.agrees(new) {
            return schema;
        }
        if let Some(name) = definition_of(&schema) {
            // A definition with another user keeps saying what that one needs.
            let own = self.uses.get(&name) == Some(&1) && discriminant(old) == discriminant(new);
            let Some(definition) = self.fresh.definitions.get(&name).filter(|_| own).cloned() else {
                return self.replace(&schema, new);
            };
            let definition = self.reshape(definition, old, new);
            self.fresh.definitions.insert(name, definition);
            return schema;
        }
        match (old, new) {
            (Shape::Nullable(old), Shape::List(_)) if matches!(**old, Shape::List(_)) => self.reshape(schema, old, new),
            (Shape::List(old), Shape::List(new)) => self.part(schema, "items", old, new),
            (Shape::Map(old), Shape::Map(new)) => self.part(schema, "additionalProperties", old, new),
            (Shape::Tuple(old), Shape::Tuple(new)) => {
                let items = std::mem::take(schema.elements("items"));
                merge(&mut schema, tuple(self.items(items, old, new, |fresh, _, item| fresh.item(item))));
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
    pub(crate) fn field(&mut self, object: &mut Json, change: &FieldChange) {
        match change {
            FieldChange::Added(field) => {
                object.members("properties").insert(field.name.clone(), self.fresh.property(field));
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
                self.fresh.name_field(name);
                let Some(property) = object.members("properties").get(name).cloned() else { return };
                let property = self.reshape(property, from, to);
                object.members("properties").insert(name.clone(), property);
            }
        }
    }

    fn part(&mut self, mut schema: Json, key: &str, old: &Shape, new: &Shape) -> Json {
        let part = match schema.get(key).cloned() {
            Some(part) => self.reshape(part, old, new),
            None => self.fresh.shape(new),
        };
        schema.set(key, part);
        schema
    }

    fn items(
        &mut self,
        items: Vec<Json>,
        old: &[Item],
        new: &[Item],
        make: impl Fn(&mut Fresh<'a>, usize, &Item) -> Json,
    ) -> Vec<Json> {
        let mut items = items.into_iter().zip(old);
        let items = new.iter().enumerate().map(|(index, new)| match items.next() {
            Some((item, old)) if old.shape.agrees(&new.shape) => item,
            Some((item, old)) if discriminant(&old.shape) == discriminant(&new.shape) => {
                self.reshape(item, &old.shape, &new.shape)
            }
            Some((item, _)) => {
                let mut replaced = make(&mut self.fresh, index, new);
                for word in ["title", "description"] {
                    if let Some(kept) = item.get(word) {
                        replaced.set(word, kept.clone());
                    }
                }
                replaced
            }
            None => make(&mut self.fresh, index, new),
        });
        items.collect()
    }

    fn variants(&mut self, schemas: Vec<Json>, old: &[Variant], new: &[Variant]) -> Vec<Json> {
        let mut known: BTreeMap<_, _> =
            old.iter().zip(schemas).map(|(variant, schema)| (&variant.tag, (variant, schema))).collect();
        let kept = old.iter().filter_map(|old| new.iter().find(|new| new.tag == old.tag));
        let added = new.iter().filter(|new| old.iter().all(|old| old.tag != new.tag));
        let variants: Vec<_> = kept.chain(added).collect();
        let variants = variants.into_iter().map(|new| match known.remove(&new.tag) {
            Some((old, mut schema)) => {
                let mut items = std::mem::take(schema.elements("items"));
                let rest = items.split_off(1);
                items.extend(self.items(rest, &old.items, &new.items, Fresh::tagged_item));
                merge(&mut schema, tuple(items));
                schema
            }
            None => self.fresh.variant(new),
        });
        variants.collect()
    }

    /// A new schema with the words of the old one.
    fn replace(&mut self, schema: &Json, new: &Shape) -> Json {
        let words = ["title", "description"].into_iter();
        let words = words.filter_map(|word| Some((word.to_owned(), schema.get(word)?.clone()))).collect();
        let mut replaced = Json::Object(words);
        let shape = self.fresh.shape(new);
        merge(&mut replaced, shape);
        replaced
    }
}

/// Puts a name on the list of an object's required fields, or takes it off.
fn require(object: &mut Json, name: &str, required: bool) {
    let names = object.elements("required");
    names.retain(|other| other.text().as_deref() != Some(name));
    if required {
        names.push(name.into());
    }
}

//! The source around the attributed block, for mistakes that the block alone does not show: a second block of the same type, and
//! messages whose structs cannot be JSON objects.
//!
//! A macro gets its own item only. So this reads the file, and finds the module whose items include the block. If the file cannot
//! be read, if the block is not there as it is written, or if a `#[cfg]` decides, nothing is checked: then rustc, or the node
//! that gets the message, has an error of its own. Most files do not have to be parsed.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Error, Fields, Item, ItemImpl, ItemStruct, Type, ext::IdentExt, spanned::Spanned};

/// The fields of every body that are not the message's own.
const RESERVED: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// The arguments of serde that give a struct another form than that of its fields.
const OTHER_FORMS: [&str; 5] = ["transparent", "from", "into", "tag", "rename_all"];

/// The items of the block's module, and the place of the block among them.
pub(crate) struct Surroundings {
    items: Vec<Item>,
    place: usize,
}

/// The place of a block among all `#[handler]` blocks of its type.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Turn {
    Only,
    /// Others follow, which have the error.
    First,
    Later,
}

impl Surroundings {
    /// The module of a block, as far as it can be known.
    pub(crate) fn of(block: &ItemImpl) -> Option<Self> {
        let text = std::fs::read_to_string(block.self_ty.span().unwrap().local_file()?).ok()?;
        if !is_suspicious(&text, &block.self_ty) {
            return None;
        }
        let mut found = Vec::new();
        find(syn::parse_file(&text).ok()?.items, block, &mut found);
        // The same block in two modules tells nothing.
        if found.len() == 1 { found.pop() } else { None }
    }

    /// Tells whether the type of the block has other `#[handler]` blocks.
    pub(crate) fn turn(&self, block: &ItemImpl) -> Turn {
        let same = |item: &Item| matches!(item, Item::Impl(other) if is_handler(other) && text(&other.self_ty) == text(&block.self_ty));
        let certain = |item: &&Item| !matches!(item, Item::Impl(other) if has_attribute(&other.attrs, "cfg"));
        let is_there = |items: &[Item]| items.iter().filter(certain).any(same);
        match (is_there(&self.items[..self.place]), is_there(&self.items[self.place + 1..])) {
            (true, _) => Turn::Later,
            (false, true) => Turn::First,
            (false, false) => Turn::Only,
        }
    }

    /// Checks that a message's struct is a JSON object without reserved fields.
    pub(crate) fn check(&self, message: &Type) -> Result<(), Error> {
        let Some(found) = self.definition(message) else { return Ok(()) };
        let name = &found.ident;
        let fail = |text: String| Err(Error::new_spanned(message, text));
        match &found.fields {
            Fields::Unit => {
                fail(format!("`{name}` has no fields, but a message is a JSON object: write `struct {name} {{}}`"))
            }
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 && is_message(&fields.unnamed[0].ty) => Ok(()),
            Fields::Unnamed(_) => fail(format!(
                "`{name}` has fields without names, but a message is a JSON object: write `struct {name} {{ .. }}` with a \
                 name for each field"
            )),
            Fields::Named(fields) => {
                let taken = fields.named.iter().find_map(|field| {
                    let own = field.ident.as_ref().map(|name| name.unraw().to_string())?;
                    let wire_name = renamed(&field.attrs).unwrap_or(own);
                    RESERVED.into_iter().find(|reserved| wire_name == *reserved)
                });
                match taken {
                    Some(taken) => fail(format!(
                        "`{name}` has a field `{taken}`, which every message has by itself: give the field another name"
                    )),
                    None => Ok(()),
                }
            }
        }
    }

    /// The struct in this module with the name of a type, if it has the form that its fields show.
    fn definition(&self, message: &Type) -> Option<&ItemStruct> {
        let Type::Path(path) = message else { return None };
        let name = path.path.get_ident()?;
        let mut structs = self.items.iter().filter_map(|item| match item {
            Item::Struct(found) if found.ident == *name => Some(found),
            _ => None,
        });
        let (found, None) = (structs.next()?, structs.next()) else { return None };
        let serde = attributes(&found.attrs, "serde");
        let is_plain = !has_attribute(&found.attrs, "cfg") && !OTHER_FORMS.iter().any(|form| serde.contains(*form));
        (is_plain && attributes(&found.attrs, "derive").contains("Serialize")).then_some(found)
    }
}

/// Returns true if a type may be an object on the wire. As far as the name shows, it is not a number, text, list or
/// tuple.
pub(crate) fn is_message(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let name = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    !name.starts_with(char::is_lowercase) && !["String", "Vec", "Option", "Json"].contains(&&*name)
}

/// Tells whether a file may have one of the mistakes, by its text.
fn is_suspicious(text: &str, node: &Type) -> bool {
    let node = node.to_token_stream().to_string().split('<').next().unwrap_or_default().trim().to_owned();
    let blocks = text.matches(&format!("impl {node} ")).count();
    let structs = text.match_indices("struct ").any(|(start, word)| {
        let rest = text[start + word.len()..].trim_start_matches(|part: char| part.is_alphanumeric() || part == '_');
        rest.starts_with(['(', ';'])
    });
    blocks > 1 || structs || ["msg_id", "in_reply_to", "r#type", "\"type\""].iter().any(|field| text.contains(field))
}

/// Finds the block in a list of items and in the modules among them.
fn find(items: Vec<Item>, block: &ItemImpl, found: &mut Vec<Surroundings>) {
    let wanted = text(block);
    let mut modules = Vec::new();
    let mut place = None;
    for (index, item) in items.iter().enumerate() {
        match item {
            Item::Impl(other) if is_handler(other) && text(&without_handler(other)) == wanted => place = Some(index),
            Item::Mod(module) => modules.extend(module.content.clone().map(|(_, items)| items)),
            _ => {}
        }
    }
    found.extend(place.map(|place| Surroundings { items, place }));
    modules.into_iter().for_each(|items| find(items, block, found));
}

fn text(item: &impl ToTokens) -> String {
    quote!(#item).to_string()
}

fn is_handler(block: &ItemImpl) -> bool {
    block.attrs.iter().any(is_ours)
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "handler")
}

/// The block as the macro gets it.
fn without_handler(block: &ItemImpl) -> ItemImpl {
    let mut block = block.clone();
    block.attrs.retain(|attribute| !is_ours(attribute));
    block
}

fn has_attribute(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

/// The arguments of all attributes of a name.
fn attributes(attributes: &[Attribute], name: &str) -> String {
    let arguments = |attribute: &Attribute| attribute.meta.require_list().map(|list| list.tokens.to_string()).ok();
    attributes.iter().filter(|attribute| attribute.path().is_ident(name)).filter_map(arguments).collect()
}

/// The name of a field on the wire, if serde is told one; empty for a field that is not there.
fn renamed(field: &[Attribute]) -> Option<String> {
    let arguments: TokenStream = attributes(field, "serde").parse().ok()?;
    let tokens = arguments.to_string();
    if tokens.contains("skip") && !tokens.contains("skip_serializing_if") {
        return Some(String::new());
    }
    let (_, rest) = tokens.split_once("rename = \"")?;
    rest.split_once('"').map(|(name, _)| name.to_owned())
}

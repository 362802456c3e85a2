//! Whole forms as trees, with the place of each.

use crate::{
    error::{Error, Problem},
    number::Number,
    reader::{Bracket, Reader, Token},
};
use std::{borrow::Cow, ops::Range};

/// A form.
///
/// Forms are equal if the same is written there, wherever it is: also the elements of sets and maps are in order.
#[derive(Clone, Debug)]
pub struct Form<'a> {
    /// The form itself.
    pub kind: Kind<'a>,
    /// The bytes of the text that it is.
    pub span: Range<usize>,
}

/// A form without its place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// `nil`.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number<'a>),
    /// A symbolic number such as `##Inf`, without `##`.
    Symbolic(&'a str),
    /// A character.
    Char(char),
    /// A string.
    String(Cow<'a, str>),
    /// A keyword, without its first colon.
    Keyword(Cow<'a, str>),
    /// A symbol.
    Symbol(Cow<'a, str>),
    /// A list.
    List(Vec<Form<'a>>),
    /// A vector.
    Vector(Vec<Form<'a>>),
    /// A set, in which an element may be there twice.
    Set(Vec<Form<'a>>),
    /// A map, in which a key may be there twice.
    Map(Vec<(Form<'a>, Form<'a>)>),
    /// A form with a tag.
    Tagged(Cow<'a, str>, Box<Form<'a>>),
}

impl PartialEq for Form<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A form that is not from a text.
impl<'a> From<Kind<'a>> for Form<'a> {
    fn from(kind: Kind<'a>) -> Self {
        Self { kind, span: 0..0 }
    }
}

impl<'a> Form<'a> {
    /// Reads the first form of a text. Further forms are not looked at.
    ///
    /// # Errors
    ///
    /// There is none, or it is no EDN.
    pub fn read(text: &'a str) -> Result<Self, Error> {
        Self::next(&mut Reader::new(text))?.ok_or_else(|| Error::new(text.len(), Problem::Ends { expected: "a form" }))
    }

    /// Reads the next form; `None` at the end.
    ///
    /// # Errors
    ///
    /// It is no EDN.
    pub fn next(reader: &mut Reader<'a>) -> Result<Option<Self>, Error> {
        let depth = reader.deepest();
        match reader.form(depth)? {
            Token::End => Ok(None),
            Token::Close(found) => Err(Error::new(reader.start(), Problem::Bracket { found, expected: "a form" })),
            token => rest(reader, token, depth).map(Some),
        }
    }
}

/// The form of which the first token was read.
fn rest<'a>(reader: &mut Reader<'a>, token: Token<'a>, depth: usize) -> Result<Form<'a>, Error> {
    let depth = reader.deeper(depth)?;
    let start = reader.start();
    let kind = match token {
        Token::Open(Bracket::List) => Kind::List(forms(reader, Bracket::List, depth)?),
        Token::Open(Bracket::Vector) => Kind::Vector(forms(reader, Bracket::Vector, depth)?),
        Token::Open(Bracket::Set) => Kind::Set(forms(reader, Bracket::Set, depth)?),
        Token::Open(Bracket::Map) => Kind::Map(entries(reader, depth)?),
        Token::Namespace(namespace) => {
            reader.form(depth)?;
            let entries = entries(reader, depth)?;
            Kind::Map(entries.into_iter().map(|(key, value)| (in_namespace(key, namespace), value)).collect())
        }
        Token::Tag(tag) => {
            let token = reader.needed("a form after a tag", depth)?;
            Kind::Tagged(Cow::Borrowed(tag), Box::new(rest(reader, token, depth)?))
        }
        Token::String(text) => Kind::String(text.decode()?),
        Token::Char(character) => Kind::Char(character),
        Token::Keyword(name) => Kind::Keyword(Cow::Borrowed(name)),
        Token::Symbol(name) => Kind::Symbol(Cow::Borrowed(name)),
        Token::Symbolic(name) => Kind::Symbolic(name),
        Token::Number(number) => Kind::Number(number),
        Token::Bool(truth) => Kind::Bool(truth),
        Token::Nil => Kind::Nil,
        Token::Close(_) | Token::End | Token::Discard | Token::Metadata => unreachable!("no form begins with it"),
    };
    Ok(Form { kind, span: start..reader.at() })
}

fn forms<'a>(reader: &mut Reader<'a>, bracket: Bracket, depth: usize) -> Result<Vec<Form<'a>>, Error> {
    let mut forms = Vec::new();
    while let Some(token) = reader.item(bracket, depth)? {
        forms.push(rest(reader, token, depth)?);
    }
    Ok(forms)
}

fn entries<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<Vec<(Form<'a>, Form<'a>)>, Error> {
    let mut entries = Vec::new();
    while let Some(token) = reader.item(Bracket::Map, depth)? {
        let key = rest(reader, token, depth)?;
        let Some(token) = reader.item(Bracket::Map, depth)? else {
            return Err(Error::new(reader.start(), Problem::NoValue));
        };
        entries.push((key, rest(reader, token, depth)?));
    }
    Ok(entries)
}

fn in_namespace<'a>(key: Form<'a>, namespace: &str) -> Form<'a> {
    let kind = match key.kind {
        Kind::Keyword(name) => Kind::Keyword(qualified(namespace, &name).into()),
        Kind::Symbol(name) => Kind::Symbol(qualified(namespace, &name).into()),
        other => other,
    };
    Form { kind, ..key }
}

/// The name of a keyword or symbol that is a key of a map in a namespace: one that has its own keeps it, and `_/a` is
/// `a`.
pub fn qualified(namespace: &str, name: &str) -> String {
    match name.split_once('/') {
        Some(("_", name)) => name.to_owned(),
        Some((own, _)) if !own.is_empty() => name.to_owned(),
        _ => format!("{namespace}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::DEEPEST;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Form::read(text).map(|form| form.to_string()), Ok(expected.to_owned()), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, at: usize, expected: &str) {
        let error = Form::read(text).unwrap_err();
        assert_eq!((error.at, &*error.to_string()), (at, expected), "{text}");
    }

    #[test]
    fn every_form() {
        for same in [
            "nil",
            "(a [] #{} {})",
            "#{1 \"a\" :b}",
            "{:a 1, \"b\" {}}",
            "#inst \"1985-04-12T23:20:50.52Z\"",
            "[1.5 1/2 1.5M ##NaN \\a \\newline true]",
        ] {
            check(same, same);
        }
        check("#:a{:b 1 c 2 :d/e 3 :_/f 4 \"g\" 5}", "{:a/b 1, a/c 2, :d/e 3, :f 4, \"g\" 5}");
        check("[ 1,2 #_3 ^:x y ; z\n]", "[1 2 y]");
        check("#jepsen.history.Op{:index 0} more", "#jepsen.history.Op {:index 0}");
    }

    #[test]
    fn the_place_of_a_form() {
        let text = " [#_x :ab #c (1 2)]";
        let form = Form::read(text).unwrap();
        let Kind::Vector(items) = &form.kind else { panic!("{form}") };
        let spans = [&form, &items[0], &items[1]].map(|form| &text[form.span.clone()]);
        assert_eq!(spans, ["[#_x :ab #c (1 2)]", ":ab", "#c (1 2)"]);
    }

    #[test]
    fn broken_forms() {
        refused("", 0, "the text ends where a form was expected");
        refused("[1", 2, "the text ends where a form of the vector or `]` was expected");
        refused("{:a", 3, "the text ends where a form of the map or `}` was expected");
        refused("{:a}", 3, "a key at the end of a map has no value");
        refused("[1)", 2, "found `)`; expected a form of the vector or `]`");
        refused("#a", 2, "the text ends where a form after a tag was expected");
        refused("[#a]", 3, "found `]`; expected a form after a tag");
        refused("}", 0, "found `}`; expected a form");
        refused(
            r#"["a\qb"]"#,
            3,
            "`\\q` is no escape in a string; expected one of \\n \\t \\r \\b \\f \\\\ \\\" or a code such as \\u00e9",
        );
    }

    #[test]
    fn there_is_an_end_to_depth() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Form::read(&nested(DEEPEST)).is_ok());
        refused(&nested(DEEPEST + 1), DEEPEST + 1, "nested too deeply");
    }
}

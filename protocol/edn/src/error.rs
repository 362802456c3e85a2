//! The errors of reading: the place, what is there, and what was expected.

/// A text that is no EDN.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{problem}")]
#[non_exhaustive]
pub struct Error {
    /// The byte at which it is wrong.
    pub at: usize,
    /// The reason. It is boxed because most calls succeed, and then a small result is a fast one.
    pub problem: Box<Problem>,
}

/// The reason for which a text is no EDN.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text that was given ends before the token or the form does, and more was to come.
    #[error("the text is not complete")]
    Incomplete,
    /// The text ends inside something.
    #[error("the text ends where {expected} was expected")]
    Ends {
        /// The form that is missing.
        expected: &'static str,
    },
    /// A bracket closes none of its kind.
    #[error("found `{found}`; expected {expected}")]
    Bracket {
        /// The bracket.
        found: char,
        /// The form that is missing.
        expected: &'static str,
    },
    /// Brackets, tags or metadata inside each other.
    #[error("nested too deeply")]
    Deep,
    /// No number.
    #[error("`{0}` is no number; a symbol does not begin with a digit")]
    Number(Box<str>),
    /// A keyword without a name.
    #[error("`:` is no keyword; expected a name after it")]
    Keyword,
    /// No character.
    #[error("`{0}` is no character; expected one character, a name such as `\\newline`, or a code such as `\\u00e9`")]
    Char(Box<str>),
    /// No escape in a string.
    #[error("`{0}` is no escape in a string; expected one of \\n \\t \\r \\b \\f \\\\ \\\" or a code such as \\u00e9")]
    Escape(Box<str>),
    /// `#` before something that it does not go with.
    #[error("`#{0}` is no tag; expected a name, `{{`, `_`, `:` or `#` after `#`")]
    Tag(Box<str>),
    /// A namespace before something that is no map.
    #[error("`#:{0}` is before no map; a namespace is the namespace of a map's keys")]
    Namespace(Box<str>),
    /// A map with a key at its end.
    #[error("a key at the end of a map has no value")]
    NoValue,
    /// A key or an element that is there twice.
    #[error("{0} is there twice in a map or set")]
    Twice(Box<str>),
}

impl Error {
    /// The error at a byte.
    pub fn new(at: usize, problem: Problem) -> Self {
        Self { at, problem: Box::new(problem) }
    }

    /// Tells whether more text may make it right.
    pub fn is_incomplete(&self) -> bool {
        *self.problem == Problem::Incomplete
    }
}

/// The line and the column of a byte of a text, both from 1 on. A column is a character.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let lines = before.bytes().filter(|byte| *byte == b'\n').count();
    (lines + 1, before[start..].chars().count() + 1)
}

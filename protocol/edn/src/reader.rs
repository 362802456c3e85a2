//! The tokens of a text. Nothing is copied, and nothing is kept but the place.

use crate::{
    bytes,
    error::{Error, Problem},
    number::{self, Number},
    text::{self, Text},
};

/// The greatest depth that a reader allows if it is not told otherwise: deeper than any history, and shallow enough for
/// recursive code on every stack.
pub const DEEPEST: usize = 512;

/// A kind of brackets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bracket {
    /// `(..)`
    List,
    /// `[..]`
    Vector,
    /// `#{..}`
    Set,
    /// `{..}`
    Map,
}

impl Bracket {
    /// The bracket at the end.
    pub fn close(self) -> char {
        match self {
            Self::List => ')',
            Self::Vector => ']',
            Self::Set | Self::Map => '}',
        }
    }

    /// The forms that may follow one inside it, in words.
    pub fn expected(self) -> &'static str {
        match self {
            Self::List => "a form of the list or `)`",
            Self::Vector => "a form of the vector or `]`",
            Self::Set => "a form of the set or `}`",
            Self::Map => "a form of the map or `}`",
        }
    }
}

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'a> {
    /// The beginning of a list, vector, set or map.
    Open(Bracket),
    /// The end of one.
    Close(char),
    /// `#a`, before a form.
    Tag(&'a str),
    /// `#:a`, before a map whose keys are in the namespace `a`.
    Namespace(&'a str),
    /// `#_`, before a form that does not count.
    Discard,
    /// `^`, before the metadata of the form that follows it.
    Metadata,
    /// A string.
    String(Text<'a>),
    /// A character.
    Char(char),
    /// A keyword, without its first colon.
    Keyword(&'a str),
    /// A symbol.
    Symbol(&'a str),
    /// A symbolic number such as `##Inf`, without `##`.
    Symbolic(&'a str),
    /// A number.
    Number(Number<'a>),
    /// `true` or `false`.
    Bool(bool),
    /// `nil`.
    Nil,
    /// The end of the text.
    End,
}

/// Reads a text token by token.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    /// The byte at which the last token begins.
    start: usize,
    at: usize,
    is_whole: bool,
    deepest: usize,
}

impl<'a> Reader<'a> {
    /// A reader of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, start: 0, at: 0, is_whole: true, deepest: DEEPEST }
    }

    /// A reader of the beginning of a text. A token that touches the end is [`Problem::Incomplete`]: it may go on.
    pub fn of_beginning(text: &'a str) -> Self {
        Self { is_whole: false, ..Self::new(text) }
    }

    /// The same reader with another greatest depth.
    #[must_use]
    pub fn with_deepest(self, deepest: usize) -> Self {
        Self { deepest, ..self }
    }

    /// The greatest depth: the first argument of [`form`](Self::form) for a form that is in no other.
    pub fn deepest(&self) -> usize {
        self.deepest
    }

    /// The byte at which the next token is looked for.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text from there on.
    #[inline]
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The byte at which the last token begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Takes a token that begins and ends at these bytes of [`rest`](Self::rest).
    #[inline]
    pub(crate) fn take(&mut self, start: usize, end: usize) {
        self.start = self.at + start;
        self.at += end;
    }

    /// Passes over some of the text.
    ///
    /// # Panics
    ///
    /// If this leads beyond the end, or into a character.
    pub fn pass(&mut self, length: usize) {
        assert!(self.rest().is_char_boundary(length), "{length} bytes are no whole characters");
        self.at += length;
    }

    /// The token at which the next form begins, or a closing bracket, or the end. Discarded forms and metadata are
    /// passed over. `depth` is the number of levels that are left.
    ///
    /// # Errors
    ///
    /// The text is no EDN, or a discarded form or metadata is nested more than `depth` levels deep.
    #[inline]
    pub fn form(&mut self, depth: usize) -> Result<Token<'a>, Error> {
        loop {
            match self.token()? {
                Token::Discard | Token::Metadata => self.skip(depth)?,
                token => return Ok(token),
            }
        }
    }

    /// Like [`form`](Self::form) inside brackets: `None` if it is their end, an error if it is another one's, or the
    /// end.
    ///
    /// # Errors
    ///
    /// Like [`form`](Self::form).
    #[inline]
    pub fn item(&mut self, bracket: Bracket, depth: usize) -> Result<Option<Token<'a>>, Error> {
        match self.form(depth)? {
            Token::Close(found) if found == bracket.close() => Ok(None),
            token => self.expect(token, bracket.expected()).map(Some),
        }
    }

    /// Like [`form`](Self::form), but there must be one.
    ///
    /// # Errors
    ///
    /// Like [`form`](Self::form).
    pub fn needed(&mut self, expected: &'static str, depth: usize) -> Result<Token<'a>, Error> {
        let token = self.form(depth)?;
        self.expect(token, expected)
    }

    /// One level less, for what is inside a form.
    ///
    /// # Errors
    ///
    /// None is left.
    #[inline]
    pub fn deeper(&self, depth: usize) -> Result<usize, Error> {
        depth.checked_sub(1).ok_or_else(|| Error::new(self.at, Problem::Deep))
    }

    fn expect(&self, token: Token<'a>, expected: &'static str) -> Result<Token<'a>, Error> {
        match token {
            Token::Close(found) => Err(Error::new(self.start, Problem::Bracket { found, expected })),
            Token::End => Err(self.ends(expected)),
            token => Ok(token),
        }
    }

    /// Passes over a form.
    fn skip(&mut self, depth: usize) -> Result<(), Error> {
        let deeper = self.deeper(depth)?;
        let token = self.needed("a form", deeper)?;
        self.skip_rest(&token, deeper)
    }

    /// Passes over the rest of a form of which a token was read.
    fn skip_rest(&mut self, token: &Token<'a>, depth: usize) -> Result<(), Error> {
        match token {
            Token::Open(bracket) => {
                let deeper = self.deeper(depth)?;
                while let Some(token) = self.item(*bracket, deeper)? {
                    self.skip_rest(&token, deeper)?;
                }
                Ok(())
            }
            Token::Tag(_) | Token::Namespace(_) => self.skip(depth),
            _ => Ok(()),
        }
    }

    /// The next token.
    #[inline]
    fn token(&mut self) -> Result<Token<'a>, Error> {
        self.skip_space()?;
        self.start = self.at;
        let Some(&first) = self.text.as_bytes().get(self.at) else { return Ok(Token::End) };
        match first {
            b'(' => Ok(self.bracket(Token::Open(Bracket::List))),
            b'[' => Ok(self.bracket(Token::Open(Bracket::Vector))),
            b'{' => Ok(self.bracket(Token::Open(Bracket::Map))),
            b')' | b']' | b'}' => Ok(self.bracket(Token::Close(char::from(first)))),
            b'"' => self.string(),
            b'#' => self.dispatch(),
            b'^' => Ok(self.bracket(Token::Metadata)),
            b'\\' => self.character(),
            b':' => self.keyword(),
            _ => self.word(),
        }
    }

    fn bracket(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 1;
        token
    }

    /// Passes over white space and comments.
    ///
    /// # Errors
    ///
    /// A comment may go on behind the end: [`Problem::Incomplete`]. The reader is at its beginning.
    #[inline]
    pub fn skip_space(&mut self) -> Result<(), Error> {
        loop {
            self.at += bytes::space(self.rest());
            if !self.rest().starts_with(';') {
                return Ok(());
            }
            match self.rest().find('\n') {
                Some(end) => self.at += end,
                None if self.is_whole => self.at = self.text.len(),
                None => return Err(Error::new(self.at, Problem::Incomplete)),
            }
        }
    }

    /// The text from here to the end of the token, of which the first bytes belong to it in any case.
    #[inline]
    fn slice(&mut self, first: usize) -> Result<&'a str, Error> {
        let rest = self.rest();
        let length = first + bytes::token(&rest[first..]);
        if length == rest.len() && !self.is_whole {
            return Err(Error::new(self.at, Problem::Incomplete));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn string(&mut self) -> Result<Token<'a>, Error> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let (mut at, mut has_escapes) = (start, false);
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    at += 2;
                }
                Some(_) => at += 1,
                None => {
                    self.at = self.text.len();
                    return Err(self.ends("the end of a string, `\"`"));
                }
            }
        }
        self.at = at + 1;
        Ok(Token::String(Text { raw: &self.text[start..at], has_escapes, at: start }))
    }

    fn character(&mut self) -> Result<Token<'a>, Error> {
        let Some(first) = self.rest().chars().nth(1) else { return Err(self.ends("a character after `\\`")) };
        let written = self.slice(1 + first.len_utf8())?;
        text::character(&written[1..]).map(Token::Char).map_err(|problem| self.wrong(problem))
    }

    fn keyword(&mut self) -> Result<Token<'a>, Error> {
        match &self.slice(1)?[1..] {
            "" => Err(self.wrong(Problem::Keyword)),
            name => Ok(Token::Keyword(name)),
        }
    }

    /// A symbol, a number, or a constant.
    #[inline]
    fn word(&mut self) -> Result<Token<'a>, Error> {
        let word = self.slice(0)?;
        match word {
            "nil" => Ok(Token::Nil),
            "true" => Ok(Token::Bool(true)),
            "false" => Ok(Token::Bool(false)),
            number if number::is_number(number) => {
                number::number(number).map(Token::Number).map_err(|problem| self.wrong(problem))
            }
            symbol => Ok(Token::Symbol(symbol)),
        }
    }

    /// Something that begins with `#`.
    fn dispatch(&mut self) -> Result<Token<'a>, Error> {
        let rest = &self.rest()[1..];
        let Some(second) = rest.chars().next() else { return Err(self.ends("a tag, `{`, `_`, `:` or `#` after `#`")) };
        match second {
            '{' | '_' | '^' => {
                self.at += 2;
                Ok(match second {
                    '{' => Token::Open(Bracket::Set),
                    '_' => Token::Discard,
                    _ => Token::Metadata,
                })
            }
            '#' | ':' => match &self.slice(2)?[2..] {
                "" => Err(self.wrong(Problem::Tag(second.to_string().into()))),
                name if second == '#' => Ok(Token::Symbolic(name)),
                name => self.namespace(name),
            },
            _ if second.is_alphabetic() => Ok(Token::Tag(&self.slice(1)?[1..])),
            _ => Err(self.wrong(Problem::Tag(second.to_string().into()))),
        }
    }

    /// A namespace, after which a map must begin.
    fn namespace(&mut self, name: &'a str) -> Result<Token<'a>, Error> {
        self.skip_space()?;
        match self.rest().as_bytes().first() {
            Some(b'{') => Ok(Token::Namespace(name)),
            None => Err(self.ends("a map after its namespace")),
            Some(_) => Err(self.wrong(Problem::Namespace(name.into()))),
        }
    }

    /// The error that a token is wrong.
    fn wrong(&self, problem: Problem) -> Error {
        Error::new(self.start, problem)
    }

    /// The error that the text ends here.
    fn ends(&self, expected: &'static str) -> Error {
        Error::new(self.text.len(), if self.is_whole { Problem::Ends { expected } } else { Problem::Incomplete })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token<'_>>, Error> {
        let mut reader = Reader::new(text);
        let mut all = Vec::new();
        loop {
            match reader.form(reader.deepest())? {
                Token::End => return Ok(all),
                token => all.push(token),
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &[Token<'_>]) {
        assert_eq!(tokens(text).as_deref(), Ok(expected), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, at: usize, expected: &str) {
        let error = tokens(text).unwrap_err();
        assert_eq!((error.at, &*error.to_string()), (at, expected), "{text}");
    }

    #[test]
    fn every_token() {
        use Token::{Bool, Char, Close, Keyword, Namespace, Nil, Open, Symbol, Symbolic, Tag};
        check("[]", &[Open(Bracket::Vector), Close(']')]);
        check(
            "(#{}{})",
            &[Open(Bracket::List), Open(Bracket::Set), Close('}'), Open(Bracket::Map), Close('}'), Close(')')],
        );
        check("nil,true false", &[Nil, Bool(true), Bool(false)]);
        check(
            ":a/b ::c a/b - +a nilly",
            &[":a/b", "::c", "a/b", "-", "+a", "nilly"]
                .map(|word| word.strip_prefix(':').map_or(Symbol(word), Keyword)),
        );
        check("#a/b.C x #:n {", &[Tag("a/b.C"), Symbol("x"), Namespace("n"), Open(Bracket::Map)]);
        check(r"\a \[ \newline", &[Char('a'), Char('['), Char('\n')]);
        check("##NaN ##-Inf", &[Symbolic("NaN"), Symbolic("-Inf")]);
        check("\"a\\\"b\"c", &[Token::String(Text { raw: "a\\\"b", has_escapes: true, at: 1 }), Symbol("c")]);
    }

    #[test]
    fn what_does_not_count_is_passed_over() {
        check("; a \"comment\n1 ;another", &[Token::Number(Number::Integer("1".into()))]);
        check("#_[1 #_2 {:a #b c}] #_ #_ 1 2 #_#a #:n{:x 1} :x", &[Token::Keyword("x")]);
        check("^:a ^{:b 1} ^\"C\" #^d x", &[Token::Symbol("x")]);
    }

    #[test]
    fn the_error_is_where_it_is() {
        refused("a \"b", 4, "the text ends where the end of a string, `\"` was expected");
        refused("#_[1", 4, "the text ends where a form of the vector or `]` was expected");
        refused("#_", 2, "the text ends where a form was expected");
        refused("#_(1 ]", 5, "found `]`; expected a form of the list or `)`");
        refused("#_)", 2, "found `)`; expected a form");
        refused("a :", 2, "`:` is no keyword; expected a name after it");
        refused("a 1b", 2, "`1b` is no number; a symbol does not begin with a digit");
        refused("#\"a\"", 0, "`#\"` is no tag; expected a name, `{`, `_`, `:` or `#` after `#`");
        refused("#:a [", 0, "`#:a` is before no map; a namespace is the namespace of a map's keys");
    }

    #[test]
    fn there_is_an_end_to_depth() {
        for open in ["[", "#a ", "{:a ", "#_", "^", "#{"] {
            let text = format!("#_{}", open.repeat(100_000));
            assert_eq!(*tokens(&text).unwrap_err().problem, Problem::Deep, "{open}");
        }
    }

    /// Whatever follows, a token that may go on is not taken for a whole one.
    #[test]
    fn the_beginning_of_a_text_is_not_the_whole() {
        for text in
            [":a", "1", "nil", "\"a", "\"a\\", "\\", "\\n", "#", "#a", "##I", "#:a", "; a", "#_ 1", "#_[1 2", "^:a"]
        {
            let mut reader = Reader::of_beginning(text);
            let read = reader.form(DEEPEST);
            assert!(read.as_ref().is_err_and(Error::is_incomplete), "{text}: {read:?}");
        }
        for (text, expected) in
            [(":a ", Token::Keyword("a")), ("nil]", Token::Nil), ("", Token::End), (" ", Token::End)]
        {
            assert_eq!(Reader::of_beginning(text).form(DEEPEST), Ok(expected), "{text}");
        }
    }
}

//! The entries of a history in EDN, one form after the other. A form is an entry, which is a map or a record, or a
//! vector of entries; of a vector, too, only one entry is in memory at a time.

use crate::history::{
    edn::json::Transcriber,
    entries::{Entries, Field, Fields},
    file::BadText,
    model::Op,
    usual::{self, Notation},
};
use glomers_edn::{Bracket, Error, Plain, Problem, Reader, Token, line_and_column, qualified};
use glomers_json::Json;
use std::{borrow::Cow, str};

/// Reads a text that comes in pieces.
#[derive(Debug)]
pub(crate) struct EdnEntries {
    /// The line of the last entry.
    line: usize,
    /// The number of characters of its line that were in pieces before.
    column: usize,
    /// The vector or list that is open.
    open: Option<Bracket>,
    transcriber: Transcriber,
    /// The JSON text of a value.
    json: Vec<u8>,
}

/// The reason for which there is no entry.
enum Failure {
    Syntax(Error),
    Content(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Syntax(error)
    }
}

impl Default for EdnEntries {
    fn default() -> Self {
        Self { line: 1, column: 0, open: None, transcriber: Transcriber::default(), json: Vec::new() }
    }
}

impl EdnEntries {
    /// Reads the entries that are whole, and returns the length of what was read. The rest, and what follows it, is the
    /// next piece.
    pub(crate) fn read(&mut self, text: &str, is_last: bool, entries: &mut Entries) -> Result<usize, BadText> {
        let mut reader = if is_last { Reader::new(text) } else { Reader::of_beginning(text) };
        let mut read = 0;
        loop {
            if let Some((op, end)) = self.usual(&text[read..]) {
                entries.add(self.line, op).map_err(|reason| self.bad(reason))?;
                self.line += lines(&text[read + 1..read + end]);
                reader.pass(end);
                read += end;
                continue;
            }
            let token = next(&mut reader);
            let is_incomplete = token.as_ref().is_err_and(Error::is_incomplete);
            let begin = if is_incomplete { reader.at() } else { reader.start() };
            self.line += lines(&text[read..begin]);
            read = begin;
            match token.map_err(Failure::Syntax).and_then(|token| self.take(&mut reader, token, is_last, entries)) {
                Ok(true) => {}
                Ok(false) => break,
                Err(Failure::Syntax(error)) if error.is_incomplete() => break,
                Err(Failure::Syntax(error)) => return Err(self.bad(self.in_words(text, read, &error))),
                Err(Failure::Content(reason)) => return Err(self.bad(reason)),
            }
            self.line += lines(&text[read..reader.at()]);
            read = reader.at();
        }
        self.column = self.column(&text[..read]);
        Ok(read)
    }

    /// The entry behind a newline at the beginning of a text, if it is written as Jepsen and this crate write it, and its end.
    fn usual(&mut self, text: &str) -> Option<(Op, usize)> {
        let (op, rest) = usual::entry(self, text.strip_prefix('\n')?)?;
        self.line += 1;
        Some((op, text.len() - rest.len()))
    }

    /// The number of characters of the last line, this text being what was read of the piece.
    fn column(&self, read: &str) -> usize {
        match read.rfind('\n') {
            Some(end) => read[end + 1..].chars().count(),
            None => self.column + read.chars().count(),
        }
    }

    fn bad(&self, reason: String) -> BadText {
        BadText { line: self.line, reason }
    }

    /// The error in an entry that begins at `start`.
    fn in_words(&self, text: &str, start: usize, error: &Error) -> String {
        if *error.problem == Problem::Deep {
            return "nested too deeply".to_owned();
        }
        let (line, column) = line_and_column(&text[start..], error.at - start);
        let column = if line > 1 { column } else { self.column(&text[..start]) + column };
        let later = if line > 1 { format!(", {} lines on", line - 1) } else { String::new() };
        format!("no EDN from here on: {error}, at column {column}{later}")
    }

    /// Takes an entry, or enters or leaves a vector of them. Returns false at the end.
    fn take<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        token: Token<'a>,
        is_last: bool,
        entries: &mut Entries,
    ) -> Result<bool, Failure> {
        match (token, self.open) {
            (Token::End, open) if open.is_none() || !is_last => return Ok(false),
            (Token::Open(bracket @ (Bracket::Vector | Bracket::List)), None) => self.open = Some(bracket),
            (Token::Close(found), Some(open)) if found == open.close() => self.open = None,
            (Token::Close(found), _) => {
                let problem = Problem::Bracket { found, expected: "an entry, which is a map" };
                return Err(Error::new(reader.start(), problem).into());
            }
            (Token::End, _) => {
                let expected = "an entry or the end of the vector of entries";
                return Err(Error::new(reader.at(), Problem::Ends { expected }).into());
            }
            (token, _) => {
                let op = self.entry(reader, token)?;
                entries.add(self.line, op).map_err(Failure::Content)?;
            }
        }
        Ok(true)
    }

    fn entry<'a>(&mut self, reader: &mut Reader<'a>, mut token: Token<'a>) -> Result<Op, Failure> {
        while let Token::Tag(_) = token {
            token = reader.needed("an entry after a tag", reader.deepest())?;
        }
        let namespace = if let Token::Namespace(namespace) = token {
            token = reader.form(reader.deepest())?;
            Some(namespace)
        } else {
            None
        };
        if token != Token::Open(Bracket::Map) {
            return Err(Failure::Content("this is no entry of a history, which is a map".to_owned()));
        }
        let mut fields = Fields::default();
        while let Some(name) = self.name(reader, namespace)? {
            if !self.field(reader, &name, &mut fields)? {
                return Err(Error::new(reader.start(), Problem::Twice(format!("`{name}`").into())).into());
            }
        }
        fields.sort_extra();
        fields.finish().map_err(Failure::Content)
    }

    /// Reads the value of a field. Returns false if the field was there before.
    fn field(&mut self, reader: &mut Reader<'_>, name: &str, fields: &mut Fields) -> Result<bool, Failure> {
        self.json.clear();
        match reader.plain_if(|plain| !matches!(plain, Plain::Close(_))) {
            Some(Plain::Keyword(word)) => return Ok(fields.add(name, Field::Word(word))),
            Some(Plain::Integer(json) | Plain::String(json)) => return Ok(fields.add(name, Field::Json(json))),
            Some(Plain::Open(bracket)) => {
                self.transcriber.rest(reader, bracket, &mut self.json).map_err(|error| too_deep(name, error))?;
            }
            Some(Plain::Nil | Plain::Close(_)) => return Ok(fields.add(name, Field::Json("null"))),
            None => {
                let Some(token) = reader.item(Bracket::Map, reader.deepest())? else {
                    return Err(Error::new(reader.start(), Problem::NoValue).into());
                };
                self.transcriber.value(reader, token, &mut self.json).map_err(|error| too_deep(name, error))?;
            }
        }
        Ok(fields.add(name, Field::Json(self.json())))
    }

    /// The text of the value that was read last.
    fn json(&self) -> &str {
        str::from_utf8(&self.json).expect("it was made from text")
    }

    /// The name of the next field; `None` if there is none.
    fn name<'a>(&mut self, reader: &mut Reader<'a>, namespace: Option<&str>) -> Result<Option<Cow<'a, str>>, Failure> {
        let is_common =
            |plain: &Plain<'_>| namespace.is_none() && matches!(plain, Plain::Keyword(_) | Plain::Close(b'}'));
        match reader.plain_if(is_common) {
            Some(Plain::Keyword(name)) => return Ok(Some(Cow::Borrowed(name))),
            Some(_) => return Ok(None),
            None => {}
        }
        let Some(token) = reader.item(Bracket::Map, reader.deepest())? else { return Ok(None) };
        Ok(Some(match (token, namespace) {
            (Token::Keyword(name) | Token::Symbol(name), None) => name.into(),
            (Token::Keyword(name) | Token::Symbol(name), Some(namespace)) => qualified(namespace, name).into(),
            (Token::String(text), _) => text.decode()?,
            (token, _) => {
                self.json.clear();
                self.transcriber.value(reader, token, &mut self.json).map_err(|error| too_deep("a key", error))?;
                String::from_utf8_lossy(&self.json).into_owned().into()
            }
        }))
    }
}

/// The notation of Jepsen's histories.
impl Notation for EdnEntries {
    const INDEX: &'static str = "{:index ";
    const TIME: &'static str = ", :time ";
    const TYPE: &'static str = ", :type :";
    const PROCESS: &'static str = ", :process ";
    const NEMESIS: &'static str = ":nemesis";
    const F: &'static str = ", :f :";
    const VALUE: &'static str = ", :value ";
    const ERROR: &'static str = ", :error ";

    /// The letters, digits, hyphens and question marks of a keyword.
    fn word(text: &str) -> Option<(&str, &str)> {
        let end = text.bytes().position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'?'))?;
        (end > 0).then(|| text.split_at(end))
    }

    fn value<'a>(&mut self, text: &'a str) -> Option<(Json, &'a str)> {
        let mut reader = Reader::of_beginning(text);
        self.json.clear();
        let is_value = self.transcriber.item(&mut reader, &mut self.json).ok()?;
        is_value.then(|| (Json::from_valid_text(self.json()), reader.rest()))
    }
}

/// The token at which the next entry begins, or a vector of them begins or ends. If the text is incomplete, the reader
/// has passed only white space and comments. After another error the last token is the wrong one, even behind forms that
/// do not count: these may have been in a piece before.
fn next<'a>(reader: &mut Reader<'a>) -> Result<Token<'a>, Error> {
    if let Some(Plain::Open(bracket)) = reader.plain_if(|plain| *plain == Plain::Open(Bracket::Map)) {
        return Ok(Token::Open(bracket));
    }
    reader.skip_space()?;
    let (mut ahead, depth) = (reader.clone(), reader.deepest());
    let token = ahead.form(depth);
    if !token.as_ref().is_err_and(Error::is_incomplete) {
        *reader = ahead;
    }
    token
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The failure to read a field, with its name if it is nested too deeply.
fn too_deep(name: &str, error: Error) -> Failure {
    match *error.problem {
        Problem::Deep => Failure::Content(format!("`{name}` is nested too deeply")),
        _ => Failure::Syntax(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let mut entries = Entries::default();
        let read = EdnEntries::default().read(text, true, &mut entries);
        let history = || serde_json::to_string(&entries.finish()).unwrap();
        read.map(|_| history()).map_err(|bad| bad.to_string())
    }

    #[test]
    fn the_usual_form_is_read_as_any_other() {
        for entry in [
            "{:index 0, :time 17, :type :invoke, :process 3, :f :read, :value [1 {:b \"}\"}]}",
            "{:index 12, :time 0, :type :info, :process :nemesis, :f :start-partition, :value nil}",
            "{:index 0, :time 1, :type :invoke, :process 3, :f :a, :value :é, :error [:a \"\\n\" 1.5]}",
            "{:index 0, :time 1, :type :invoke, :process 3, :f :a, :value #{2\n1}}",
        ] {
            let usual = |text: &str| EdnEntries::default().usual(&format!("\n{text}")).is_some();
            let spaced = entry.replace(", ", " ,");
            assert!(usual(entry) && !usual(&spaced), "{entry}");
            assert_eq!(read(&format!("\n{entry}")), read(&spaced), "{entry}");
            assert!(read(&spaced).is_ok(), "{entry}");
        }
    }

    #[test]
    fn every_other_form_is_left_to_the_reader() {
        let entry = "{:index 0, :time 17, :type :invoke, :process 3, :f :read, :value 1}";
        for (from, to) in [
            ("index 0", "index 00"),
            ("17", "17N"),
            ("17", "-1"),
            (":invoke", "\"invoke\""),
            (":process 3", ":process 3.0"),
            (":read", ":a/read"),
            (":value 1}", ":value 1, :final? true}"),
            (":value 1}", ":value 1 }"),
            (":value 1}", ":value }"),
            (":value 1}", ":value 1]"),
            (":value 1}", ":value 1"),
        ] {
            let other = format!("\n{}", entry.replacen(from, to, 1));
            assert!(EdnEntries::default().usual(&other).is_none(), "{other}");
        }
        assert!(EdnEntries::default().usual(entry).is_none());
    }

    #[test]
    fn lines_are_counted_in_every_form() {
        let begin = "\n{:index 0, :time 1, :type :invoke, :process 3, :f :a, :value [1\n2]}";
        let end = "{:index 1, :time 2, :type :ok, :process 4, :f :a, :value 1}";
        let expected = |line| Err(format!("line {line}: process 4 ends `a`, which it has not begun"));
        assert_eq!(read(&format!("{begin}\n{end}")), expected(4));
        assert_eq!(read(&format!("{begin} {end}")), expected(3));
        assert_eq!(read(&format!("{begin}\n\n {end}")), expected(5));
    }
}

//! Histories from files: `history.edn` as Jepsen writes it, or `history.jsonl` as this crate does. Which of them a file is
//! shows in its first characters, whatever its name.

use crate::history::{
    edn::{readable, to_json, too_deep},
    entries::Entries,
    file::{BadText, ReadError, read_text},
    model::{History, Op},
};
use clojure_reader::edn::{self, Edn};
use glomers_json::Json;
use indexmap::IndexMap;
use std::{path::Path, slice};

/// The names under which a run's folder may hold its history, the one to prefer first.
const NAMES: &[&str] = &["history.jsonl", "history.edn", "history.edn.gz"];

impl History {
    /// Reads a history from a file, or from the folder of a run.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it is no history; the error says which line is wrong, and why.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let (path, text) = read_text(path, NAMES)?;
        Self::parse(&text).map_err(|cause| ReadError::Content { path, cause })
    }

    /// Reads a history from text: EDN if it begins as none of our JSON lines does.
    ///
    /// # Errors
    ///
    /// It is no history; the error says which line is wrong, and why.
    ///
    /// ```
    /// use glomers_checkers::history::History;
    ///
    /// let text = "{:index 0, :time 5, :type :invoke, :process 0, :f :read, :value nil}
    /// {:index 1, :time 7, :type :ok, :process 0, :f :read, :value [1 2]}";
    /// assert_eq!(History::parse(text)?.ops()[1].value.as_str(), "[1,2]");
    ///
    /// let error = History::parse("{:type :invoke}").unwrap_err();
    /// assert_eq!(error.to_string(), "line 1: an entry without `process`");
    /// # Ok::<(), glomers_checkers::history::file::BadText>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let mut entries = Entries::default();
        // A byte order mark, which some editors write.
        let text = text.trim_start_matches('\u{feff}');
        let is_json = text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'));
        if is_json {
            read_json(text, &mut entries)?
        } else {
            read_edn(&readable(text), &mut entries)?
        }
        Ok(entries.finish())
    }
}

fn read_json(text: &str, entries: &mut Entries) -> Result<(), BadText> {
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fields = serde_json::from_str::<IndexMap<String, Json>>(line);
        let op = fields.map_err(|error| format!("this is no JSON object: {error}")).and_then(Op::from_fields);
        let added = op.and_then(|op| entries.add(number + 1, op));
        added.map_err(|reason| BadText { line: number + 1, reason })?;
    }
    Ok(())
}

/// Reads one form after the other; a form is an entry, or a vector of them.
fn read_edn(text: &str, entries: &mut Entries) -> Result<(), BadText> {
    if let Some(line) = too_deep(text) {
        return Err(BadText { line, reason: "nested too deeply".to_owned() });
    }
    let (mut rest, mut line) = (text, 1);
    loop {
        let form = skip(rest).map_err(|reason| BadText { line, reason })?;
        line += rest[..rest.len() - form.len()].matches('\n').count();
        if form.is_empty() {
            return Ok(());
        }
        let bad = |reason| BadText { line, reason };
        let (edn, tail) = edn::read(form).map_err(|error| bad(in_words(&error)))?;
        let forms = if let Edn::Vector(all) | Edn::List(all) = &edn { all } else { slice::from_ref(&edn) };
        for edn in forms {
            op(edn).and_then(|op| entries.add(line, op)).map_err(bad)?;
        }
        line += form[..form.len() - tail.len()].matches('\n').count();
        rest = tail;
    }
}

/// The text behind white space, comments and discarded forms.
fn skip(text: &str) -> Result<&str, String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.starts_with(';') {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some(discarded) = rest.strip_prefix("#_") {
            (_, rest) = edn::read(skip(discarded)?).map_err(|error| in_words(&error))?;
        } else {
            return Ok(rest);
        }
    }
}

fn in_words(error: &clojure_reader::error::Error) -> String {
    let column = error.column.map_or_else(String::new, |column| format!(" at column {column}"));
    let line = error.line.filter(|line| *line > 1).map_or_else(String::new, |line| format!(", {} lines on", line - 1));
    format!("no EDN from here on: {:?}{column}{line}", error.code)
}

/// An entry, which is a map or a record.
fn op(mut edn: &Edn<'_>) -> Result<Op, String> {
    while let Edn::Tagged(_, inner) = edn {
        edn = inner;
    }
    let Edn::Map(fields) = edn else { return Err("this is no entry of a history, which is a map".to_owned()) };
    let field = |(key, value): (&Edn<'_>, &Edn<'_>)| {
        let name = match key {
            Edn::Key(name) | Edn::Str(name) | Edn::Symbol(name) => name.clone().into_owned(),
            other => to_json(other).ok_or("a key is nested too deeply")?.as_str().to_owned(),
        };
        match to_json(value) {
            Some(value) => Ok((name, value)),
            None => Err(format!("`{name}` is nested too deeply")),
        }
    };
    Op::from_fields(fields.iter().map(field).collect::<Result<Vec<_>, _>>()?)
}

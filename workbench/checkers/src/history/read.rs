//! Histories from files: `history.edn` as Jepsen writes it, or `history.jsonl` as this crate does. Which of them a file
//! is shows in its first characters, whatever its name.
//!
//! A file is read piece by piece. Beside the history, only the entry that is being read is in memory.

use crate::history::{
    edn::entries::EdnEntries,
    entries::Entries,
    file::{BadText, ReadError, TextError, open},
    lines::JsonLines,
    model::History,
    pieces::Pieces,
};
use std::{io, path::Path};

/// The names under which a run's folder may hold its history, the one to prefer first.
const NAMES: &[&str] = &["history.jsonl", "history.edn", "history.edn.gz"];

impl History {
    /// Reads a history from a file, or from the folder of a run.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it is no history; the error says which line is wrong, and why.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let (path, file) = open(path, NAMES)?;
        Self::read_from(file).map_err(|error| match error {
            TextError::Io(cause) => ReadError::File { path, cause },
            TextError::Content(cause) => ReadError::Content { path, cause },
        })
    }

    /// Reads a history piece by piece, and nothing that comes after an error.
    ///
    /// # Errors
    ///
    /// Like [`read`](Self::read).
    pub fn read_from(file: impl io::Read) -> Result<Self, TextError> {
        let (mut pieces, mut parser) = (Pieces::new(file), Parser::default());
        loop {
            let (text, is_last) = pieces.next()?;
            let read = parser.read(text, is_last)?;
            if is_last {
                return Ok(parser.entries.finish());
            }
            pieces.pass(read);
        }
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
        let mut parser = Parser::default();
        parser.read(text, true)?;
        Ok(parser.entries.finish())
    }
}

/// Reads a text that comes in pieces.
#[derive(Default)]
struct Parser {
    format: Option<Format>,
    entries: Entries,
}

enum Format {
    Edn(EdnEntries),
    Json(JsonLines),
}

impl Parser {
    /// Reads the entries that are whole, and returns the length of what was read.
    fn read(&mut self, text: &str, is_last: bool) -> Result<usize, BadText> {
        let Some(format) = &mut self.format else { return self.begin(text, is_last) };
        match format {
            Format::Edn(edn) => edn.read(text, is_last, &mut self.entries),
            Format::Json(json) => json.read(text, is_last, &mut self.entries),
        }
    }

    /// Finds out the format, as soon as the text is long enough.
    fn begin(&mut self, text: &str, is_last: bool) -> Result<usize, BadText> {
        // A byte order mark, which some editors write.
        let plain = text.trim_start_matches('\u{feff}');
        let mut first = plain.chars().filter(|first| !first.is_whitespace());
        let format = match (first.next(), first.next()) {
            (Some('{'), Some('"')) => Format::Json(JsonLines::default()),
            (None, _) | (Some('{'), None) if !is_last => return Ok(0),
            _ => Format::Edn(EdnEntries::default()),
        };
        self.format = Some(format);
        self.read(plain, is_last).map(|read| read + text.len() - plain.len())
    }
}

//! A run of the real Maelstrom, read from the folder in which it keeps it.

use crate::{
    history::{
        History,
        edn::{readable, to_json, too_deep},
        file::{BadText, ReadError, read_text},
    },
    validity::Validity,
};
use clojure_reader::edn;
use serde_json::Value;
use std::path::Path;

/// A recorded run.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The operations of the clients and the nemesis.
    pub history: History,
    /// All that Maelstrom found, as JSON: names are strings, sets are arrays.
    pub results: Value,
}

/// The names under which a folder may hold the results.
const RESULTS: &[&str] = &["results.edn", "results.edn.gz"];

impl Recording {
    /// Reads the history and the results in a folder, such as `store/latest`.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or it is not what its name says; the error says where.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let history = History::read(folder)?;
        let (path, text) = read_text(folder, RESULTS)?;
        let results = parse(&text).map_err(|cause| ReadError::Content { path, cause })?;
        Ok(Self { history, results })
    }

    /// Maelstrom's verdict.
    pub fn valid(&self) -> Validity {
        verdict(&self.results["valid?"])
    }

    /// Maelstrom's verdict on what the workload promises.
    pub fn workload_valid(&self) -> Validity {
        verdict(&self.results["workload"]["valid?"])
    }
}

fn parse(text: &str) -> Result<Value, BadText> {
    let text = readable(text);
    let bad = |line, reason: &str| BadText { line, reason: reason.to_owned() };
    if let Some(line) = too_deep(&text) {
        return Err(bad(line, "nested too deeply"));
    }
    let edn = edn::read_string(&text).map_err(|error| bad(error.line.unwrap_or(1), &format!("{:?}", error.code)))?;
    let json = to_json(&edn).ok_or_else(|| bad(1, "nested too deeply"))?;
    json.decode().map_err(|error| bad(1, &error.to_string()))
}

fn verdict(value: &Value) -> Validity {
    value.as_bool().map_or(Validity::Unknown, Validity::from_valid)
}

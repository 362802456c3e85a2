//! A run of the real Maelstrom, read from the folder in which it keeps it.

use crate::{
    history::{
        History,
        edn::to_json,
        file::{BadText, ReadError, read_text},
    },
    validity::Validity,
};
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
    serde_json::from_str(&to_json(text)?).map_err(|error| BadText { line: 1, reason: error.to_string() })
}

fn verdict(value: &Value) -> Validity {
    value.as_bool().map_or(Validity::Unknown, Validity::from_valid)
}

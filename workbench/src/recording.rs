//! A run of the real Maelstrom, read from the folder in which it keeps it.

use crate::{
    Report,
    edn::{readable, to_json, too_deep},
    files::{BadText, ReadError, read_text},
    history::History,
    network::{Counts, Traffic},
    options::Options,
    validity::Validity,
    workload::Workload,
};
use clojure_reader::edn;
use serde_json::Value;
use std::path::Path;

/// A recorded run.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What clients and nemesis did.
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

    /// Our own verdicts, beside Maelstrom's counts of messages.
    pub fn report(self, workload: &dyn Workload, options: &Options) -> Report {
        Report { net: counts(&self.results["net"]), ..Report::of(workload, self.history, options) }
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

fn counts(net: &Value) -> Counts {
    let count = |value: &Value| value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let traffic = |part: &str| Traffic {
        send_count: count(&net[part]["send-count"]),
        recv_count: count(&net[part]["recv-count"]),
    };
    Counts { all: traffic("all"), clients: traffic("clients"), servers: traffic("servers") }
}

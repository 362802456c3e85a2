//! Runs of the real Maelstrom, kept in `tests/histories`: the history, the results and the command line of each.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use clojure_reader::edn::{Edn, read_string};
use flate2::read::GzDecoder;
use glomers_workbench::{Options, Validity, history::History};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, Read as _},
    path::PathBuf,
};

/// A recorded run.
pub struct Recorded {
    /// Its folder's name.
    pub name: String,
    /// The workload.
    pub workload: String,
    pub options: Options,
    pub history: History,
    /// All that Maelstrom found, as JSON.
    pub results: Value,
}

/// The recorded runs whose names begin with a workload's name.
pub fn runs(workload: &str) -> Vec<Recorded> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(workload));
    paths.sort();
    paths.into_iter().map(run).collect()
}

fn run(path: PathBuf) -> Recorded {
    let about: Value = serde_json::from_slice(&fs::read(path.join("run.json")).unwrap()).unwrap();
    let results = unpack(path.join("results.edn.gz")).unwrap();
    Recorded {
        name: path.file_name().unwrap().to_str().unwrap().to_owned(),
        workload: about["workload"].as_str().unwrap().to_owned(),
        options: options(about["command"].as_str().unwrap()),
        history: History::read(&path).unwrap(),
        results: value(&read_string(&results).unwrap()),
    }
}

fn unpack(path: PathBuf) -> io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(path)?).read_to_string(&mut text)?;
    Ok(text)
}

/// What the checkers need of a command line.
fn options(command: &str) -> Options {
    let mut options = Options::default();
    let words: Vec<_> = command.split(' ').collect();
    if let Some(place) = words.iter().position(|word| *word == "--consistency-models") {
        options.consistency_models = words[place + 1].split(',').map(str::to_owned).collect();
    }
    options
}

impl Recorded {
    /// The real Maelstrom's verdict on the workload.
    pub fn valid(&self) -> Validity {
        match &self.results["workload"]["valid?"] {
            Value::Bool(valid) => Validity::from_valid(*valid),
            _ => Validity::Unknown,
        }
    }
}

/// EDN as JSON: keywords and symbols as strings, sets and lists as arrays, records as their maps, keys as texts.
pub fn value(edn: &Edn<'_>) -> Value {
    match edn {
        Edn::Vector(all) | Edn::List(all) => all.iter().map(value).collect(),
        Edn::Set(all) => all.iter().map(value).collect(),
        Edn::Map(all) => Value::Object(all.iter().map(|(key, member)| (text(key), value(member))).collect()),
        Edn::Key(text) | Edn::Symbol(text) | Edn::Str(text) => json!(text),
        Edn::Int(number) => json!(number),
        Edn::Bool(truth) => json!(truth),
        Edn::Tagged(_, inner) => value(inner),
        Edn::Nil => Value::Null,
        Edn::Double(number) => json!(number.into_inner()),
        other => json!(other.to_string()),
    }
}

fn text(key: &Edn<'_>) -> String {
    match value(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

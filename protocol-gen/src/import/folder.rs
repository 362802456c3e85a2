//! A schema folder in memory: read once, changed, and written only when everything about the change has been checked.

use super::{
    differences::{Change, Difference, compare},
    edit, fresh,
    json::Json,
    model::Protocol,
    schemas,
};
use crate::{Error, Kind, cursor::Cursor};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const NO_CODES: &str = "no file defines error codes: a `oneOf` of alternatives with an integer `const`";

#[derive(Clone)]
pub(crate) struct Folder {
    root: PathBuf,
    /// The texts, by path inside the folder.
    files: BTreeMap<PathBuf, String>,
    /// Which of them differ from the disk, or are no longer among `files`.
    changed: BTreeSet<PathBuf>,
}

impl Folder {
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let mut files = BTreeMap::new();
        for (file, _) in crate::schema_files(root)? {
            let text = fs::read_to_string(&file).map_err(Error::io(&file))?;
            files.insert(file.strip_prefix(root).unwrap_or(&file).to_owned(), text);
        }
        Ok(Self { root: root.to_owned(), files, changed: BTreeSet::new() })
    }

    pub(crate) fn protocol(&self) -> Result<Protocol, Error> {
        schemas::read(&self.files)
    }

    /// Makes the changes, in memory.
    pub(crate) fn apply(&mut self, differences: &[Difference]) -> Result<(), Error> {
        for Difference(change) in differences {
            match change {
                Change::WorkloadAdded { workload, rpcs } => {
                    let path = Path::new("workloads").join(format!("{workload}.json"));
                    if self.files.contains_key(&path) {
                        let text = format!("workload `{workload}` is new and needs a file of this name");
                        return Err(Cursor::root(&path.display().to_string(), &Value::Null).fail(text));
                    }
                    self.put(path, &fresh::workload(workload, rpcs));
                }
                Change::WorkloadRemoved { workload } => {
                    let (path, _) = self.workload(workload)?;
                    self.files.remove(&path);
                    self.changed.insert(path);
                }
                Change::Workload { workload, change } => {
                    let (path, mut document) = self.workload(workload)?;
                    edit::workload(&mut document, workload, change);
                    self.put(path, &document);
                }
                Change::Code { number, change } => {
                    let (path, mut document) =
                        self.find(Kind::Plain, |document| codes(document).is_some(), NO_CODES)?;
                    let name = codes(&document).expect("it was found by that");
                    edit::code(&mut document, &name, *number, change);
                    self.put(path, &document);
                }
            }
        }
        Ok(())
    }

    /// Makes sure that each changed file compiles, and that the folder now says what the documents say.
    pub(crate) fn verify(&self, documents: &Protocol) -> Result<(), Error> {
        let refuse = |source| Error::Import { source: Box::new(source) };
        for (path, text) in self.files.iter().filter(|(path, _)| self.changed.contains(*path)) {
            crate::compile(&path.display().to_string(), text, schemas::kind(path)).map_err(refuse)?;
        }
        match compare(&self.protocol().map_err(refuse)?, documents).first() {
            None => Ok(()),
            Some(left) => Err(Error::Inexpressible { difference: left.to_string() }),
        }
    }

    /// Writes the changed files: all of them beside their places first, then each into its place.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let beside = |path: &Path| self.root.join(path).with_extension("json.new");
        let written: Vec<_> = self.files.iter().filter(|(path, _)| self.changed.contains(*path)).collect();
        let all = written.iter().try_for_each(|(path, text)| {
            let file = beside(path);
            let folder = file.parent().expect("a file has a folder");
            fs::create_dir_all(folder).map_err(Error::io(folder))?;
            fs::write(&file, text).map_err(Error::io(&file))
        });
        if let Err(error) = all {
            // What cannot be removed was not written.
            written.iter().for_each(|(path, _)| _ = fs::remove_file(beside(path)));
            return Err(error);
        }
        for (path, _) in written {
            fs::rename(beside(path), self.root.join(path)).map_err(Error::io(&self.root.join(path)))?;
        }
        for path in self.changed.iter().filter(|path| !self.files.contains_key(*path)) {
            fs::remove_file(self.root.join(path)).map_err(Error::io(&self.root.join(path)))?;
        }
        Ok(())
    }

    fn put(&mut self, path: PathBuf, document: &Json) {
        self.files.insert(path.clone(), document.document());
        self.changed.insert(path);
    }

    fn workload(&self, name: &str) -> Result<(PathBuf, Json), Error> {
        let is_it = |document: &Json| document.get("title").and_then(Json::text).as_deref() == Some(name);
        self.find(Kind::Workload, is_it, "no such workload")
    }

    fn find(&self, kind: Kind, is_it: impl Fn(&Json) -> bool, missing: &str) -> Result<(PathBuf, Json), Error> {
        for (path, text) in self.files.iter().filter(|(path, _)| schemas::kind(path) == kind) {
            let file = || path.display().to_string();
            let document = Json::parse(text).map_err(|source| Error::Json { file: file(), source })?;
            if is_it(&document) {
                return Ok((path.clone(), document));
            }
        }
        Err(Cursor::root("schema", &Value::Null).fail(missing))
    }
}

/// The definition of the error codes in a file, if it has one.
fn codes(document: &Json) -> Option<String> {
    let value = document.value();
    let (name, _) = schemas::codes_definition(&Cursor::root("", &value)).ok()??;
    Some(name.to_owned())
}

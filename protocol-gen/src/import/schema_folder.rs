//! A schema folder in memory. It is read once, changed, and written only after the whole change has been checked.

use crate::{
    compile::compile,
    cursor::Cursor,
    error::Error,
    folder::{Kind, schema_files},
    import::{
        differences::{Change, Difference, compare},
        edit,
        model::Protocol,
        new_schema,
        ordered_json::OrderedJson,
        schemas,
    },
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const NO_CODES: &str = "no file defines error codes; expected a `oneOf` of alternatives with an integer `const`";

/// A schema folder and the changes that are not yet written.
#[derive(Clone)]
pub(crate) struct SchemaFolder {
    root: PathBuf,
    /// The texts, by path relative to the folder.
    files: BTreeMap<PathBuf, String>,
    /// The paths of files that differ from the disk or that were removed.
    changed: BTreeSet<PathBuf>,
}

impl SchemaFolder {
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let mut files = BTreeMap::new();
        for (file, _) in schema_files(root)? {
            let text = fs::read_to_string(&file).map_err(Error::read(&file))?;
            files.insert(file.strip_prefix(root).unwrap_or(&file).to_owned(), text);
        }
        Ok(Self { root: root.to_owned(), files, changed: BTreeSet::new() })
    }

    pub(crate) fn protocol(&self) -> Result<Protocol, Error> {
        schemas::read(&self.files)
    }

    /// Applies the differences, in memory.
    pub(crate) fn apply(&mut self, differences: &[Difference]) -> Result<(), Error> {
        for Difference(change) in differences {
            match change {
                Change::WorkloadAdded { workload, rpcs } => {
                    let path = Path::new("workloads").join(format!("{workload}.json"));
                    if self.files.contains_key(&path) {
                        let text = format!(
                            "the file exists, but the new workload `{workload}` needs its name; rename the file"
                        );
                        return Err(Cursor::root(&path.display().to_string(), &Value::Null).fail(text));
                    }
                    self.put(path, &new_schema::workload(workload, rpcs));
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
                    let name = codes(&document).expect("the file was found by its codes");
                    edit::code(&mut document, &name, *number, change);
                    self.put(path, &document);
                }
            }
        }
        Ok(())
    }

    /// Checks that each changed file compiles, and that the folder now agrees with the documents.
    pub(crate) fn verify(&self, documents: &Protocol) -> Result<(), Error> {
        let refuse = |source| Error::Import { source: Box::new(source) };
        for (path, text) in self.files.iter().filter(|(path, _)| self.changed.contains(*path)) {
            compile(&path.display().to_string(), text, Kind::of(path)).map_err(refuse)?;
        }
        match compare(&self.protocol().map_err(refuse)?, documents).first() {
            None => Ok(()),
            Some(remaining) => Err(Error::Inexpressible { difference: remaining.to_string() }),
        }
    }

    /// Writes the changed files. All are first written beside their final paths and then renamed, so that an error
    /// while writing leaves the folder unchanged.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let temporary = |path: &Path| self.root.join(path).with_extension("json.new");
        let written: Vec<_> = self.files.iter().filter(|(path, _)| self.changed.contains(*path)).collect();
        let all = written.iter().try_for_each(|(path, text)| {
            let file = temporary(path);
            let folder = file.parent().expect("a file has a folder");
            fs::create_dir_all(folder).map_err(Error::write(folder))?;
            fs::write(&file, text).map_err(Error::write(&file))
        });
        if let Err(error) = all {
            // A file that cannot be removed was not written.
            written.iter().for_each(|(path, _)| _ = fs::remove_file(temporary(path)));
            return Err(error);
        }
        for (path, _) in written {
            fs::rename(temporary(path), self.root.join(path)).map_err(Error::write(&self.root.join(path)))?;
        }
        for path in self.changed.iter().filter(|path| !self.files.contains_key(*path)) {
            fs::remove_file(self.root.join(path)).map_err(Error::write(&self.root.join(path)))?;
        }
        Ok(())
    }

    fn put(&mut self, path: PathBuf, document: &OrderedJson) {
        self.files.insert(path.clone(), document.document());
        self.changed.insert(path);
    }

    fn workload(&self, name: &str) -> Result<(PathBuf, OrderedJson), Error> {
        let has_title =
            |document: &OrderedJson| document.get("title").and_then(OrderedJson::text).as_deref() == Some(name);
        self.find(Kind::Workload, has_title, "the folder has no such workload")
    }

    fn find(
        &self,
        kind: Kind,
        matches: impl Fn(&OrderedJson) -> bool,
        missing: &str,
    ) -> Result<(PathBuf, OrderedJson), Error> {
        for (path, text) in self.files.iter().filter(|(path, _)| Kind::of(path) == kind) {
            let document = OrderedJson::parse(text).map_err(Error::json(&path.display().to_string()))?;
            if matches(&document) {
                return Ok((path.clone(), document));
            }
        }
        Err(Cursor::root("schema", &Value::Null).fail(missing))
    }
}

/// The definition of the error codes in a file, if it has one.
fn codes(document: &OrderedJson) -> Option<String> {
    let value = document.value();
    let (name, _) = schemas::codes_definition(&Cursor::root("", &value)).ok()??;
    Some(name.to_owned())
}

//! Files in memory, for tests of handlers. They survive the node, but know no crash: every write counts as synced.

use super::{Storage, error::DiskError};
use glomers_json::SortedMap;
use std::{cell::RefCell, io, rc::Rc};

/// Files in memory. A clone is the same files, so a test can give them to the next incarnation of a node.
///
/// It loses nothing. The simulated disk of the workbench does, as real ones do.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage(Rc<RefCell<SortedMap<String, Vec<u8>>>>);

fn missing(operation: &'static str, file: &str) -> DiskError {
    DiskError::Io { operation, file: file.to_owned(), source: io::ErrorKind::NotFound.into() }
}

impl Storage for MemoryStorage {
    fn files(&self) -> Result<Vec<String>, DiskError> {
        Ok(self.0.borrow().keys().cloned().collect())
    }

    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        Ok(self.0.borrow().get(file).cloned())
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.borrow_mut().or_default(file.to_owned()).extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&mut self, file: &str, len: u64) -> Result<(), DiskError> {
        let mut files = self.0.borrow_mut();
        let contents = files.get_mut(file).ok_or_else(|| missing("cut", file))?;
        contents.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        let mut files = self.0.borrow_mut();
        let contents = files.remove(from).ok_or_else(|| missing("rename", from))?;
        files.insert(to.to_owned(), contents);
        Ok(())
    }

    fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        self.0.borrow_mut().remove(file).map(drop).ok_or_else(|| missing("remove", file))
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        Ok(())
    }
}

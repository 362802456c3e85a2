//! The beginning of executions: they are copies of one that was prepared, as long as no condition looks into the handlers.

use crate::{
    explore::{execution::Execution, memo::cast::Cast, subject::Subject},
    run::error::RunError,
};
use std::cell::RefCell;

/// The beginning of all executions of a thread.
pub(crate) struct Beginning<'s> {
    pub(crate) subject: &'s Subject<'s>,
    prepared: RefCell<Option<Execution<'s>>>,
}

impl<'s> Beginning<'s> {
    pub(crate) fn new(subject: &'s Subject<'s>) -> Self {
        Self { subject, prepared: RefCell::default() }
    }

    /// An execution at its first choice.
    pub(crate) fn execution(&self) -> Result<Execution<'s>, RunError> {
        if !self.subject.invariants.is_empty() {
            return Execution::start(self.subject, false, None);
        }
        let mut prepared = self.prepared.borrow_mut();
        let cast = prepared.as_ref().and_then(|prepared| prepared.cast.as_ref());
        if let Some(contradiction) = cast.and_then(Cast::contradiction) {
            return Err(RunError::Unrepeatable(contradiction));
        }
        prepared.take_if(|prepared| prepared.is_full());
        let prepared = match &mut *prepared {
            Some(prepared) => prepared,
            none => none.insert(Execution::start(self.subject, false, Some(Cast::new(self.subject)))?),
        };
        match prepared.fork() {
            Some(copy) => Ok(copy),
            None => Execution::start(self.subject, false, None),
        }
    }
}

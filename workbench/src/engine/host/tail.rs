//! The end of a stream: its last lines, and the beginning of a line whose end has not come. It is shared with the thread
//! that reads the stream.

use crate::engine::failure::Unfinished;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The number of lines that are kept (Maelstrom: `process.clj`, `debug-buffer-size`).
const LINES: usize = 32;

/// The number of bytes that are kept of each line.
pub(super) const SHOWN_BYTES: usize = 2000;

#[derive(Clone, Default)]
pub(super) struct Tail(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    lines: VecDeque<String>,
    unfinished: Option<Unfinished>,
}

impl Tail {
    /// Adds a whole line.
    pub(super) fn push(&self, line: &[u8]) {
        let mut content = self.content();
        content.unfinished = None;
        if content.lines.len() == LINES {
            content.lines.pop_front();
        }
        content.lines.push_back(beginning(line));
    }

    /// Notes the beginning of a line.
    pub(super) fn begin(&self, line: &[u8]) {
        self.content().unfinished = Some(Unfinished { bytes: line.len(), text: beginning(line) });
    }

    /// The last whole lines.
    pub(super) fn text(&self) -> String {
        self.content().lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn unfinished(&self) -> Option<Unfinished> {
        self.content().unfinished.clone()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn beginning(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(SHOWN_BYTES)]).into_owned()
}

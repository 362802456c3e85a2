//! The file of a run's messages. A thread writes it while the test runs, and makes the index for the page.

use crate::messages::{index::Index, line::Lines};
use glomers_workbench::journal::Record;
use std::{
    cell::RefCell,
    fs::File,
    io::{self, BufWriter, Write},
    mem,
    path::{Path, PathBuf},
    rc::Rc,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{self, JoinHandle},
};

/// The bytes that are written at a time.
const BUFFER: usize = 1 << 18;

/// The number of batches that may wait to be written; a test that is ahead waits.
const WAITING: usize = 4;

/// The file to which a running test writes its messages, in a thread of its own. Clones write to the same file. It is
/// made with the first message.
#[derive(Clone, Debug)]
pub struct MessageFile(Rc<RefCell<Recording>>);

/// A file of messages that is complete.
#[derive(Clone, Debug)]
pub struct Written {
    pub(super) path: PathBuf,
    pub(super) index: Index,
}

#[derive(Debug)]
struct Recording {
    path: PathBuf,
    batch: Batch,
    writer: Option<Writer>,
}

/// A thread that writes batches.
#[derive(Debug)]
struct Writer {
    /// Absent when the last batch was sent.
    batches: Option<SyncSender<Batch>>,
    /// Batches that were written. They are filled again: new ones would leave holes in the memory of a long test.
    written: Receiver<Batch>,
    thread: JoinHandle<io::Result<Index>>,
}

/// Messages that are yet to be written. Their texts are one text, so that they cost the running test little.
#[derive(Debug, Default)]
struct Batch {
    heads: Vec<Head>,
    texts: String,
}

/// A message but for its text.
#[derive(Debug)]
struct Head {
    time: u128,
    received: bool,
    id: u64,
    length: usize,
}

impl MessageFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(Rc::new(RefCell::new(Recording { path, batch: Batch::default(), writer: None })))
    }

    /// A function that writes each message, for
    /// [`Bench::recorded_by`](glomers_workbench::Bench::recorded_by). A failure shows when the run is saved.
    pub fn recorder(&self) -> impl FnMut(Record<'_>) + 'static {
        let recording = Rc::clone(&self.0);
        move |record| recording.borrow_mut().add(&record)
    }

    /// Has the rest written, without waiting for it.
    pub(crate) fn end(&self) {
        let mut recording = self.0.borrow_mut();
        if !recording.batch.heads.is_empty() {
            recording.send();
        }
        if let Some(writer) = &mut recording.writer {
            writer.batches = None;
        }
    }

    /// Waits until everything is on the disk. Returns the file, if there were messages.
    pub(crate) fn finish(&self) -> Result<Option<Written>, (PathBuf, io::Error)> {
        self.end();
        let mut recording = self.0.borrow_mut();
        let Some(writer) = recording.writer.take() else { return Ok(None) };
        let path = recording.path.clone();
        match writer.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes it panicked"))) {
            Ok(index) => Ok(Some(Written { path, index })),
            Err(cause) => Err((path, cause)),
        }
    }
}

impl Recording {
    fn add(&mut self, record: &Record<'_>) {
        let Record { time, received, id, message, .. } = *record;
        self.batch.heads.push(Head { time, received, id, length: message.len() });
        self.batch.texts.push_str(message);
        if self.batch.texts.len() >= BUFFER {
            self.send();
        }
    }

    fn send(&mut self) {
        let writer = self.writer.get_or_insert_with(|| Writer::new(self.path.clone()));
        let batch = mem::replace(&mut self.batch, writer.written.try_recv().unwrap_or_default());
        // A writer that has failed takes no more. The reason shows at the end.
        if let Some(batches) = &writer.batches {
            let _ = batches.send(batch);
        }
    }
}

impl Writer {
    fn new(path: PathBuf) -> Self {
        let (batches, sent) = sync_channel(WAITING);
        let (done, written) = channel();
        Self { batches: Some(batches), written, thread: thread::spawn(move || write(&path, &sent, &done)) }
    }
}

/// Writes all batches and syncs the file to the disk.
fn write(path: &Path, batches: &Receiver<Batch>, written: &Sender<Batch>) -> io::Result<Index> {
    let file = File::options().write(true).create_new(true).open(path)?;
    let mut file = BufWriter::with_capacity(BUFFER, file);
    let (mut index, mut lines, mut offset) = (Index::default(), Lines::default(), 0);
    for mut batch in batches {
        let mut begin = 0;
        for Head { time, received, id, length } in batch.heads.drain(..) {
            let message = &batch.texts[begin..begin + length];
            begin += length;
            index.add(time, received, id, message, offset);
            let line = lines.of(time, received, id, message);
            offset += line.len() as u64;
            file.write_all(line)?;
        }
        batch.texts.clear();
        // At the end nobody wants it.
        let _ = written.send(batch);
    }
    file.into_inner()?.sync_data()?;
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_workbench::journal::Event;

    #[test]
    fn a_file_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = MessageFile::new(folder.path().join("missing/messages.jsonl"));
        let event = Event { time: 1, received: false, id: 0, message: "{}".into() };
        let mut record = file.recorder();
        record((&event).into());
        record((&event).into());
        assert_eq!(file.finish().unwrap_err().1.kind(), io::ErrorKind::NotFound);
    }
}

//! The messages of a run: kept in its report, or written to a file of its folder while it ran, one JSON object per line.
//! A long run has gigabytes of them, so they are visited one by one.

use glomers_workbench::journal::{Event, Record};
use std::{
    borrow::Cow,
    cell::RefCell,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    mem,
    path::{Path, PathBuf},
    rc::Rc,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{self, JoinHandle},
};

/// The bytes that are read or written at a time.
const BUFFER: usize = 1 << 18;

/// The number of batches that may wait to be written; a test that is ahead waits.
const WAITING: usize = 4;

/// The file to which a running test writes its messages, in a thread of its own. Clones write to the same file. It is
/// made with the first message.
#[derive(Clone, Debug)]
pub struct MessageFile(Rc<RefCell<Recording>>);

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
    thread: JoinHandle<io::Result<()>>,
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

    /// Waits until everything is on the disk. Returns the file's path, if there were messages.
    pub(crate) fn finish(&self) -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
        self.end();
        let mut recording = self.0.borrow_mut();
        let Some(writer) = recording.writer.take() else { return Ok(None) };
        let path = recording.path.clone();
        match writer.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes it panicked"))) {
            Ok(()) => Ok(Some(path)),
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
fn write(path: &Path, batches: &Receiver<Batch>, written: &Sender<Batch>) -> io::Result<()> {
    let file = File::options().write(true).create_new(true).open(path)?;
    let mut file = BufWriter::with_capacity(BUFFER, file);
    for mut batch in batches {
        let mut begin = 0;
        for Head { time, received, id, length } in batch.heads.drain(..) {
            let message = &batch.texts[begin..begin + length];
            begin += length;
            serde_json::to_writer(&mut file, &Record::new(time, received, id, message))?;
            file.write_all(b"\n")?;
        }
        batch.texts.clear();
        // At the end nobody wants it.
        let _ = written.send(batch);
    }
    file.into_inner()?.sync_data()
}

/// The messages of a run.
#[derive(Clone, Copy, Debug)]
pub enum Messages<'a> {
    /// Those that the run's report has.
    Kept(&'a [Event]),
    /// Those in a file that [`MessageFile`] wrote.
    Written(&'a Path),
}

/// A message that was sent or received.
pub(crate) struct Entry<'a> {
    /// Nanoseconds since the network was set up.
    pub(crate) time: u64,
    pub(crate) received: bool,
    pub(crate) id: u64,
    text: Text<'a>,
}

enum Text<'a> {
    Plain(&'a str),
    /// A JSON string.
    Quoted(&'a str),
}

impl Messages<'_> {
    /// Tells that the run recorded none. A file is made with the first one.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Kept([]))
    }

    /// Visits each in order.
    pub(crate) fn each(&self, mut visit: impl FnMut(&Entry<'_>)) -> io::Result<()> {
        match self {
            Self::Kept(events) => {
                for Event { time, received, id, message } in *events {
                    let time = u64::try_from(*time).unwrap_or(u64::MAX);
                    visit(&Entry { time, received: *received, id: *id, text: Text::Plain(message) });
                }
            }
            Self::Written(path) => {
                let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
                let mut line = String::new();
                while file.read_line(&mut line)? > 0 {
                    visit(&Entry::read(line.trim_end()).ok_or(io::ErrorKind::InvalidData)?);
                    line.clear();
                }
            }
        }
        Ok(())
    }
}

impl<'a> Entry<'a> {
    /// Reads a line as [`MessageFile`] writes it.
    fn read(line: &'a str) -> Option<Self> {
        let (time, rest) = line.strip_prefix("{\"time\":")?.split_once(',')?;
        let (received, rest) = rest.strip_prefix("\"received\":")?.split_once(',')?;
        let (id, rest) = rest.strip_prefix("\"id\":")?.split_once(',')?;
        let text = rest.strip_prefix("\"message\":")?.strip_suffix('}')?;
        let (time, received) = (time.parse().unwrap_or(u64::MAX), received == "true");
        Some(Self { time, received, id: id.parse().ok()?, text: Text::Quoted(text) })
    }

    /// The message as it was written.
    pub(crate) fn message(&self) -> Cow<'a, str> {
        match self.text {
            Text::Plain(text) => Cow::Borrowed(text),
            Text::Quoted(text) => serde_json::from_str(text).map_or(Cow::Borrowed(text), Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_visited_as_its_events() {
        let folder = tempfile::tempdir().unwrap();
        let file = MessageFile::new(folder.path().join("messages.jsonl"));
        let event = |id: u64| {
            let message = format!(r#"{{"src":"c1","dest":"n0","body":{{"text":"\"\\n\u{{e9}} {id}"}}}}"#).into();
            Event { time: u128::from(id) * 1_000, received: id % 2 == 1, id, message }
        };
        let events: Vec<_> = (0..5).map(event).collect();
        assert!(file.finish().unwrap().is_none());
        let mut record = file.recorder();
        events.iter().for_each(|event| record(event.into()));
        let path = file.finish().unwrap().unwrap();
        let lines: Vec<Event> =
            std::fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, events);
        let visited = |messages: Messages<'_>| {
            let mut all = Vec::new();
            messages
                .each(|entry| all.push((entry.time, entry.received, entry.id, entry.message().into_owned())))
                .unwrap();
            all
        };
        assert_eq!(visited(Messages::Written(&path)), visited(Messages::Kept(&events)));
    }

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

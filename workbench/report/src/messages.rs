//! The messages of a run: kept in its report, or written to a file of its folder while it ran, one JSON object per line.
//! A long run has gigabytes of them, so an index tells which are wanted, and only those are read.

mod file;
pub(crate) mod index;
mod line;
mod text;

pub use file::{MessageFile, Written};
pub(crate) use text::Text;

use glomers_workbench::journal::{Event, Record};
use index::{BLOCK, Index};
use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
};

/// The bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// The messages of a run.
#[derive(Clone, Copy, Debug)]
pub enum Messages<'a> {
    /// Those that the run's report has.
    Kept(&'a [Event]),
    /// Those in a file that [`MessageFile`] wrote.
    Written(&'a Written),
}

/// A message that was sent.
pub(crate) struct Entry<'a> {
    pub(crate) id: u64,
    pub(crate) text: Text<'a>,
}

impl<'a> Messages<'a> {
    /// Tells that the run recorded none. A file is made with the first one.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Kept([]))
    }

    pub(crate) fn index(&self) -> Cow<'a, Index> {
        match self {
            Self::Kept(events) => Cow::Owned(Index::of(events.iter().map(Record::from))),
            Self::Written(written) => Cow::Borrowed(&written.index),
        }
    }

    /// Visits the messages at these places among those that were sent. The places are in order.
    pub(crate) fn visit(&self, places: &[usize], mut visit: impl FnMut(usize, &Entry<'_>)) -> io::Result<()> {
        match self {
            Self::Kept(events) => {
                let mut sent = events.iter().filter(|event| !event.received).enumerate();
                for wanted in places {
                    let Some((place, Event { id, message, .. })) = sent.find(|(place, _)| place == wanted) else {
                        break;
                    };
                    visit(place, &Entry { id: *id, text: Text::Plain(message) });
                }
                Ok(())
            }
            Self::Written(written) => written.visit(places, visit),
        }
    }
}

impl Written {
    fn visit(&self, places: &[usize], mut visit: impl FnMut(usize, &Entry<'_>)) -> io::Result<()> {
        let mut file = BufReader::with_capacity(BUFFER, File::open(&self.path)?);
        let (mut line, mut next) = (String::new(), 0);
        for block in places.chunk_by(|one, next| one / BLOCK == next / BLOCK) {
            let begin = block[0] / BLOCK * BLOCK;
            // What lies between two blocks is passed over.
            if next == 0 || next + BLOCK < begin {
                file.seek(SeekFrom::Start(self.index.offset(begin / BLOCK)))?;
                next = begin;
            }
            for wanted in block {
                loop {
                    read_sent(&mut file, &mut line)?;
                    next += 1;
                    if next > *wanted {
                        break;
                    }
                }
                let entry = Entry::read(line.trim_end(), self.index.length(*wanted));
                visit(*wanted, &entry.ok_or(io::ErrorKind::InvalidData)?);
            }
        }
        Ok(())
    }
}

/// Reads the next line of a message that was sent.
fn read_sent(file: &mut impl BufRead, line: &mut String) -> io::Result<()> {
    loop {
        line.clear();
        if file.read_line(line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (_, rest) = line.split_once(',').ok_or(io::ErrorKind::InvalidData)?;
        if rest.starts_with("\"received\":false") {
            return Ok(());
        }
    }
}

impl<'a> Entry<'a> {
    /// Reads a line as [`MessageFile`] writes it. `length` is that of the text, if it is long.
    fn read(line: &'a str, length: Option<usize>) -> Option<Self> {
        let (_, rest) = line.split_once("\"id\":")?;
        let (id, rest) = rest.split_once(',')?;
        let quoted = rest.strip_prefix("\"message\":\"")?.strip_suffix("\"}")?;
        Some(Self { id: id.parse().ok()?, text: Text::Quoted { quoted, length } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_visited_as_its_events() {
        let folder = tempfile::tempdir().unwrap();
        let file = MessageFile::new(folder.path().join("messages.jsonl"));
        let event = |number: u64| {
            let long = if number.is_multiple_of(7) { "x".repeat(6000) } else { String::new() };
            let message =
                format!(r#"{{"src":"c1","dest":"n0","body":{{"text":"\"\\n\u{{e9}} {number}{long}"}}}}"#).into();
            Event { time: u128::from(number) * 1_000, received: number % 3 == 2, id: number - number / 3, message }
        };
        let events: Vec<_> = (0..1500).map(event).collect();
        assert!(file.finish().unwrap().is_none());
        let mut record = file.recorder();
        events.iter().for_each(|event| record(event.into()));
        let written = file.finish().unwrap().unwrap();
        let lines: Vec<Event> = std::fs::read_to_string(&written.path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines, events);
        let (kept, written) = (Messages::Kept(&events), Messages::Written(&written));
        let times = |messages: Messages<'_>| {
            let index = messages.index();
            (0..1000).map(|place| index.times(place)).collect::<Vec<_>>()
        };
        assert_eq!(times(kept), times(written));
        for places in [vec![], vec![0], vec![999], vec![3, 4, 63, 64, 65, 500, 900, 901], (0..1000).collect()] {
            let visited = |messages: Messages<'_>| {
                let mut all = Vec::new();
                let add = |place, entry: &Entry<'_>| all.push((place, entry.id, entry.text.whole().into_owned()));
                messages.visit(&places, add).unwrap();
                all
            };
            assert_eq!(visited(kept).len(), places.len());
            assert_eq!(visited(written), visited(kept));
        }
    }
}

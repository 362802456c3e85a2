//! The output of processes, and the names to which nodes may send: what Maelstrom cannot take is a violation.

use crate::engine::{
    host::{line::Line, lines::LONGEST_LINE, process::Written},
    participant::ParticipantId,
    violation::{Violation, ViolationKind, shown},
    world::World,
};
use glomers_protocol::NodeId;
use std::time::Duration;

/// The time that a process which has closed its stdout may take to end.
const END_GRACE: Duration = Duration::from_millis(200);

/// The number of names that are listed when a name is not on the network.
const LISTED_NAMES: usize = 12;

/// The length of the beginning that is kept of a line which is too long, in bytes.
const LISTED_BYTES: usize = 4096;

impl World {
    /// Takes what a process wrote.
    pub(super) fn hear(&mut self, written: Written) {
        let node = &written.node;
        let Some(id) = self.members.id(node).filter(|_| !written.is_late()) else { return };
        match &written.line {
            Some(line) if line.is_whole => self.hear_line(id, node, &line.bytes),
            Some(line) => {
                let reason = format!("{node} wrote a line of more than {} MiB to stdout", LONGEST_LINE >> 20);
                let begin = String::from_utf8_lossy(&line.bytes[..line.bytes.len().min(LISTED_BYTES)]);
                self.violate(id, "", Violation::new(ViolationKind::LineTooLong, node, &begin, reason));
            }
            // It has closed its stdout. Mostly that is the end; but it may as well have nothing more to say.
            None => self.crash = self.members.get(id).and_then(|member| member.participant.crash(END_GRACE)),
        }
    }

    fn hear_line(&mut self, id: ParticipantId, node: &NodeId, bytes: &[u8]) {
        let line = match Line::read(bytes) {
            Ok(line) => line,
            Err(reason) => {
                let text = String::from_utf8_lossy(bytes);
                let reason = format!("{node} printed a line that is not a message: {reason}");
                let expected = format!(r#"{{"src": "{node}", "dest": ID, "body": {{"type": TYPE, ...}}}}"#);
                let violation = Violation::new(ViolationKind::NotAMessage, node, &text, reason).expecting(expected);
                return self.violate(id, "", violation);
            }
        };
        if self.members.id(&line.src).is_none() {
            let src = shown(line.src.as_str());
            let reason = format!("{node} sent a message with the src `{src}`; {node} must sign as `{node}`");
            return self.violate(id, "", Violation::new(ViolationKind::UnknownSrc, node, &line.text, reason));
        }
        if let Some(rest) = &line.rest {
            let reason = format!(
                "{node} wrote more behind a message on the same line, which is ignored: {}; is a newline missing?",
                shown(rest)
            );
            self.violate(id, "", Violation::new(ViolationKind::TextAfterMessage, node, &line.text, reason));
        }
        self.send(id, &line.src, &line.dest, line.text.into());
    }

    pub(super) fn unknown_dest(&self, src: &NodeId, dest: &NodeId, line: &str) -> Violation {
        let (names, has_more) = self.members.first_names(LISTED_NAMES);
        let listed: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        let more = if has_more { " and others" } else { "" };
        let reason = format!(
            "{src} sent a message to `{}`, which is not on the network; {}{more} are",
            shown(dest.as_str()),
            listed.join(", ")
        );
        Violation::new(ViolationKind::UnknownDest, src, line, reason)
    }
}

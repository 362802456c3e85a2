//! The lines of the file of messages. They are what serde_json writes of a record, but made faster: nearly all bytes of a file are
//! the texts of messages, which are full of quotes.

/// The bytes from which a text is large. Large ones in a row, such as a topology that each node is told, often differ at
/// their beginnings only.
const LARGE: usize = 4096;

/// The bytes at the beginning of a large text that may differ.
const BEGINNING: usize = 256;

/// A maker of lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    /// The rest of the last large text, and its form.
    rest: String,
    escaped: Vec<u8>,
}

impl Lines {
    /// The line of a message, with its end.
    pub(super) fn of(&mut self, time: u128, received: bool, id: u64, text: &str) -> &[u8] {
        self.line.clear();
        self.line.extend_from_slice(b"{\"time\":");
        match u64::try_from(time) {
            Ok(time) => self.number(time),
            Err(_) => self.line.extend_from_slice(time.to_string().as_bytes()),
        }
        let received: &[u8] = if received { b",\"received\":true,\"id\":" } else { b",\"received\":false,\"id\":" };
        self.line.extend_from_slice(received);
        self.number(id);
        self.line.extend_from_slice(b",\"message\":\"");
        if text.len() < LARGE {
            escape(text, &mut self.line);
        } else {
            if self.rest.is_empty() || !text.ends_with(&self.rest) {
                let (_, rest) = text.split_at(text.floor_char_boundary(BEGINNING));
                rest.clone_into(&mut self.rest);
                self.escaped.clear();
                escape(rest, &mut self.escaped);
            }
            escape(&text[..text.len() - self.rest.len()], &mut self.line);
            self.line.extend_from_slice(&self.escaped);
        }
        self.line.extend_from_slice(b"\"}\n");
        &self.line
    }

    /// Adds a number: serde_json writes it faster than the formatter.
    fn number(&mut self, number: u64) {
        serde_json::to_writer(&mut self.line, &number).expect("memory takes all");
    }
}

/// Adds a text as the content of a JSON string.
fn escape(text: &str, out: &mut Vec<u8>) {
    let begin = out.len();
    // Mostly quotes and backslashes are all that is escaped.
    out.resize(begin + 2 * text.len(), 0);
    let mut end = begin;
    for byte in text.bytes() {
        match byte {
            ..b' ' => {
                out.truncate(begin);
                return escape_controls(text, out);
            }
            b'"' | b'\\' => {
                (out[end], out[end + 1]) = (b'\\', byte);
                end += 2;
            }
            _ => {
                out[end] = byte;
                end += 1;
            }
        }
    }
    out.truncate(end);
}

fn escape_controls(text: &str, out: &mut Vec<u8>) {
    let quoted = serde_json::to_string(text).expect("a text has a JSON form");
    out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_workbench::journal::Record;

    #[test]
    fn a_line_is_the_record_in_json() {
        let large = |begin: &str, end: &str| format!("{begin}{}{end}", "\"\u{e9}\\\u{1f600},".repeat(500));
        let texts = [
            String::new(),
            "\"\\".to_owned(),
            "\t\n\u{1}\u{7f}\"\u{2028}".to_owned(),
            large("1", ""),
            large("12", ""),
            large("a longer beginning", ""),
            large("1", "2"),
            large(&"x".repeat(300), ""),
            large("\n", ""),
            large("1", "\u{1}"),
            large("2", "\u{1}"),
            "x".repeat(LARGE),
            "short again".to_owned(),
        ];
        let mut lines = Lines::default();
        for (id, text) in (0..).zip(&texts) {
            let time = if id == 3 { u128::MAX } else { u128::from(id) * 1_000_000_007 };
            let received = id % 2 == 1;
            let expected = serde_json::to_string(&Record::new(time, received, id, text)).unwrap() + "\n";
            assert_eq!(std::str::from_utf8(lines.of(time, received, id, text)).unwrap(), expected);
        }
    }
}

//! The baseline for calls: the shortest handwritten loop that asks `lin-kv` before it echoes. It waits for an answer as long as it
//! takes, so it needs no clock.

use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::{
    collections::BTreeMap,
    io::{self, BufRead, Write},
};

#[derive(Deserialize)]
struct Message<'a> {
    src: &'a str,
    #[serde(borrow)]
    body: Body<'a>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    msg_id: Option<u64>,
    in_reply_to: Option<u64>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Serves from stdin to stdout until stdin ends.
pub(crate) fn run() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let (mut line, mut waiting, mut last) = (Vec::new(), BTreeMap::new(), 0);
    while input.read_until(b'\n', &mut line)? > 0 {
        let Message { src, body } = serde_json::from_slice(&line)?;
        match (body.kind, body.msg_id, body.in_reply_to) {
            ("echo", Some(msg_id), _) => {
                last += 1;
                waiting.insert(last, (src.to_owned(), msg_id));
                write!(
                    output,
                    r#"{{"src":"n1","dest":"lin-kv","body":{{"type":"read","msg_id":{last},"key":"key"}}}}"#
                )?;
            }
            (_, _, Some(call)) => {
                let (src, msg_id) = waiting.remove(&call).ok_or(io::ErrorKind::InvalidData)?;
                let value = body.value.map_or("null", RawValue::get);
                write!(
                    output,
                    r#"{{"src":"n1","dest":"{src}","body":{{"type":"echo_ok","in_reply_to":{msg_id},"echo":{value}}}}}"#
                )?;
            }
            _ => {
                let body = json!({ "type": "init_ok", "in_reply_to": body.msg_id });
                write!(output, "{}", json!({ "src": "n1", "dest": src, "body": body }))?;
            }
        }
        writeln!(output)?;
        line.clear();
    }
    Ok(())
}

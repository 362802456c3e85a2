//! The baseline for nodes: the shortest handwritten loop that echoes. It has one thread, borrows from the line, and
//! writes when its buffer is full or its input is drained. It checks nothing that it does not need.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::fd::AsFd,
};

#[derive(Deserialize)]
struct Message<'a> {
    src: &'a str,
    dest: &'a str,
    #[serde(borrow)]
    body: Request<'a>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    msg_id: u64,
    #[serde(borrow)]
    echo: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Reply<'a> {
    src: &'a str,
    dest: &'a str,
    body: Response<'a>,
}

#[derive(Serialize)]
struct Response<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    in_reply_to: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    echo: Option<&'a RawValue>,
}

const BUFFER_BYTES: usize = 64 * 1024;

/// Echoes from stdin to stdout until stdin ends.
pub(crate) fn run() -> io::Result<()> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, io::stdin().lock());
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut output = BufWriter::with_capacity(BUFFER_BYTES, output);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let Message { src, dest, body } = serde_json::from_slice(&line)?;
        let kind = if body.kind == "init" { "init_ok" } else { "echo_ok" };
        let body = Response { kind, in_reply_to: body.msg_id, echo: body.echo };
        serde_json::to_writer(&mut output, &Reply { src: dest, dest: src, body })?;
        output.write_all(b"\n")?;
        line.clear();
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}

//! `bridge call`: one request from the command line.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | the answer is on stdout |
//! | 1 | the answer is on stdout, and is an error |
//! | 2 | the arguments are wrong |
//! | 3 | the node is not there, or does not answer in time |
//! | 4 | no NATS server answers |

use crate::{
    control::{self, Control},
    message::{Message, error as error_body, line, too_long},
    options::{NatsOptions, read_id},
    subject::CALLER,
};
use anyhow::{Context, Result, bail};
use async_nats::Client;
use futures::StreamExt;
use serde_json::Value;
use std::{process::ExitCode, time::Duration};

const ANSWERED_ERROR: u8 = 1;
const BAD_ARGUMENTS: u8 = 2;
const NO_ANSWER: u8 = 3;
const NO_ENGINE: u8 = 4;

/// The number of the request, if the body names none.
const MSG_ID: i64 = 1;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    nats: NatsOptions,
    /// The node
    #[arg(value_name = "ID", value_parser = read_id)]
    node: String,
    /// The request, such as '{"type":"echo","echo":"hi"}'
    #[arg(value_name = "JSON")]
    body: String,
    /// The seconds to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    timeout: f64,
}

/// Sends the request and prints the answer.
pub(crate) async fn run(arguments: &Arguments) -> ExitCode {
    let complain = |code, error: anyhow::Error| {
        eprintln!("bridge: {error:#}");
        ExitCode::from(code)
    };
    let body = match read(&arguments.body) {
        Ok(body) => body,
        Err(error) => return complain(BAD_ARGUMENTS, error),
    };
    let client = match arguments.nats.connect_once().await {
        Ok(client) => client,
        Err(error) => return complain(NO_ENGINE, error),
    };
    match ask(&client, arguments, &body).await {
        Ok(answer) => {
            println!("{answer}");
            if answer["type"] == "error" { ExitCode::from(ANSWERED_ERROR) } else { ExitCode::SUCCESS }
        }
        Err(error) => complain(NO_ANSWER, error),
    }
}

/// A body with a number, which an answer names again.
fn read(text: &str) -> Result<Value> {
    let mut body: Value = serde_json::from_str(text).with_context(|| format!("got `{text}`, which is not JSON"))?;
    let Some(fields) = body.as_object_mut().filter(|fields| fields.contains_key("type")) else {
        bail!("got `{text}`, expected an object with a `type`, such as {{\"type\":\"read\"}}")
    };
    fields.entry("msg_id").or_insert(MSG_ID.into());
    Ok(body)
}

async fn ask(client: &Client, arguments: &Arguments, body: &Value) -> Result<Value> {
    let (subjects, node) = (arguments.nats.subjects()?, &arguments.node);
    let epoch = control::ask(client, &subjects, node, &Control::Status).await?.epoch;
    // NATS makes names that nobody else has.
    let me = format!("{CALLER}{}", client.new_inbox().rsplit('.').next().unwrap_or_default());
    let mut answers = client.subscribe(subjects.client(&epoch, &me, "*")).await?;
    let text = line(&me, node, body);
    if let Some((_, refusal)) = too_long_for(client, &text) {
        return Ok(refusal);
    }
    client.publish(subjects.node(&epoch, node, &me), text.into()).await?;
    let timeout = Duration::try_from_secs_f64(arguments.timeout).context("--timeout")?;
    let wait = async {
        while let Some(message) = answers.next().await {
            let line: Value = serde_json::from_slice(&message.payload)?;
            if line["body"]["in_reply_to"] == body["msg_id"] {
                return anyhow::Ok(line["body"].clone());
            }
        }
        bail!("NATS closed the connection")
    };
    match tokio::time::timeout(timeout, wait).await {
        Ok(answer) => answer,
        Err(_) => bail!("{node} gave no answer within {} s", arguments.timeout),
    }
}

/// The error instead of a request that NATS does not carry.
fn too_long_for(client: &Client, text: &str) -> Option<(String, Value)> {
    let (message, limit) = (Message::read(text).ok()?, client.max_payload());
    if text.len() <= limit {
        return None;
    }
    too_long(&message, text.len(), limit).or_else(|| Some((message.src.to_string(), error_body(12, "too long", None))))
}

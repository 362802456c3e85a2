//! `bridge proxy`: stands in for a node under `glomers test --bin`. What the bench's clients say goes over NATS to the node,
//! wherever it runs, and what the node says to clients comes back.
//!
//! Each test is an epoch of its own, so nothing of an earlier test is left. The proxy of the first node names it and has all
//! bridges join it, then answers the other proxies, which wait for that. Only then does each start its node. So no message
//! between nodes is lost at the beginning.
//!
//! Its `init_ok` has `"elsewhere": true`. By that the bench knows that its own faults do not reach the node, and refuses them.
//! Faults are for `--nemesis-command 'bridge fault ...'`.

use crate::{
    control::{self, Control},
    message::{Message, code, error, line, too_long},
    options::NatsOptions,
    subject::{CALLER, Subjects, dest, token},
};
use anyhow::{Context, Result, bail};
use async_nats::Client;
use futures::{StreamExt, future::try_join_all};
use serde::Deserialize;
use serde_json::json;
use std::{
    io::{Write, stdout},
    time::Duration,
};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

/// The time between two questions for the epoch.
const POLL: Duration = Duration::from_millis(20);

/// The time in which the proxy of the first node must name the epoch. The bench gives a node ten seconds.
const EPOCH_TIMEOUT: Duration = Duration::from_secs(8);

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    nats: NatsOptions,
}

#[derive(Debug, Deserialize)]
struct Init {
    msg_id: i64,
    node_id: String,
    node_ids: Vec<String>,
}

/// Serves the bench until it closes stdin.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let mut lines = BufReader::new(stdin()).lines();
    let Some(first) = lines.next_line().await? else { return Ok(()) };
    let message = Message::read(&first)?;
    let init: Init = serde_json::from_str(message.body.get()).context("expected `init` first")?;
    let subjects = arguments.nats.subjects()?;
    let begun = async {
        let client = arguments.nats.connect_once().await?;
        let epoch = begin(&client, &subjects, &init).await?;
        let answers = client.subscribe(subjects.client(&epoch, "*", &init.node_id)).await?;
        client.flush().await?;
        control::ask(&client, &subjects, &init.node_id, &Control::Start).await?;
        anyhow::Ok((client, epoch, answers))
    };
    let id = &init.node_id;
    let (client, epoch, mut answers) = match begun.await {
        Ok(begun) => begun,
        Err(reason) => {
            let body = error(code::CRASH, &format!("{reason:#}"), Some(init.msg_id));
            write(&line(id, &message.src, &body))?;
            // A proxy that ended now would look like a node that crashed.
            while lines.next_line().await?.is_some() {}
            return Ok(());
        }
    };
    let ready = json!({ "type": "init_ok", "in_reply_to": init.msg_id, "elsewhere": true });
    write(&line(id, &message.src, &ready))?;
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => forward(&client, &subjects, &epoch, id, line).await?,
                None => return Ok(()),
            },
            Some(message) = answers.next() => {
                if !dest(&message.subject).starts_with(CALLER) {
                    write(&String::from_utf8_lossy(&message.payload))?;
                }
            }
        }
    }
}

/// Agrees with the other proxies on an epoch, which all nodes have joined.
async fn begin(client: &Client, subjects: &Subjects, init: &Init) -> Result<String> {
    let ids = &init.node_ids;
    ids.iter().try_for_each(|id| token(id).map(|_| ()))?;
    if ids.first() != Some(&init.node_id) {
        return ask_epoch(client, subjects).await;
    }
    // A name that no other test has: NATS makes them for inboxes.
    let epoch = client.new_inbox().rsplit('.').next().unwrap_or_default().to_owned();
    let join = Control::Join { epoch: epoch.clone(), ids: ids.clone() };
    try_join_all(ids.iter().map(|id| control::ask(client, subjects, id, &join))).await?;
    let mut questions = client.subscribe(subjects.epoch()).await?;
    let (client, answer) = (client.clone(), epoch.clone());
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            if let Some(reply) = question.reply {
                // A proxy that gets no answer asks again.
                let _ = client.publish(reply, answer.clone().into()).await;
            }
        }
    });
    Ok(epoch)
}

async fn ask_epoch(client: &Client, subjects: &Subjects) -> Result<String> {
    let asked = async {
        loop {
            match client.request(subjects.epoch(), "".into()).await {
                Ok(reply) => return String::from_utf8_lossy(&reply.payload).into_owned(),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    };
    match tokio::time::timeout(EPOCH_TIMEOUT, asked).await {
        Ok(epoch) => Ok(epoch),
        Err(_) => bail!("the proxy of the first node did not begin the test within {EPOCH_TIMEOUT:?}; see its log"),
    }
}

async fn forward(client: &Client, subjects: &Subjects, epoch: &str, id: &str, text: String) -> Result<()> {
    let (limit, message) = (client.max_payload(), Message::read(&text)?);
    let subject = subjects.node(epoch, id, token(&message.src)?);
    if text.len() > limit {
        return match too_long(&message, text.len(), limit) {
            Some((to, error)) => write(&line(id, &to, &error)),
            None => Ok(()),
        };
    }
    client.publish(subject, text.into()).await.context("cannot publish")
}

fn write(line: &str) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

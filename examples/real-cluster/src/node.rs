//! `bridge node`: one loop between a node's pipes, NATS and a store. Nothing else touches the child, so no lock is needed.
//!
//! A bridge is *joined* to an epoch when it listens to the epoch's subjects, and *started* when its child runs. Between the two,
//! messages wait: so a node that starts first may write to one that starts last. While a child is dead, messages for it are
//! lost, as in Maelstrom.
//!
//! Two bridges with one id would both get the node's messages. A bridge asks for others with its id when it starts, and ends
//! if there is one. It cannot see one behind a broken network, so give each bridge an id of its own.

use crate::{
    child::Child,
    control::{Answer, Control},
    message::{Message, line, too_long},
    options::{NatsOptions, read_id},
    services,
    store::{Etcd, EtcdOptions, JetStream, Store},
    subject::{Subjects, src},
};
use anyhow::{Context, Result, bail};
use async_nats::{Client, Request, Subscriber, connection::State as Connection};
use clap::ValueEnum;
use futures::StreamExt;
use serde_json::{json, value::RawValue};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// The sender of `init`.
const INITIALIZER: &str = "c-bridge";

/// The time in which another bridge with the same id must answer.
const TWIN_TIMEOUT: Duration = Duration::from_millis(500);

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    nats: NatsOptions,
    #[command(flatten)]
    etcd: EtcdOptions,
    /// The store behind lin-kv, seq-kv, lww-kv and lin-tso
    #[arg(long, value_name = "STORE", default_value = "etcd")]
    kv: Kv,
    /// The id of this node
    #[arg(long, value_name = "ID", value_parser = read_id)]
    id: String,
    /// The ids of all nodes, in the same order everywhere
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = read_id)]
    ids: Vec<String>,
    /// The life of the cluster: messages and data of another one are not seen
    #[arg(long, value_name = "NAME", default_value = "1", value_parser = read_id)]
    epoch: String,
    /// A folder for the node's data; it gets GLOMERS_DATA=DIR/EPOCH/ID
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    program: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kv {
    Etcd,
    /// Not linearizable: see docs/judging.md
    Jetstream,
    None,
}

enum State {
    Joined,
    Running(Child),
    Dead,
}

struct Bridge {
    arguments: Arguments,
    client: Client,
    subjects: Subjects,
    /// A name of this process's own.
    instance: String,
    epoch: String,
    ids: Vec<String>,
    store: Store,
    state: State,
    /// The number of children there have been.
    incarnation: u64,
    messages: Subscriber,
    /// The senders whose messages are dropped.
    dropped: BTreeSet<String>,
    /// The request to start that the child's answer to `init` will answer.
    starting: Option<async_nats::Message>,
    replies: UnboundedSender<(u64, String)>,
}

/// Runs a node until it ends or this process is to end.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let (id, ids) = (arguments.id.clone(), arguments.ids.clone());
    if !ids.contains(&id) {
        bail!("got the id {id}, expected one of --ids {}", ids.join(","))
    }
    let subjects = arguments.nats.subjects()?;
    let client = arguments.nats.connect(&id).await?;
    while client.connection_state() != Connection::Connected {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut control = client.subscribe(subjects.control(&id)).await?;
    let instance = client.new_inbox();
    let early = refuse_twin(&client, &subjects, &id, &instance, &mut control).await?;
    let messages = client.subscribe(subjects.node(&arguments.epoch, &id, "*")).await?;
    let (replies, answers) = unbounded_channel();
    let mut bridge = Bridge {
        epoch: arguments.epoch.clone(),
        arguments,
        client,
        subjects,
        instance,
        ids,
        store: Store::None,
        state: State::Joined,
        incarnation: 0,
        messages,
        dropped: BTreeSet::new(),
        starting: None,
        replies,
    };
    bridge.store = bridge.open_store().await?;
    bridge.start()?;
    for request in early {
        bridge.control(request).await?;
    }
    bridge.serve(control, answers).await
}

/// Ends this bridge if another one has its id. Two that start at the same moment answer each other, and both end. Returns the
/// requests that came meanwhile.
async fn refuse_twin(
    client: &Client,
    subjects: &Subjects,
    id: &str,
    instance: &str,
    control: &mut Subscriber,
) -> Result<Vec<async_nats::Message>> {
    let hello = serde_json::to_vec(&Control::Hello { instance: instance.to_owned() })?;
    let request = Request::new().payload(hello.into()).timeout(Some(TWIN_TIMEOUT));
    let mut asked = std::pin::pin!(client.send_request(subjects.control(id), request));
    let mut early = Vec::new();
    loop {
        tokio::select! {
            Some(message) = control.next() => match serde_json::from_slice(&message.payload) {
                Ok(Control::Hello { instance: other }) if other == instance => {}
                Ok(Control::Hello { .. }) => {
                    if let Some(reply) = message.reply {
                        client.publish(reply, "twin".into()).await?;
                    }
                }
                _ => early.push(message),
            },
            reply = &mut asked => match reply {
                Ok(_) => bail!("another bridge runs {id} in this cluster already; end it, or give this one another --id"),
                Err(_) => return Ok(early),
            },
        }
    }
}

impl Bridge {
    async fn serve(mut self, mut control: Subscriber, mut answers: UnboundedReceiver<(u64, String)>) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        loop {
            let listens = !matches!(self.state, State::Joined);
            tokio::select! {
                Some(message) = self.messages.next(), if listens => self.receive(&message),
                Some(request) = control.next() => self.control(request).await?,
                line = next_line(&mut self.state) => match line {
                    Some(line) => self.send(&line).await?,
                    None => return self.report_end().await,
                },
                Some((incarnation, line)) = answers.recv() => {
                    if let State::Running(child) = &self.state && incarnation == self.incarnation {
                        child.write(line);
                    }
                }
                _ = terminate.recv() => break,
                _ = tokio::signal::ctrl_c() => break,
            }
        }
        self.kill().await;
        Ok(())
    }

    async fn report_end(&mut self) -> Result<()> {
        let State::Running(child) = std::mem::replace(&mut self.state, State::Dead) else { return Ok(()) };
        bail!(
            "{} ended by itself with {}; start this bridge again to restart it",
            self.arguments.id,
            child.status().await
        )
    }

    /// Passes a message from NATS to the child.
    fn receive(&self, message: &async_nats::Message) {
        let State::Running(child) = &self.state else { return };
        if self.dropped.contains(src(&message.subject)) {
            return;
        }
        match std::str::from_utf8(&message.payload) {
            Ok(line) if !line.contains('\n') => child.write(line),
            _ => eprintln!("bridge: a message on {} is not one line of text", message.subject),
        }
    }

    /// Passes a line of the child's stdout on.
    async fn send(&mut self, line: &str) -> Result<()> {
        let id = &self.arguments.id;
        let message = match Message::read(line) {
            Ok(message) if message.src == *id => message,
            Ok(message) => {
                eprintln!("bridge: {id} wrote a message with the src {}; it is dropped: {line}", message.src);
                return Ok(());
            }
            Err(error) => {
                eprintln!("bridge: {id} wrote a line that is no message ({error}); it is dropped: {line}");
                return Ok(());
            }
        };
        let dest = &*message.dest;
        if dest == INITIALIZER {
            self.initialized(message.body).await
        } else if services::IDS.contains(&dest) {
            self.ask(dest, message.body);
            Ok(())
        } else if self.ids.iter().any(|id| id == dest) {
            self.publish(self.subjects.node(&self.epoch, dest, id), line, &message).await
        } else if dest.starts_with('c') {
            self.publish(self.subjects.client(&self.epoch, dest, id), line, &message).await
        } else {
            eprintln!("bridge: {id} wrote to {dest}, which is no node, client or service; it is dropped: {line}");
            Ok(())
        }
    }

    async fn publish(&self, subject: String, text: &str, message: &Message<'_>) -> Result<()> {
        let limit = self.client.max_payload();
        if text.len() <= limit {
            return self.client.publish(subject, text.to_owned().into()).await.context("cannot publish");
        }
        let Some((to, error)) = too_long(message, text.len(), limit) else { return Ok(()) };
        let id = &self.arguments.id;
        if to == *id {
            if let State::Running(child) = &self.state {
                child.write(line(&message.dest, id, &error));
            }
            return Ok(());
        }
        self.client.publish(subject, line(id, &to, &error).into()).await.context("cannot publish")
    }

    /// Has the store serve a request, while other messages go on.
    fn ask(&self, service: &str, body: &RawValue) {
        let (store, replies, incarnation) = (self.store.clone(), self.replies.clone(), self.incarnation);
        let (service, id, body) = (service.to_owned(), self.arguments.id.clone(), body.to_owned());
        tokio::spawn(async move {
            let body = services::answer(&store, &service, &body).await;
            // The bridge ends first only if it is told to.
            let _ = replies.send((incarnation, format!(r#"{{"src":"{service}","dest":"{id}","body":{body}}}"#)));
        });
    }

    async fn control(&mut self, request: async_nats::Message) -> Result<()> {
        let outcome = match serde_json::from_slice(&request.payload) {
            Ok(Control::Hello { instance }) if instance == self.instance => return Ok(()),
            Ok(Control::Hello { .. } | Control::Status) => Ok("running"),
            Ok(Control::Join { epoch, ids }) => self.join(epoch, ids).await.map(|()| "joined"),
            Ok(Control::Start) if matches!(self.state, State::Running(_)) => Ok("already-running"),
            Ok(Control::Start) => match self.start() {
                Ok(()) => {
                    self.starting = Some(request);
                    return Ok(());
                }
                Err(error) => Err(error),
            },
            Ok(Control::Kill) => {
                self.kill().await;
                Ok("killed")
            }
            Ok(Control::Pause) => Ok(self.with_child(Child::pause, "paused")),
            Ok(Control::Resume) => Ok(self.with_child(Child::resume, "resumed")),
            Ok(Control::Drop { from }) => {
                self.dropped = from;
                Ok("done")
            }
            Err(error) => Err(error.into()),
        };
        self.answer(&request, outcome.map(str::to_owned)).await
    }

    fn with_child(&self, act: impl Fn(&Child), outcome: &'static str) -> &'static str {
        let State::Running(child) = &self.state else { return "not-running" };
        act(child);
        outcome
    }

    async fn answer(&self, request: &async_nats::Message, outcome: Result<String>) -> Result<()> {
        let Some(reply) = &request.reply else { return Ok(()) };
        let is_error = outcome.is_err();
        let outcome = outcome.unwrap_or_else(|error| format!("{error:#}"));
        let answer = Answer { outcome, is_error, epoch: self.epoch.clone(), instance: self.instance.clone() };
        self.client.publish(reply.clone(), serde_json::to_vec(&answer)?.into()).await.context("cannot answer")
    }

    /// Begins another life: nothing of the last one is heard or remembered any more.
    async fn join(&mut self, epoch: String, ids: Vec<String>) -> Result<()> {
        self.kill().await;
        let _ = self.messages.unsubscribe().await;
        let id = &self.arguments.id;
        self.messages = self.client.subscribe(self.subjects.node(&epoch, id, "*")).await?;
        // The servers know of it before anybody is told.
        self.client.flush().await?;
        (self.epoch, self.ids, self.state) = (epoch, ids, State::Joined);
        self.dropped.clear();
        self.store = self.open_store().await?;
        Ok(())
    }

    async fn open_store(&self) -> Result<Store> {
        let prefix = self.subjects.prefix(&self.epoch);
        Ok(match self.arguments.kv {
            Kv::Etcd => Store::Etcd(Arc::new(Etcd::new(self.arguments.etcd.clone(), prefix))),
            Kv::Jetstream => Store::JetStream(Box::new(JetStream::open(&self.client, &prefix).await?)),
            Kv::None => Store::None,
        })
    }

    /// Starts a child and tells it its id; it hears nothing before.
    fn start(&mut self) -> Result<()> {
        let id = &self.arguments.id;
        let data = self.arguments.data.as_ref().map(|folder| folder.join(&self.epoch).join(id));
        let child = Child::start(&self.arguments.program, data.as_deref())?;
        let init = json!({ "type": "init", "msg_id": 1, "node_id": id, "node_ids": self.ids });
        child.write(line(INITIALIZER, id, &init));
        self.incarnation += 1;
        self.state = State::Running(child);
        Ok(())
    }

    /// The child has answered `init`.
    async fn initialized(&mut self, body: &RawValue) -> Result<()> {
        let is_ok = body.get().contains("\"init_ok\"");
        if !is_ok {
            eprintln!("bridge: {} did not get ready: {body}", self.arguments.id);
        }
        let Some(request) = self.starting.take() else { return Ok(()) };
        let outcome =
            if is_ok { Ok("started".to_owned()) } else { Err(anyhow::anyhow!("it answered `init` by {body}")) };
        self.answer(&request, outcome).await
    }

    async fn kill(&mut self) {
        self.starting = None;
        if let State::Running(child) = std::mem::replace(&mut self.state, State::Dead) {
            child.kill().await;
        }
    }
}

/// The next line of the child; `None` at the end of its stdout. Without a child there is none, for ever.
async fn next_line(state: &mut State) -> Option<String> {
    match state {
        State::Running(child) => child.lines.recv().await,
        State::Joined | State::Dead => std::future::pending().await,
    }
}

//! Nodes as processes with data folders, wired to each other without a workbench between: for tests that kill all of
//! them at one moment, and for measurements.

use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    iter,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// The time after which a missing answer is an error.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The nodes to start: `n0`, `n1` and so on.
#[derive(Clone, Copy)]
pub(crate) struct Setup<'a> {
    /// The name of their program.
    pub(crate) program: &'a str,
    pub(crate) nodes: usize,
    /// The folder of their data. Without it they have no disk.
    pub(crate) data: Option<&'a Path>,
    /// The file to which they log every sync.
    pub(crate) log: Option<&'a Path>,
}

/// Running nodes. They are killed when it is dropped.
pub(crate) struct Cluster {
    nodes: Vec<Child>,
    inputs: Inputs,
    routers: Vec<JoinHandle<()>>,
    replies: Receiver<Message>,
}

type Inputs = Arc<Vec<Mutex<ChildStdin>>>;

/// A message of a node.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    dest: String,
    /// Its body.
    pub(crate) body: Value,
}

impl Cluster {
    /// Starts nodes, and waits until all are ready.
    pub(crate) fn start(setup: Setup<'_>) -> Self {
        let mut nodes: Vec<Child> = (0..setup.nodes).map(|_| setup.command().spawn().unwrap()).collect();
        let inputs = nodes.iter_mut().map(|node| Mutex::new(node.stdin.take().unwrap())).collect();
        let (inputs, (sender, replies)): (Inputs, _) = (Arc::new(inputs), channel());
        let outputs: Vec<ChildStdout> = nodes.iter_mut().map(|node| node.stdout.take().unwrap()).collect();
        let router = |output| {
            let (inputs, sender) = (Arc::clone(&inputs), sender.clone());
            thread::spawn(move || route(output, &inputs, &sender))
        };
        let routers = outputs.into_iter().map(router).collect();
        let cluster = Self { nodes, inputs, routers, replies };
        let ids: Vec<String> = (0..setup.nodes).map(id).collect();
        for (node, id) in ids.iter().enumerate() {
            cluster.send(node, 0, &json!({"type": "init", "msg_id": 0, "node_id": id, "node_ids": ids}));
        }
        for _ in &ids {
            assert_eq!(cluster.reply().body["type"], "init_ok");
        }
        cluster
    }

    /// Sends a client's request to a node.
    pub(crate) fn send(&self, node: usize, client: usize, body: &Value) {
        self.write(node, &request(node, client, body));
    }

    /// Writes lines to a node.
    pub(crate) fn write(&self, node: usize, lines: &str) {
        write(&self.inputs[node], lines);
    }

    /// The next reply to a client.
    pub(crate) fn reply(&self) -> Message {
        self.replies.recv_timeout(TIMEOUT).expect("a node answers in time")
    }

    /// The next reply to a client, for which it waits, and then those that are there already.
    pub(crate) fn replies(&self) -> impl Iterator<Item = Message> {
        iter::once_with(|| self.reply()).chain(self.replies.try_iter())
    }

    /// Kills all nodes at once, and returns what they had written until then.
    pub(crate) fn kill(mut self) -> Vec<Message> {
        self.end();
        self.routers.drain(..).for_each(|router| router.join().unwrap());
        self.replies.try_iter().collect()
    }

    fn end(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.kill().unwrap());
        self.nodes.iter_mut().for_each(|node| _ = node.wait().unwrap());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

impl Message {
    /// The number of the client that it is for.
    pub(crate) fn client(&self) -> usize {
        number(&self.dest)
    }
}

impl Setup<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_echo")).with_file_name(self.program));
        command.env("GLOMERS_DATA", self.data.unwrap_or(Path::new(""))).env_remove("RUST_LOG");
        if let Some(log) = self.log {
            command.env("RUST_LOG", "glomers_protocol=debug");
            command.stderr(File::options().create(true).append(true).open(log).unwrap());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }
}

/// The line of a client's request to a node.
pub(crate) fn request(node: usize, client: usize, body: &Value) -> String {
    format!("{{\"src\":\"c{client}\",\"dest\":\"{}\",\"body\":{body}}}\n", id(node))
}

/// Passes on what a node writes, to nodes and to clients.
fn route(output: ChildStdout, inputs: &[Mutex<ChildStdin>], clients: &Sender<Message>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        // A killed node leaves the beginning of a line.
        let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
        if message.dest.starts_with('c') {
            // Nobody may be interested any more.
            let _ = clients.send(message);
        } else {
            write(&inputs[number(&message.dest)], &(line + "\n"));
        }
    }
}

/// Writes to a node, which may be dead.
fn write(input: &Mutex<ChildStdin>, lines: &str) {
    let _ = input.lock().unwrap().write_all(lines.as_bytes());
}

fn id(node: usize) -> String {
    format!("n{node}")
}

fn number(id: &str) -> usize {
    id[1..].parse().unwrap()
}

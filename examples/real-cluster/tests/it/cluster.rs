//! A cluster of bridges over the test's engines, and the commands that a person types.

use crate::engines::{Nats, Process, eventually};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

pub(crate) fn bridge() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bridge"))
}

fn relay() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/relay.sh"))
}

/// A cluster, whose name is that of its test.
pub(crate) struct Cluster {
    name: &'static str,
    nats: String,
    etcd: String,
    ids: &'static str,
    /// More options for NATS, and for etcd.
    options: [Vec<String>; 2],
}

impl Cluster {
    pub(crate) fn new(name: &'static str, nats: &Nats, etcd: Option<String>, ids: &'static str) -> Self {
        // Nothing listens on port 1.
        let etcd = etcd.unwrap_or("http://127.0.0.1:1".to_owned());
        Self { name, nats: nats.url(), etcd, ids, options: Default::default() }
    }

    /// The same cluster, with these options for NATS.
    pub(crate) fn nats_options(mut self, options: &[&str]) -> Self {
        self.options[0] = options.iter().map(ToString::to_string).collect();
        self
    }

    /// The same cluster, with these options for etcd.
    pub(crate) fn etcd_options(mut self, options: &[&str]) -> Self {
        self.options[1] = options.iter().map(ToString::to_string).collect();
        self
    }

    fn command(&self, name: &str) -> Command {
        let mut command = bridge();
        command.args([name, "--cluster", self.name, "--nats", &self.nats]).args(&self.options[0]);
        command
    }

    pub(crate) fn node_command(&self, id: &str, epoch: &str) -> Command {
        let mut command = self.command("node");
        command.args(["--id", id, "--ids", self.ids, "--epoch", epoch, "--etcd", &self.etcd]).args(&self.options[1]);
        command.arg("--").arg(relay());
        command
    }

    /// Starts a node.
    pub(crate) fn start(&self, id: &str, epoch: &str) -> Process {
        let mut command = self.node_command(id, epoch);
        Process(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Starts all nodes and waits until they serve.
    pub(crate) fn up(&self) -> Vec<Process> {
        let nodes = self.ids.split(',').map(|id| self.start(id, "1")).collect();
        self.ids.split(',').for_each(|id| self.await_node(id));
        nodes
    }

    pub(crate) fn await_node(&self, id: &str) {
        eventually(id, || (self.call(id, &json!({ "type": "echo" })).0 == 0).then_some(()));
    }

    /// The exit code of a call, and its answer or what it wrote to stderr.
    pub(crate) fn call(&self, id: &str, body: &Value) -> (i32, Value) {
        self.call_within(id, body, "10")
    }

    pub(crate) fn call_within(&self, id: &str, body: &Value, seconds: &str) -> (i32, Value) {
        let output = self.command("call").args(["--timeout", seconds, id, &body.to_string()]).output().unwrap();
        let stderr = || String::from_utf8_lossy(&output.stderr).into_owned().into();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_else(|_| stderr()))
    }

    /// The answer of a service, or of another node, to a request that `n1` passes on.
    pub(crate) fn relay(&self, via: &str, request: &Value) -> Value {
        let mut request = request.clone();
        request["msg_id"] = json!(7);
        let (code, mut answer) = self.call("n1", &json!({ "type": "relay", "relayed": request, "via": via }));
        assert_eq!(code, 0, "{answer}");
        let mut answer = answer["answer"].take();
        answer.as_object_mut().unwrap().remove("in_reply_to");
        answer
    }

    /// The exit code and the output of `bridge fault`.
    pub(crate) fn fault(&self, step: &Value) -> (bool, String) {
        let mut command = self.command("fault");
        command.args(["--ids", self.ids]);
        let Output { status, stdout, stderr } = run(&mut command, &step.to_string());
        (status.success(), String::from_utf8(if status.success() { stdout } else { stderr }).unwrap().trim().to_owned())
    }

    /// The lines that a proxy writes for these lines.
    pub(crate) fn proxy(&self) -> Command {
        self.command("proxy")
    }
}

/// Runs a command with this stdin.
pub(crate) fn run(command: &mut Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{input}").unwrap();
    child.wait_with_output().unwrap()
}

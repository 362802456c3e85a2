//! `bridge`: the node that ran in the simulation, on machines of its own.
//!
//! A Maelstrom node reads messages from stdin and writes messages to stdout. `bridge node` is the other end of these pipes:
//! it carries messages between nodes over NATS, and answers requests to `lin-kv`, `seq-kv`, `lww-kv` and `lin-tso` from etcd.
//! The node does not notice, in whatever language it is written.
//!
//! | command | purpose |
//! |---|---|
//! | `bridge node` | runs one node; one per machine |
//! | `bridge call` | one request from the command line |
//! | `bridge proxy` | stands in for a node under `glomers test --bin`, so that the bench drives and judges the cluster |
//! | `bridge fault` | injects faults into the cluster, for `glomers test --nemesis-command` |
//!
//! # What the mapping guarantees
//!
//! **Messages.** Core NATS promises at-most-once delivery: a subscriber that is connected gets a message, in the order in which
//! one publisher sent it; nothing is kept for one that is not. Maelstrom's network promises no more than that once it has
//! faults. So a node that survives `--nemesis partition` survives NATS, and one that never resends may lose a message when a
//! server dies. `subject.rs` has the names, `node.rs` the loop.
//!
//! **Services.** `store/etcd.rs` argues for each service why etcd's documented guarantees suffice. `store/jetstream.rs` is a
//! lesson: it looks right, and is not linearizable.

mod call;
mod child;
mod control;
mod fault;
mod message;
mod node;
mod options;
mod proxy;
mod services;
mod store;
mod subject;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Runs Maelstrom nodes on real machines.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a program as a node of the cluster
    Node(node::Arguments),
    /// Send a node one request and print its answer
    Call(call::Arguments),
    /// Stand in for a node: `glomers test --bin bridge -- proxy ...`
    Proxy(proxy::Arguments),
    /// Inject the fault that is described on stdin: `glomers test --nemesis-command 'bridge fault ...'`
    Fault(fault::Arguments),
}

/// The exit code if something could not be done at all. `bridge call` has codes of its own.
const FAILED: u8 = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Node(arguments) => node::run(arguments).await.map(|()| ExitCode::SUCCESS),
        Command::Call(arguments) => Ok(call::run(&arguments).await),
        Command::Proxy(arguments) => proxy::run(&arguments).await.map(|()| ExitCode::SUCCESS),
        Command::Fault(arguments) => fault::run(&arguments).await.map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("bridge: {error:#}");
        ExitCode::from(FAILED)
    })
}

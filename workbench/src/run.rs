//! The ways to run a test: handlers in simulation, or a program in real time. The engine is the same.

use crate::{
    hosted::{Crash, Host, Program, StartError},
    nemesis::Spawn,
    options::Options,
    report::Report,
    test::Test,
    workload::Workload,
};
use glomers_protocol::{CallError, Context, Handler, Node, NodeId};
use std::rc::Rc;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The workload cannot be run with these options.
    #[error("{0}")]
    Options(String),
    /// A node did not answer `init`, or what the workload says to it before the first operation.
    #[error("{node} did not get ready: {cause}{}", complaints.iter().map(|complaint| format!("\n\n{complaint}")).collect::<String>())]
    Setup {
        /// Which node.
        node: NodeId,
        /// What came instead of an answer.
        cause: CallError,
        /// What nodes did that is no message, or went to nobody.
        complaints: Vec<String>,
    },
    /// A process could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A process ended before the test did.
    #[error(transparent)]
    Crash(#[from] Crash),
}

/// Tests a cluster of `H` in simulation.
///
/// # Errors
///
/// The workload cannot be run with these options, or a node did not answer `init` or what the workload says to it before
/// the first operation.
pub fn run<H: Handler>(workload: Box<dyn Workload>, options: &Options) -> Result<Report, RunError> {
    run_with(workload, options, H::init)
}

/// As [`run`], with handlers that `make` makes.
///
/// # Errors
///
/// The same.
pub fn run_with<H: Handler>(
    workload: Box<dyn Workload>,
    options: &Options,
    make: impl Fn(&Context) -> H + Clone + 'static,
) -> Result<Report, RunError> {
    let spawn: Spawn = Box::new(move |_, seed| Ok(Box::new(Node::with(seed, make.clone()))));
    Test::new(workload, options.clone(), spawn, None)?.run()
}

/// Tests a program, one process a node, in real time.
///
/// # Errors
///
/// The workload cannot be run with these options, the program cannot be started, a node ends before the test, or it does not answer what comes before the first
/// operation.
pub fn run_program(workload: Box<dyn Workload>, options: &Options, program: &Program) -> Result<Report, RunError> {
    let program = program.clone();
    let host = Rc::new(Host::new());
    let spawn: Spawn = Box::new({
        let host = Rc::clone(&host);
        move |id, _| Ok(Box::new(host.start(&program, id)?))
    });
    Test::new(workload, options.clone(), spawn, Some(host))?.run()
}

//! The ways to run a test: handlers in simulation, or a program in real time. The engine is the same.

use crate::{
    engine::{
        disk::node::participant,
        host::{Host, program::Program},
        journal::{Record, Recorder},
    },
    options::Options,
    run::{
        error::RunError,
        lifecycle::Test,
        nemesis::Spawn,
        progress::{Observer, Progress, Stop},
        report::Report,
    },
    workload::Workload,
};
use glomers_protocol::{Context, Handler, IntoHandler, Node};
use std::{fmt, ops::ControlFlow, rc::Rc};

/// A test that can be watched while it runs.
///
/// ```
/// use glomers_workbench::{Bench, Options, Progress, Stage, workload};
/// # use glomers_protocol::{handler, echo::{Echo, EchoOk}};
/// # #[derive(Default)]
/// # struct Parrot;
/// # #[handler(echo)]
/// # impl Parrot {
/// #     fn echo(&self, request: Echo) -> EchoOk {
/// #         EchoOk { echo: request.echo }
/// #     }
/// # }
/// # use std::ops::ControlFlow;
/// let mut last = None;
/// let observer = |progress: &Progress| {
///     last = Some((progress.stage, progress.ok));
///     ControlFlow::Continue(())
/// };
/// let report = Bench::new(workload::named("echo")?, &Options::default()).watched_by(observer).run::<Parrot>()?;
/// assert_eq!(last, Some((Stage::Checking, report.judgement.stats.all.ok_count)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a test does nothing before it is run"]
pub struct Bench<'a> {
    workload: Box<dyn Workload>,
    options: &'a Options,
    observer: Option<Observer<'a>>,
    recorder: Option<Recorder>,
}

impl fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench")
            .field("workload", &self.workload.name())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<'a> Bench<'a> {
    /// A test of a workload.
    pub fn new(workload: Box<dyn Workload>, options: &'a Options) -> Self {
        Self { workload, options, observer: None, recorder: None }
    }

    /// Shows the progress of the test to `observer`, at each stage and from time to time in between. The observer can
    /// also end the test.
    pub fn watched_by(self, observer: impl FnMut(&Progress) -> ControlFlow<Stop> + 'a) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// Hands over every message as it is sent or received, instead of keeping it in the report's
    /// [`journal`](Report::journal), whatever the options say of that: a long test has gigabytes of them.
    pub fn recorded_by(self, recorder: impl FnMut(Record<'_>) + 'static) -> Self {
        Self { recorder: Some(Box::new(recorder)), ..self }
    }

    fn test(self, spawn: Spawn, host: Option<Rc<Host>>) -> Test<'a> {
        let Self { workload, options, observer, recorder } = self;
        Test { workload, options: options.clone(), spawn, host, observer, recorder }
    }

    /// Tests a cluster of `H` in simulation.
    ///
    /// # Errors
    ///
    /// The workload cannot be run with these options, a node did not answer `init` or what the workload says to it
    /// before the first operation, or the observer wanted the test to end.
    pub fn run<H: Handler>(self) -> Result<Report, RunError> {
        self.run_with::<H, _>(H::init)
    }

    /// As [`Self::run`], with handlers that `make` makes.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn run_with<H: Handler, M: IntoHandler<H>>(
        self,
        make: impl Fn(&Context) -> M + Clone + 'static,
    ) -> Result<Report, RunError> {
        let spawn: Spawn = Box::new(move |_, seed, disk| Ok(participant(Node::with(seed, make.clone()), disk)));
        self.test(spawn, None).run()
    }

    /// Tests a program, one process a node, in real time.
    ///
    /// # Errors
    ///
    /// As [`Self::run`]; or the program cannot be started, or a node ends before the test.
    pub fn run_program(self, program: &Program) -> Result<Report, RunError> {
        let data = program.data.clone().filter(|_| self.options.has_disk());
        let program = Program { data, ..program.clone() };
        let host = Rc::new(Host::new());
        let spawn: Spawn = Box::new({
            let host = Rc::clone(&host);
            move |id, _, _| Ok(Box::new(host.start(&program, id)?))
        });
        self.test(spawn, Some(host)).run()
    }
}

/// Tests a cluster of `H` in simulation.
///
/// # Errors
///
/// The workload cannot be run with these options, or a node did not answer `init` or what the workload says to it
/// before the first operation.
pub fn simulate<H: Handler>(workload: Box<dyn Workload>, options: &Options) -> Result<Report, RunError> {
    Bench::new(workload, options).run::<H>()
}

/// As [`simulate`], with handlers that `make` makes.
///
/// # Errors
///
/// The same.
pub fn simulate_with<H: Handler, M: IntoHandler<H>>(
    workload: Box<dyn Workload>,
    options: &Options,
    make: impl Fn(&Context) -> M + Clone + 'static,
) -> Result<Report, RunError> {
    Bench::new(workload, options).run_with(make)
}

/// Tests a program, one process a node, in real time.
///
/// # Errors
///
/// The workload cannot be run with these options, the program cannot be started, a node ends before the test, or it
/// does not answer what comes before the first operation.
pub fn test_program(workload: Box<dyn Workload>, options: &Options, program: &Program) -> Result<Report, RunError> {
    Bench::new(workload, options).run_program(program)
}

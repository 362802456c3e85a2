//! The ways to explore: in one call, or with invariants and an observer.

use crate::{
    engine::disk::node::participant,
    explore::{
        chance,
        crew::Crew,
        ending::wrong,
        execution::{Execution, beginning::Beginning},
        exploration::{Exploration, Mode},
        reduce::reduce,
        result::{Counterexample, Explored, Tally},
        schedule::Schedule,
        search::Search,
        subject::{Cluster, Invariant, Spawn, Subject},
        text::body,
        verdicts::Verdicts,
    },
    run::error::RunError,
    workload::Workload,
};
use glomers_protocol::{Context, Handler, IntoHandler, Node};
use std::{
    fmt,
    ops::ControlFlow,
    panic::resume_unwind,
    rc::Rc,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// The number of schedules of a random mode without a limit.
const RANDOM: u64 = 1000;

/// The number of schedules, or repetitions, after which one thread shows its progress.
const SHOWN: u64 = 256;

/// The time after which several threads show their progress.
const PERIOD: Duration = Duration::from_millis(100);

type Observer<'a> = Box<dyn FnMut(&Tally) -> ControlFlow<()> + 'a>;

/// An exploration that has not begun.
///
/// ```
/// use glomers_workbench::{explore::{Exploration, Explorer}, workload};
/// # use glomers_protocol::{handler, echo::{Echo, EchoOk}};
/// # #[derive(Default)]
/// # struct Parrot { echoes: std::cell::Cell<usize> }
/// # #[handler(echo)]
/// # impl Parrot {
/// #     fn echo(&self, request: Echo) -> EchoOk {
/// #         self.echoes.set(self.echoes.get() + 1);
/// #         EchoOk { echo: request.echo }
/// #     }
/// # }
/// let bounds = Exploration::default().operations(3);
/// let explored = Explorer::new(workload::maker("echo")?, &bounds)
///     .invariant("few echoes", |cluster| {
///         let echoes: usize = cluster.handlers::<Parrot>().map(|parrot| parrot.echoes.get()).sum();
///         if echoes < 3 { Ok(()) } else { Err(format!("{echoes} echoes")) }
///     })
///     .run::<Parrot>()?;
/// let found = explored.counterexample.unwrap();
/// assert_eq!((&*found.kind, &*found.explanation), ("few echoes", "3 echoes"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an exploration does nothing before it is run"]
pub struct Explorer<'a> {
    make: Box<dyn Fn() -> Box<dyn Workload> + Send + Sync + 'a>,
    bounds: Exploration,
    invariants: Vec<Invariant>,
    observer: Option<Observer<'a>>,
}

impl fmt::Debug for Explorer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl<'a> Explorer<'a> {
    /// An exploration of a workload, which `make` makes for each schedule.
    pub fn new(make: impl Fn() -> Box<dyn Workload> + Send + Sync + 'a, bounds: &Exploration) -> Self {
        Self { make: Box::new(make), bounds: bounds.clone(), invariants: Vec::new(), observer: None }
    }

    /// Demands a condition on the nodes before the first step and after every step. `check` returns what is wrong.
    pub fn invariant(
        mut self,
        name: &'static str,
        check: impl Fn(&Cluster<'_>) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.invariants.push(Invariant { name, is_final: false, check: Box::new(check) });
        self
    }

    /// Demands a condition on the nodes at the end of the choices of every schedule, when no message is in flight any more, but
    /// before the rest happens by time. `check` returns what is wrong.
    pub fn final_condition(
        mut self,
        name: &'static str,
        check: impl Fn(&Cluster<'_>) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.invariants.push(Invariant { name, is_final: true, check: Box::new(check) });
        self
    }

    /// Shows the counts to `observer` from time to time. The observer can also end the exploration.
    pub fn watched_by(self, observer: impl FnMut(&Tally) -> ControlFlow<()> + 'a) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// Explores a cluster of `H`.
    ///
    /// # Errors
    ///
    /// The workload cannot be run with these options, a node did not answer `init` or what the workload says to it before the
    /// first operation, or a node answered differently when it was told the same again.
    pub fn run<H: Handler>(self) -> Result<Explored, RunError> {
        self.run_with::<H, _>(H::init)
    }

    /// As [`Self::run`], with handlers that `make` makes.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn run_with<H: Handler, M: IntoHandler<H>>(
        self,
        make: impl Fn(&Context) -> M + Clone + Send + Sync + 'static,
    ) -> Result<Explored, RunError> {
        let spawn = move || -> Spawn {
            let make = make.clone();
            Rc::new(move |seed, disk| participant(Node::with(seed, make.clone()), disk))
        };
        self.explore(&spawn)
    }

    fn explore(mut self, spawn: &(dyn Fn() -> Spawn + Sync)) -> Result<Explored, RunError> {
        let make: &dyn Fn() -> Box<dyn Workload> = &*self.make;
        let subject = Subject::new(make, spawn(), &self.invariants, &self.bounds)?;
        if let Some(schedule) = &self.bounds.schedule {
            return repeat(&subject, schedule);
        }
        let limit = match self.bounds.mode {
            Mode::All => self.bounds.max_schedules,
            Mode::Pct { .. } | Mode::Random => Some(self.bounds.max_schedules.unwrap_or(RANDOM)),
        };
        let crew = Crew::new(self.bounds.threads, limit);
        let mut observer = self.observer.take().unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
        if self.bounds.threads > 1 {
            self.work_together(spawn, &crew, &mut observer)?;
        } else {
            let mut next = SHOWN;
            work(&subject, &crew, &mut |tally| {
                if tally.schedules + tally.repetitions < next {
                    return ControlFlow::Continue(());
                }
                next = tally.schedules + tally.repetitions + SHOWN;
                observer(&tally)
            })?;
        }
        result(&subject, &crew)
    }

    /// Has several threads work, each with a subject of its own.
    fn work_together(
        &self,
        spawn: &(dyn Fn() -> Spawn + Sync),
        crew: &Crew,
        observer: &mut Observer<'_>,
    ) -> Result<(), RunError> {
        let (make, bounds, invariants) = (&self.make, &self.bounds, &self.invariants[..]);
        let (sender, receiver) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..bounds.threads)
                .map(|_| {
                    let sender = sender.clone();
                    scope.spawn(move || {
                        // It tells that the thread has ended by being dropped.
                        let _sender = sender;
                        let make: &dyn Fn() -> Box<dyn Workload> = &**make;
                        let subject = Subject::new(make, spawn(), invariants, bounds)?;
                        work(&subject, crew, &mut |_| ControlFlow::Continue(()))
                    })
                })
                .collect();
            drop(sender);
            while receiver.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                if observer(&crew.tally()).is_break() {
                    crew.stop();
                }
            }
            let ended = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            ended.collect()
        })
    }
}

/// Explores a cluster of `H` with a workload that `make` makes for each schedule, such as [`workload::maker`] does.
///
/// [`workload::maker`]: crate::workload::maker
///
/// # Errors
///
/// The workload cannot be run with these options, a node did not answer `init` or what the workload says to it before the
/// first operation, or a node answered differently when it was told the same again.
pub fn explore<H: Handler>(
    make: impl Fn() -> Box<dyn Workload> + Send + Sync,
    bounds: &Exploration,
) -> Result<Explored, RunError> {
    Explorer::new(make, bounds).run::<H>()
}

/// As [`explore`], with handlers that `make_handler` makes.
///
/// # Errors
///
/// The same.
pub fn explore_with<H: Handler, M: IntoHandler<H>>(
    make: impl Fn() -> Box<dyn Workload> + Send + Sync,
    bounds: &Exploration,
    make_handler: impl Fn(&Context) -> M + Clone + Send + Sync + 'static,
) -> Result<Explored, RunError> {
    Explorer::new(make, bounds).run_with(make_handler)
}

/// The work of one thread.
fn work(
    subject: &Subject<'_>,
    crew: &Crew,
    observer: &mut dyn FnMut(Tally) -> ControlFlow<()>,
) -> Result<(), RunError> {
    let worked = match subject.bounds.mode {
        Mode::All => {
            let mut search = Search::new(subject, crew, observer);
            let (mut has_worked, mut worked) = (false, Ok(()));
            while worked.is_ok()
                && let Some(job) = crew.next_job(has_worked)
            {
                worked = search.run(job);
                has_worked = true;
            }
            worked
        }
        Mode::Pct { .. } | Mode::Random => chance::run(subject, crew, observer),
    };
    if worked.is_err() {
        crew.stop();
    }
    worked
}

fn result(subject: &Subject<'_>, crew: &Crew) -> Result<Explored, RunError> {
    let found = crew.take_found();
    let is_complete = subject.bounds.mode == Mode::All && found.is_none() && !crew.is_stopped();
    let counterexample = found.map(|found| {
        let schedule = reduce(subject, &found.schedule)?;
        counterexample(subject, &schedule, found.after)
    });
    Ok(Explored {
        is_complete,
        counterexample: counterexample.transpose()?,
        tally: crew.tally(),
        ..unexplored(subject)
    })
}

/// Repeats one schedule.
fn repeat(subject: &Subject<'_>, schedule: &Schedule) -> Result<Explored, RunError> {
    let wrong = Execution::retry(&Beginning::new(subject), schedule, &mut Verdicts::default())?;
    let counterexample = wrong.map(|schedule| counterexample(subject, &schedule, 1)).transpose()?;
    let tally = Tally { schedules: 1, longest: schedule.0.len(), ..Tally::default() };
    Ok(Explored { counterexample, tally, ..unexplored(subject) })
}

fn unexplored(subject: &Subject<'_>) -> Explored {
    let clients = subject.nodes.len().max(1);
    let operations = subject.program.iter().enumerate().map(|(number, planned)| {
        let node = &subject.nodes[planned.worker % clients];
        let value = Some(planned.invocation.value.as_str()).filter(|value| *value != "null").unwrap_or_default();
        let line = format!("op{number}  c{} at {node}: {} {value}", planned.worker, planned.invocation.f);
        line.trim_end().to_owned()
    });
    Explored {
        workload: (subject.make)().name(),
        mode: subject.bounds.mode,
        program: operations.collect(),
        tally: Tally::default(),
        is_complete: false,
        counterexample: None,
    }
}

fn counterexample(subject: &Subject<'_>, schedule: &Schedule, after: u64) -> Result<Counterexample, RunError> {
    let narrated = Execution::narrate(subject, schedule)?;
    let report = narrated.report;
    let arrived = report.journal.iter().skip(narrated.searched).filter(|event| event.received);
    let rest = arrived.map(|event| {
        let ids = glomers_protocol::Message::parse(&event.message).ok();
        let (src, dest) = ids.map(|message| (message.src().to_owned(), message.dest().to_owned())).unwrap_or_default();
        format!("{dest} receives from {src}: {}", body(&event.message))
    });
    let rest = rest.collect();
    let (kind, explanation) = match narrated.broken {
        Some((name, reason)) => (name.to_owned(), reason),
        None => wrong(&report.judgement).unwrap_or_else(|| ("invalid".to_owned(), report.to_string())),
    };
    Ok(Counterexample { schedule: narrated.schedule, after, kind, explanation, steps: narrated.lines, rest, report })
}

//! The end of an execution: the rest happens by time, faults end, the last operations are done, and the history is judged.

use super::Execution;
use crate::{
    engine::violation::ViolationKind,
    explore::{
        ending::{Ending, wrong},
        program::Planned,
        verdicts::Verdicts,
    },
    run::{
        interpreter::Interpreter,
        lifecycle::RECOVERY,
        pace::{Interval, Pace},
        probe::{self, Probe},
        report::{Report, TestConfig},
    },
    workload::generator::{Generator, Moment, Next},
};
use glomers_checkers::judgement::Judgement;
use std::{collections::VecDeque, rc::Rc, time::Duration};

/// The time for which a healed cluster rests before its last operations. If these show nothing wrong it needs no more.
const SHORT_REST: Duration = Duration::from_secs(1);

/// The operations of a program that have not begun.
struct Rest(VecDeque<Planned>);

impl Generator for Rest {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        if self.0.is_empty() {
            return Next::Done;
        }
        // The clients keep the order of their operations.
        let mut busy = Vec::new();
        let next = self.0.iter().position(|planned| {
            let is_free = moment.free.contains(&planned.worker) && !busy.contains(&planned.worker);
            busy.push(planned.worker);
            is_free
        });
        match next.and_then(|at| self.0.remove(at)) {
            Some(planned) => Next::Invoke(planned.worker, planned.invocation),
            None => Next::Wait(None),
        }
    }
}

impl Execution<'_> {
    /// Ends the execution, with a short rest or a long one, and judges it.
    pub(crate) fn finish(mut self, is_long: bool, verdicts: &mut Verdicts) -> Ending {
        self.check(true);
        if let Some((name, _)) = &self.broken {
            (*name).clone_into(&mut verdicts.wrong);
            return Ending::Invalid;
        }
        self.run_rest(is_long);
        let doubt = if is_long || self.subject.ends_with_operations { Ending::Invalid } else { Ending::Doubtful };
        if let Some(kind) = self.violation() {
            verdicts.wrong = kind;
            return doubt;
        }
        let fingerprint = verdicts.fingerprint(&self.session.history);
        if verdicts.is_valid(fingerprint) {
            return Ending::Valid;
        }
        if let Some((kind, _)) = wrong(&self.judge()) {
            verdicts.wrong = kind;
            return doubt;
        }
        verdicts.remember(fingerprint);
        Ending::Valid
    }

    /// Ends the execution and reports it.
    pub(crate) fn report(mut self, is_long: bool) -> (Report, Option<(&'static str, String)>) {
        self.check(true);
        if self.broken.is_none() {
            self.run_rest(is_long);
        }
        let judgement = self.judge();
        let violations = self.session.world.take_violations();
        let journal = self.session.world.take_journal();
        let config = TestConfig {
            options: Rc::unwrap_or_clone(self.session.options),
            origin: self.session.origin,
            stopped: None,
        };
        let net = self.session.world.network.counts();
        let report = Report::explored(self.session.workload.name(), self.session.history, judgement, config)
            .with_messages(net, journal)
            .with_violations(violations);
        (report, self.broken)
    }

    /// The kind of a violation of the protocol, or of the end of a node that nothing struck.
    fn violation(&mut self) -> Option<String> {
        if self.subject.nodes.iter().any(|node| self.session.world.stop_reason(node).is_some()) {
            return Some(ViolationKind::Stopped.name().to_owned());
        }
        let violations = self.session.world.take_violations();
        violations.causes().first().map(|cause| cause.kind.name().to_owned())
    }

    fn judge(&self) -> Judgement {
        let checker = self.session.workload.checker();
        Judgement::of(&*checker, &self.session.history, &self.session.options.expectations())
    }

    /// Lets everything else happen by time.
    fn run_rest(&mut self, is_long: bool) {
        if self.all_done() && self.subject.ends_with_operations {
            return;
        }
        self.session.world.end_search();
        if !self.all_done() {
            let unbegun = self.subject.program.iter().zip(&self.is_over).filter(|(_, is_over)| !**is_over);
            let rest = Rest(unbegun.map(|(planned, _)| planned.clone()).collect());
            self.operate(Box::new(rest), Interval::None);
        }
        if self.session.workload.final_generator(&self.session.options).is_none() && !self.session.options.liveness {
            return;
        }
        self.heal();
        for place in self.crashed.clone() {
            self.restart(place);
        }
        let end = self.session.now() + if is_long { RECOVERY } else { SHORT_REST };
        while self.session.step_before(Some(end)) {}
        self.conclude();
    }

    /// Does the last operations.
    fn conclude(&mut self) {
        let options = &self.session.options;
        // The last operations of some workloads depend on what the others have seen.
        let mut traffic = self.session.workload.generator(options);
        self.session.history.ops().iter().for_each(|op| traffic.observe(op));
        match (self.session.workload.final_generator(options), options.liveness) {
            (Some(last), true) => {
                let probe = Probe::whole(last, &options.nodes);
                self.operate(Box::new(probe), Interval::None);
            }
            (Some(last), false) => self.operate(last, Interval::None),
            (None, true) => {
                let probe = Probe::until_served(traffic, &options.nodes, options.clients());
                self.operate(Box::new(probe), Interval::Mean(probe::PACE));
            }
            (None, false) => {}
        }
    }

    fn operate(&mut self, generator: Box<dyn Generator>, interval: Interval) {
        let pace = Pace::new(interval, self.session.now(), None);
        Interpreter::new(generator, pace, None).run(&mut self.session);
    }
}

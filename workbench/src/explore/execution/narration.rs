//! An execution that repeats a schedule and tells of each step.

use super::Execution;
use crate::{
    engine::flight::{Flying, MessageKey},
    explore::{
        ending::Ending,
        execution::beginning::Beginning,
        schedule::{Choice, Link, Schedule},
        step::Step,
        subject::Subject,
        text::body,
        verdicts::Verdicts,
    },
    run::{error::RunError, report::Report},
};

/// A repeated schedule.
pub(crate) struct Narrated {
    /// The choices that were possible.
    pub(crate) schedule: Schedule,
    /// A line for each.
    pub(crate) lines: Vec<String>,
    /// The number of events in the journal at the end of the choices. What follows happened by time, some of it at once.
    pub(crate) searched: usize,
    pub(crate) report: Report,
    /// The invariant that did not hold, and the reason.
    pub(crate) broken: Option<(&'static str, String)>,
}

impl<'s> Execution<'s> {
    /// Repeats the choices of a schedule that are possible. Returns them and, if asked, a line for each.
    fn repeat(&mut self, schedule: &Schedule, describes: bool) -> (Vec<Choice>, Vec<String>) {
        let execution = self;
        let (mut taken, mut lines) = (Vec::new(), Vec::new());
        for choice in &schedule.0 {
            if let Choice::Skip(operation) = choice {
                execution.skip(*operation);
                taken.push(choice.clone());
                continue;
            }
            let Some(step) = execution.step(choice).filter(|step| execution.is_possible(*step)) else { continue };
            if describes {
                lines.push(execution.describe(step));
            }
            taken.push(choice.clone());
            execution.take(step);
        }
        (taken, lines)
    }

    /// Repeats a schedule. Returns the choices that were possible if it is invalid.
    pub(crate) fn retry(
        beginning: &Beginning<'s>,
        schedule: &Schedule,
        verdicts: &mut Verdicts,
    ) -> Result<Option<Schedule>, RunError> {
        let mut execution = beginning.execution()?;
        let (taken, _) = execution.repeat(schedule, false);
        let mut ending = execution.finish(false, verdicts);
        if ending == Ending::Doubtful {
            let mut execution = beginning.execution()?;
            execution.repeat(schedule, false);
            ending = execution.finish(true, verdicts);
        }
        Ok((ending == Ending::Invalid).then_some(Schedule(taken)))
    }

    /// Repeats a schedule and reports it.
    pub(crate) fn narrate(subject: &'s Subject<'s>, schedule: &Schedule) -> Result<Narrated, RunError> {
        let mut execution = Self::start(subject, true, None)?;
        let (taken, lines) = execution.repeat(schedule, true);
        let searched = execution.session.world.journal_len();
        let (report, broken) = execution.report(true);
        Ok(Narrated { schedule: Schedule(taken), lines, searched, report, broken })
    }

    /// The choice that a step is now.
    pub(crate) fn choice(&self, step: Step) -> Option<Choice> {
        let name = |place| self.subject.name(place).as_str().to_owned();
        Some(match step {
            Step::Begin { operation, .. } => Choice::Begin(usize::from(operation)),
            Step::Deliver(key) => Choice::Deliver(self.link(key)?),
            Step::Drop(key) => Choice::Drop(self.link(key)?),
            Step::Double(key) => Choice::Double(self.link(key)?),
            Step::Fire(place) => Choice::Fire(name(place)),
            Step::Crash(place) => Choice::Crash(name(place)),
            Step::Restart(place) => Choice::Restart(name(place)),
            Step::Cut(place) => Choice::Cut(name(place)),
            Step::Heal => Choice::Heal,
            Step::End => return None,
        })
    }

    /// The step that a choice is now.
    fn step(&self, choice: &Choice) -> Option<Step> {
        let place = |name: &String| self.subject.place(name);
        Some(match choice {
            Choice::Skip(_) => return None,
            Choice::Begin(operation) => {
                let planned = self.subject.program.get(*operation)?;
                let client = self.subject.place(&self.client(planned.worker));
                Step::Begin { operation: u16::try_from(*operation).ok()?, client }
            }
            Choice::Deliver(link) => Step::Deliver(self.key(link)?),
            Choice::Drop(link) => Step::Drop(self.key(link)?),
            Choice::Double(link) => Step::Double(self.key(link)?),
            Choice::Fire(name) => Step::Fire(place(name)),
            Choice::Crash(name) => Step::Crash(place(name)),
            Choice::Restart(name) => Step::Restart(place(name)),
            Choice::Cut(name) => Step::Cut(place(name)),
            Choice::Heal => Step::Heal,
        })
    }

    fn messages(&self) -> &[Flying] {
        self.session.world.flight().map(|flight| flight.messages()).unwrap_or_default()
    }

    fn link(&self, key: MessageKey) -> Option<Link> {
        let on_link = |message: &&Flying| (message.key.src, message.key.dest) == (key.src, key.dest);
        let position = self.messages().iter().filter(on_link).position(|message| message.key == key)?;
        let name = |place| self.subject.name(place).as_str().to_owned();
        Some(Link { src: name(key.src), dest: name(key.dest), position })
    }

    fn key(&self, link: &Link) -> Option<MessageKey> {
        let ends = (self.subject.place(&link.src), self.subject.place(&link.dest));
        let mut on_link = self.messages().iter().filter(|message| (message.key.src, message.key.dest) == ends);
        on_link.nth(link.position).map(|message| message.key)
    }

    /// A step in words.
    fn describe(&self, step: Step) -> String {
        let name = |place| self.subject.name(place);
        match step {
            Step::Begin { operation, client } => {
                let planned = &self.subject.program[usize::from(operation)];
                let (invocation, node) = (&planned.invocation, self.session.workers.node(planned.worker));
                let value = invocation.value.as_str();
                let value = if value == "null" { String::new() } else { format!(" {value}") };
                format!("{} begins op{operation} at {node}: {}{value}", name(client), invocation.f)
            }
            Step::Deliver(key) if key.is_copy => {
                format!("{} receives again from {}: {}", name(key.dest), name(key.src), self.body(key))
            }
            Step::Deliver(key) => format!("{} receives from {}: {}", name(key.dest), name(key.src), self.body(key)),
            Step::Drop(key) => format!("lost, from {} to {}: {}", name(key.src), name(key.dest), self.body(key)),
            Step::Double(key) => {
                format!("sent twice, from {} to {}: {}", name(key.src), name(key.dest), self.body(key))
            }
            Step::Fire(place) => format!("a timer of {} fires", name(place)),
            Step::Crash(place) => format!("{} crashes", name(place)),
            Step::Restart(place) => format!("{} starts again", name(place)),
            Step::Cut(place) => format!("{} is cut off from the other nodes", name(place)),
            Step::Heal => "the cut ends".to_owned(),
            Step::End => "the choices end".to_owned(),
        }
    }

    fn body(&self, key: MessageKey) -> String {
        let line = self.messages().iter().find(|message| message.key == key).map(Flying::line).unwrap_or_default();
        body(line)
    }
}

//! All schedules, each once: a depth-first search with sleep sets (Godefroid, "Partial-Order Methods for the Verification of
//! Concurrent Systems", 1996).
//!
//! Handlers cannot be copied, so each schedule is executed from the start; the search keeps only the path to the present
//! state. When a step has been explored in a state it goes to sleep in the branches of its later siblings, until a step is
//! taken that concerns it: until then, taking it would give a schedule that was explored. So of all schedules that differ
//! only in the order of independent steps one is completed. Others are begun and broken off as soon as all that is possible
//! sleeps; they are counted as repetitions.

use crate::{
    explore::{
        crew::{Crew, Job},
        ending::Ending,
        execution::{Execution, beginning::Beginning},
        result::Tally,
        schedule::Schedule,
        step::Step,
        subject::Subject,
        verdicts::Verdicts,
    },
    run::error::RunError,
};
use std::ops::ControlFlow;

/// A state on the path, and the step that was taken in it.
#[derive(Default)]
struct Frame {
    /// The steps that are possible.
    steps: Vec<Step>,
    /// The steps that were explored before, and that nothing has concerned since.
    sleep: Vec<Step>,
    /// The index of the step that is explored.
    at: usize,
    /// The end of the steps that this search explores; other threads have the rest.
    end: usize,
}

/// A depth-first search of one thread.
pub(crate) struct Search<'s> {
    beginning: Beginning<'s>,
    crew: &'s Crew,
    job: Job,
    frames: Vec<Frame>,
    /// The number of frames in use.
    len: usize,
    verdicts: Verdicts,
    reduces: bool,
    observer: &'s mut dyn FnMut(Tally) -> ControlFlow<()>,
}

impl<'s> Search<'s> {
    pub(crate) fn new(
        subject: &'s Subject<'s>,
        crew: &'s Crew,
        observer: &'s mut dyn FnMut(Tally) -> ControlFlow<()>,
    ) -> Self {
        let (frames, verdicts, reduces) = (Vec::new(), Verdicts::default(), subject.bounds.reduction);
        let beginning = Beginning::new(subject);
        Self { beginning, crew, job: Job::default(), frames, len: 0, verdicts, reduces, observer }
    }

    /// Explores all schedules of a job.
    pub(crate) fn run(&mut self, job: Job) -> Result<(), RunError> {
        (self.job, self.len) = (job, 0);
        while self.crew.claim() {
            let mut execution = self.replay()?;
            if self.descend(&mut execution) {
                self.judge(execution)?;
            } else {
                self.crew.count_repetition(self.job.path.len() + self.len);
            }
            if !self.backtrack() {
                return Ok(());
            }
            if (self.observer)(self.crew.tally()).is_break() {
                self.crew.stop();
            }
            if self.crew.wants_jobs() {
                self.donate();
            }
        }
        Ok(())
    }

    fn path(&self) -> impl Iterator<Item = Step> {
        let frames = self.frames[..self.len].iter().map(|frame| frame.steps[frame.at]);
        self.job.path.iter().copied().chain(frames)
    }

    fn replay(&self) -> Result<Execution<'s>, RunError> {
        let mut execution = self.beginning.execution()?;
        for step in self.path() {
            execution.take(step);
        }
        Ok(execution)
    }

    /// Goes on to the end of a schedule. Returns false if it would be a repetition.
    fn descend(&mut self, execution: &mut Execution<'s>) -> bool {
        loop {
            if self.frames.len() == self.len {
                self.frames.push(Frame::default());
            }
            let (before, rest) = self.frames.split_at_mut(self.len);
            let frame = &mut rest[0];
            execution.possible(&mut frame.steps);
            if frame.steps.is_empty() {
                return true;
            }
            frame.sleep.clear();
            if self.reduces {
                match before.last() {
                    Some(parent) => parent.sleep_after(&mut frame.sleep),
                    None => frame.sleep.extend(&self.job.sleep),
                }
                // One that is not possible any more is not the same step if it becomes possible again.
                let steps = &frame.steps;
                frame.sleep.retain(|step| steps.contains(step));
            }
            (frame.at, frame.end) = (0, frame.steps.len());
            if !frame.find() {
                return false;
            }
            execution.take(frame.steps[frame.at]);
            self.len += 1;
        }
    }

    /// Goes back to the last state in which another step can be explored. Returns false if there is none.
    fn backtrack(&mut self) -> bool {
        while self.len > 0 {
            let frame = &mut self.frames[self.len - 1];
            frame.at += 1;
            if frame.find() {
                return true;
            }
            self.len -= 1;
        }
        false
    }

    /// Gives the last unexplored step of the state nearest to the start to another thread.
    fn donate(&mut self) {
        for depth in 0..self.len {
            let frame = &self.frames[depth];
            let Some(at) = (frame.at + 1..frame.end).rev().find(|at| !frame.sleep.contains(&frame.steps[*at])) else {
                continue;
            };
            let mut sleep = Vec::new();
            if self.reduces {
                frame.sleep_after_step(at, &mut sleep);
            }
            let before = self.frames[..depth].iter().map(|frame| frame.steps[frame.at]);
            let path = self.job.path.iter().copied().chain(before).chain([frame.steps[at]]).collect();
            self.frames[depth].end = at;
            return self.crew.add(Job { path, sleep });
        }
    }

    /// Judges a complete schedule.
    fn judge(&mut self, execution: Execution<'s>) -> Result<(), RunError> {
        self.crew.count_schedule(execution.steps);
        let mut ending = execution.finish(false, &mut self.verdicts);
        if ending == Ending::Doubtful {
            ending = self.replay()?.finish(true, &mut self.verdicts);
        }
        if ending == Ending::Invalid {
            self.crew.find(self.schedule()?);
        }
        Ok(())
    }

    /// The present path as choices.
    fn schedule(&self) -> Result<Schedule, RunError> {
        let steps: Vec<Step> = self.path().collect();
        schedule_of(&self.beginning, &steps)
    }
}

/// The choices that these steps are.
pub(crate) fn schedule_of(beginning: &Beginning<'_>, steps: &[Step]) -> Result<Schedule, RunError> {
    let mut execution = beginning.execution()?;
    let mut choices = Vec::new();
    for step in steps {
        choices.extend(execution.choice(*step));
        execution.take(*step);
    }
    Ok(Schedule(choices))
}

impl Frame {
    /// Goes on to the next step that does not sleep. Returns false if there is none.
    fn find(&mut self) -> bool {
        while self.at < self.end && self.sleep.contains(&self.steps[self.at]) {
            self.at += 1;
        }
        self.at < self.end
    }

    fn sleep_after(&self, sleep: &mut Vec<Step>) {
        self.sleep_after_step(self.at, sleep);
    }

    /// The steps that sleep after the step `at`: those that slept or were explored before, as far as it does not concern them.
    ///
    /// A message is lost or doubled directly after it was sent. So its sender's siblings cannot come before, and are not put
    /// to sleep by that.
    fn sleep_after_step(&self, at: usize, sleep: &mut Vec<Step>) {
        let step = self.steps[at];
        if step.is_about_fresh() {
            return sleep.extend(&self.sleep);
        }
        let before = self.steps[..at].iter().filter(|before| !self.sleep.contains(before));
        let all = self.sleep.iter().chain(before);
        sleep.extend(all.filter(|other| !other.is_about_fresh() && other.is_independent_of(step)));
    }
}

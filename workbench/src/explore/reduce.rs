//! A smaller counterexample: fewer operations, fewer faults, fewer steps. Where a choice is taken away, what it decided happens
//! by time, after the last choice.

use crate::{
    explore::{
        execution::{Execution, beginning::Beginning},
        schedule::{Choice, Schedule},
        subject::Subject,
        verdicts::Verdicts,
    },
    run::error::RunError,
};

/// The number of schedules that are tried.
const TRIES: usize = 5000;

struct Reduction<'s> {
    beginning: Beginning<'s>,
    verdicts: Verdicts,
    tries: usize,
    best: Vec<Choice>,
    /// The kind of what is wrong, which stays.
    kind: String,
}

/// The smallest schedule that was found to be invalid, too.
pub(crate) fn reduce(subject: &Subject<'_>, schedule: &Schedule) -> Result<Schedule, RunError> {
    let (beginning, mut verdicts) = (Beginning::new(subject), Verdicts::default());
    Execution::retry(&beginning, schedule, &mut verdicts)?;
    let kind = verdicts.wrong.clone();
    let mut reduction = Reduction { beginning, verdicts, tries: 0, best: schedule.0.clone(), kind };
    loop {
        let before = reduction.best.len();
        reduction.leave_out_operations()?;
        reduction.cut_short()?;
        reduction.leave_out_choices(Choice::is_fault)?;
        reduction.leave_out_choices(|_| true)?;
        if reduction.best.len() >= before || reduction.tries >= TRIES {
            return Ok(Schedule(reduction.best));
        }
    }
}

impl Reduction<'_> {
    /// Takes other choices if the same is wrong with them.
    fn attempt(&mut self, choices: Vec<Choice>) -> Result<bool, RunError> {
        self.tries += 1;
        if self.tries > TRIES {
            return Ok(false);
        }
        let retried = Execution::retry(&self.beginning, &Schedule(choices), &mut self.verdicts)?;
        if let Some(Schedule(taken)) = retried.filter(|_| self.verdicts.wrong == self.kind) {
            self.best = taken;
            return Ok(true);
        }
        Ok(false)
    }

    fn leave_out_operations(&mut self) -> Result<(), RunError> {
        for operation in (0..self.beginning.subject.program.len()).rev() {
            if self.best.contains(&Choice::Skip(operation)) {
                continue;
            }
            let rest = self.best.iter().filter(|choice| **choice != Choice::Begin(operation)).cloned();
            self.attempt([Choice::Skip(operation)].into_iter().chain(rest).collect())?;
        }
        Ok(())
    }

    /// Looks for the shortest beginning that is invalid.
    fn cut_short(&mut self) -> Result<(), RunError> {
        let skipped = self.best.iter().filter(|choice| matches!(choice, Choice::Skip(_))).count();
        for length in skipped..self.best.len() {
            if self.attempt(self.best[..length].to_vec())? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Leaves out single choices, the last ones first.
    fn leave_out_choices(&mut self, is_wanted: impl Fn(&Choice) -> bool) -> Result<(), RunError> {
        let mut at = self.best.len();
        while at > 0 {
            at -= 1;
            let Some(choice) = self.best.get(at) else { continue };
            if matches!(choice, Choice::Skip(_)) || !is_wanted(choice) {
                continue;
            }
            let mut choices = self.best.clone();
            choices.remove(at);
            self.attempt(choices)?;
        }
        Ok(())
    }
}

//! A report in words, made for a terminal of 80 columns: the verdicts with their reasons, then the figures of the run. The
//! results as JSON are in [`Report::results`].

use crate::run::{effect::Effect, report::Report};
use glomers_checkers::{
    checker::set_full::SetFull,
    history::faults,
    text::{significant, time},
};
use std::{fmt, time::Duration};

/// Messages between servers per operation and node from which a remark asks for the reason. A node that passes each message
/// on to all others sends one per operation and node.
const MANY_PER_NODE: f64 = 20.0;

/// The number of messages below which there is no remark.
const MANY: usize = 1000;

impl Report {
    /// The figures of the run, each with its name.
    fn figures(&self) -> Vec<(&'static str, String)> {
        let mut figures = Vec::new();
        if let Some(load) = self.load {
            figures.push(("begun", load.to_string()));
        }
        if let Some(average) = self.server_messages_per_operation().filter(|_| self.net.all.send_count > 0) {
            let count = self.net.servers.send_count;
            figures.push(("messages", format!("{count} between servers, {average:.2} an operation")));
            figures.extend(self.traffic(average).map(|remark| ("", remark)));
        }
        figures.extend(self.latency().map(|latency| ("latency", latency)));
        figures.extend(self.nemesis.iter().map(|effect| ("faults", self.fault(effect))));
        if let Some(config) = &self.config {
            figures.push(("seed", config.options.seed.to_string()));
        }
        figures
    }

    /// A remark on absurdly many messages.
    fn traffic(&self, average: f64) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "a cluster has few nodes")]
        let nodes = self.config.as_ref().map_or(1, |config| config.options.nodes.len()).max(1) as f64;
        let count = self.net.servers.send_count;
        (count > MANY && average > MANY_PER_NODE * nodes).then(|| {
            format!(
                "that is a lot: {} an operation and node; does each message cause others, without an end?",
                significant(average / nodes)
            )
        })
    }

    /// The latency of operations; for sets, the time until every node shows a value.
    fn latency(&self) -> Option<String> {
        let [_, median, most, _, maximum] = self.latencies()?;
        if let Some((median, maximum)) = self.judgement.verdict.results().and_then(SetFull::median_and_maximum) {
            let (median, maximum) = (time(median), time(maximum));
            return Some(format!("median {median}, maximum {maximum} until every node shows a value"));
        }
        Some(format!("median {}, 95 % {}, maximum {}", time(median), time(most), time(maximum)))
    }

    /// A fault with its effect and the time for which it was in force.
    fn fault(&self, effect: &Effect) -> String {
        let name = |period: &faults::Period| period.name.split(':').next() == Some(&*effect.fault);
        let end = self.history.ops().last().map_or(Duration::ZERO, |op| op.time);
        let periods = faults::periods(&self.history);
        let lasted = periods.iter().filter(|period| name(period));
        let lasted: Duration = lasted.map(|period| period.end.unwrap_or(end).saturating_sub(period.begin)).sum();
        if lasted.is_zero() { effect.to_string() } else { format!("{effect}; {} in force", time(lasted)) }
    }
}

/// The verdicts and the figures.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Some(failure) => write!(f, "{failure}")?,
            None => write!(f, "{}: {}", self.workload, self.judgement)?,
        }
        let mut last = "";
        for (index, (name, text)) in self.figures().iter().enumerate() {
            let (separator, shown) = (if index == 0 { "\n\n" } else { "\n" }, if *name == last { "" } else { *name });
            write!(f, "{separator}  {shown:<13} {text}")?;
            last = name;
        }
        if self.violations.is_empty() { Ok(()) } else { write!(f, "\n\n{}", self.violations) }
    }
}

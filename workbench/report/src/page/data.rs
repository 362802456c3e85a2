//! The data that the page's scripts draw: operations and messages as rows of numbers and texts.
//!
//! Values are texts, verbatim, because a script that parsed them would round numbers. Long ones are cut, and of a large
//! run a selection is in the page (`selection.rs`): the operations that findings name, with their neighbours and
//! messages, the beginning, what went wrong, and a sample of the rest. The strips above the diagrams count all of them.

use super::{
    selection::{Rank, select},
    sides::sides,
};
use crate::messages::{
    Entry, Messages,
    index::{Index, LIMITS, Time, cost, time},
};
use foldhash::fast::FixedState;
use glomers_checkers::{
    history::{Kind, Operation, Process, faults::Period},
    text::shorten,
};
use glomers_json::Json;
use glomers_workbench::{Report, TestConfig};
use indexmap::{IndexMap, IndexSet};
use serde::{Serialize, Serializer};
use std::{borrow::Cow, io, ops::RangeInclusive, time::Duration};

/// The most bytes of operations in a page.
const OPERATIONS: usize = 1_300_000;

/// The most bytes of messages in a page.
const MESSAGES: usize = 2_300_000;

/// The bytes of a row beside its texts.
const ROW: usize = 70;

/// The first rows of a run, which are always in its page.
const FIRST: usize = 300;

/// The number of neighbours on each side of an operation that a finding names.
const AROUND: usize = 40;

/// The number of messages in a row that a page takes or leaves out: a single one tells little.
const BLOCK: usize = 40;

/// The number of bars in the strip above a diagram.
const BARS: usize = 600;

/// The data of both diagrams.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    /// The names of operations.
    functions: IndexSet<&'a str>,
    /// The rows of the timeline.
    lanes: Vec<Lane>,
    operations: Vec<Row<'a>>,
    faults: Vec<(Time, Option<Time>, &'a str)>,
    /// The partitions: begin, end, and the side of each node.
    sides: Vec<(Time, Option<Time>, Vec<usize>)>,
    /// The participants in the order of their columns: nodes, services, clients.
    columns: Vec<String>,
    /// The number of nodes among them.
    nodes: usize,
    /// The number of services among them.
    services: usize,
    /// The types of messages.
    types: IndexSet<String>,
    messages: Vec<Message>,
    /// The time of the first and of the last event.
    span: (Time, Time),
    /// The number of operations that began in each of equal parts of the span.
    begun: Vec<u32>,
    /// The number of messages that were sent in each of them.
    sent: Vec<u32>,
    /// Tells whether something was left out.
    partial: bool,
    #[serde(skip)]
    operations_in_all: usize,
    #[serde(skip)]
    messages_in_all: usize,
    /// The stretch of time that is shown.
    #[serde(skip)]
    window: RangeInclusive<Time>,
    /// The times of the operations that findings name.
    #[serde(skip)]
    marked: Vec<(Time, Time)>,
}

/// A row of the timeline: a client and its successors.
#[derive(Serialize)]
struct Lane {
    first: u64,
    last: u64,
}

/// An operation, a bar of the timeline. The page has it as an array in this order, which `timeline.js` reads: names
/// would double the size of the page.
struct Row<'a> {
    /// The index of the invocation in the history.
    invocation: usize,
    /// The index of the completion.
    completion: Option<usize>,
    /// The number of its row.
    lane: usize,
    /// The number of its client.
    process: u64,
    /// The number of its name.
    function: usize,
    outcome: Outcome,
    begin: Time,
    end: Option<Time>,
    argument: Cow<'a, str>,
    /// The result, if it differs from the argument.
    result: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { invocation, completion, lane, process, function, outcome, begin, end, argument, result, error } =
            self;
        (invocation, completion, lane, process, function, outcome, begin, end, argument, result, error)
            .serialize(serializer)
    }
}

/// The outcome of an operation: 0 ok, 1 info, 2 fail, 3 none.
type Outcome = u8;

/// A message, a line between two columns. The page has it as an array in this order, which `messages.js` reads.
struct Message {
    id: u64,
    sent: Time,
    received: Option<Time>,
    /// The column of the sender.
    src: usize,
    /// The column of the receiver.
    dest: usize,
    /// The number of its type.
    kind: usize,
    text: String,
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, sent, received, src, dest, kind, text } = self;
        (id, sent, received, src, dest, kind, text).serialize(serializer)
    }
}

impl<'a> Data<'a> {
    /// The data of a run, or of a stretch of it.
    ///
    /// # Errors
    ///
    /// If the file of its messages cannot be read.
    pub(super) fn of(
        report: &'a Report,
        messages: Messages<'_>,
        faults: &'a [Period],
        window: Option<RangeInclusive<Duration>>,
    ) -> io::Result<Self> {
        let whole = (Time::MIN, Time::MAX);
        let bounds = window.map_or(whole, |window| (time(window.start().as_nanos()), time(window.end().as_nanos())));
        let mut data = Self {
            functions: IndexSet::new(),
            lanes: Vec::new(),
            operations: Vec::new(),
            faults: Vec::new(),
            sides: Vec::new(),
            columns: Vec::new(),
            nodes: 0,
            services: 0,
            types: IndexSet::new(),
            messages: Vec::new(),
            span: (0, 1_000_000),
            begun: Vec::new(),
            sent: Vec::new(),
            partial: false,
            operations_in_all: 0,
            messages_in_all: 0,
            window: bounds.0..=bounds.1,
            marked: Vec::new(),
        };
        let end = |end: Option<Duration>| end.map(|end| time(end.as_nanos()));
        let fault = |period: &'a Period| (time(period.begin.as_nanos()), end(period.end), &*period.name);
        data.faults = faults.iter().map(fault).collect();
        if let Some(config) = &report.config {
            let all = sides(&report.history, &config.options.nodes).into_iter();
            data.sides = all.map(|sides| (time(sides.begin.as_nanos()), end(sides.end), sides.of)).collect();
        }
        let index = messages.index();
        data.span = if bounds == whole { span(report, &index) } else { bounds };
        data.take_operations(report);
        data.take_messages(report, messages, &index)?;
        data.partial = data.operations_left_out().is_some() || data.messages_left_out().is_some();
        Ok(data)
    }

    pub(super) fn has_operations(&self) -> bool {
        !self.operations.is_empty()
    }

    pub(super) fn has_messages(&self) -> bool {
        !self.messages.is_empty()
    }

    /// The number of operations that are not in the page, and of all; `None` if all are.
    pub(super) fn operations_left_out(&self) -> Option<(usize, usize)> {
        let left_out = self.operations_in_all - self.operations.len();
        (left_out > 0).then_some((left_out, self.operations_in_all))
    }

    /// The number of messages that are not in the page, and of all; `None` if all are.
    pub(super) fn messages_left_out(&self) -> Option<(usize, usize)> {
        let left_out = self.messages_in_all - self.messages.len();
        (left_out > 0).then_some((left_out, self.messages_in_all))
    }

    fn take_operations(&mut self, report: &'a Report) {
        let all = report.history.operations();
        let (lanes, places) = lanes(&all);
        self.lanes = lanes;
        let is_in_view = |operation: &Operation<'_>| {
            let begin = time(operation.invocation.time.as_nanos());
            let end = operation.completion.map_or(Time::MAX, |completion| time(completion.time.as_nanos()));
            begin <= *self.window.end() && end >= *self.window.start()
        };
        let of_client = |operation: &Operation<'_>| matches!(operation.invocation.process, Process::Client(_));
        let operations: Vec<_> = all.into_iter().filter(of_client).filter(is_in_view).collect();
        self.operations_in_all = operations.len();
        self.begun = self.density(operations.iter().map(|operation| time(operation.invocation.time.as_nanos())));
        let mut named: Vec<usize> = Vec::new();
        report.judgement.findings().into_iter().for_each(|finding| named.extend(finding.entries));
        named.sort_unstable();
        let ranks = self.rank_operations(&operations, &named);
        let bytes = |place: usize, limit: usize| {
            let operation: &Operation<'_> = &operations[place];
            let values = [Some(&operation.invocation.value), result(operation), error(operation)];
            ROW + values.into_iter().flatten().map(|value| cost(value.as_str(), LIMITS[limit])).sum::<usize>()
        };
        let (limit, chosen) = choose(&ranks, OPERATIONS, 1, bytes);
        for (operation, _) in operations.iter().zip(chosen).filter(|(_, chosen)| *chosen) {
            let Process::Client(process) = operation.invocation.process else { continue };
            let text = |value: &'a Json| shorten(value.as_str(), LIMITS[limit]);
            let (invocation, completion) = (operation.invocation, operation.completion);
            self.operations.push(Row {
                invocation: invocation.index,
                completion: completion.map(|completion| completion.index),
                lane: places[&process],
                process,
                function: self.functions.insert_full(&invocation.f).0,
                outcome: outcome(completion.map(|completion| completion.kind)),
                begin: time(invocation.time.as_nanos()),
                end: completion.map(|completion| time(completion.time.as_nanos())),
                argument: text(&invocation.value),
                result: result(operation).map(text),
                error: error(operation).map(text),
            });
        }
    }

    /// The ranks of operations: those that findings name, their neighbours, the first ones, those that did not succeed,
    /// and the others.
    fn rank_operations(&mut self, operations: &[Operation<'_>], named: &[usize]) -> Vec<Rank> {
        let mut ranks: Vec<Rank> = Vec::with_capacity(operations.len());
        let mut marked = Vec::new();
        for (place, Operation { invocation, completion }) in operations.iter().enumerate() {
            let is_in = |entry: usize| named.binary_search(&entry).is_ok();
            let is_named = is_in(invocation.index) || completion.is_some_and(|completion| is_in(completion.index));
            let is_ok = completion.is_some_and(|completion| completion.kind == Kind::Ok);
            ranks.push(match () {
                () if is_named => 0,
                () if place < FIRST => 2,
                () if !is_ok => 3,
                () => 4,
            });
            if is_named {
                let begin = time(invocation.time.as_nanos());
                let end = completion.map_or(begin, |completion| time(completion.time.as_nanos()));
                marked.push((place, (begin, end)));
            }
        }
        for (place, _) in &marked {
            let around = place.saturating_sub(AROUND)..(place + AROUND + 1).min(ranks.len());
            ranks[around].iter_mut().for_each(|rank| *rank = if *rank == 0 { 0 } else { 1 });
        }
        self.marked = marked.into_iter().map(|(_, times)| times).collect();
        ranks
    }

    fn take_messages(&mut self, report: &Report, messages: Messages<'_>, index: &Index) -> io::Result<()> {
        let Some(TestConfig { options, origin, .. }) = &report.config else { return Ok(()) };
        let origin = time(origin.as_nanos());
        let window = self.window.clone();
        // The times of a message, if it is in view. A duplicated message is drawn as its first copy.
        let times = |place: usize| -> Option<(Time, Option<Time>)> {
            let moment = |time: Time| time.saturating_sub(origin);
            let (sent, received) = index.times(place);
            let (sent, received) = (moment(sent), received.map(moment));
            (sent <= *window.end() && received.unwrap_or(sent) >= *window.start()).then_some((sent, received))
        };
        let marked = merged(&self.marked);
        let (mut ranks, mut bars) = (Vec::with_capacity(index.len()), vec![0; BARS]);
        // If only some are in view, their places.
        let mut places: Vec<usize> = Vec::new();
        for place in 0..index.len() {
            let Some((sent, received)) = times(place) else { continue };
            self.count_in(sent, &mut bars);
            if place != ranks.len() || !places.is_empty() {
                if places.is_empty() {
                    places.extend(0..ranks.len());
                }
                places.push(place);
            }
            ranks.push(rank_message(&marked, ranks.len(), sent, received));
        }
        (self.messages_in_all, self.sent) = (ranks.len(), bars);
        let place = |row: usize| places.get(row).copied().unwrap_or(row);
        let bytes = |row: usize, limit: usize| ROW + usize::from(index.cost(place(row), limit));
        let (limit, chosen) = choose(&ranks, MESSAGES, BLOCK, bytes);
        let mut names: IndexSet<String> = options.nodes.iter().cloned().collect();
        let chosen: Vec<usize> = (0..).zip(chosen).filter(|(_, chosen)| *chosen).map(|(row, _)| place(row)).collect();
        messages.visit(&chosen, |place, entry| {
            if let Some(times) = times(place) {
                self.push_message(entry, times, LIMITS[limit], &mut names);
            }
        })?;
        self.arrange(names, options.nodes.len());
        Ok(())
    }

    fn push_message(
        &mut self,
        entry: &Entry<'_>,
        (sent, received): (Time, Option<Time>),
        limit: usize,
        names: &mut IndexSet<String>,
    ) {
        let Some(drawn) = entry.text.drawn(limit) else {
            // A line that is no message has no ends.
            self.messages_in_all -= 1;
            return;
        };
        let mut column = |name: String| match names.get_index_of(&name) {
            Some(column) => column,
            None => names.insert_full(name).0,
        };
        let (src, dest) = (column(drawn.src), column(drawn.dest));
        let kind = self.types.insert_full(drawn.kind).0;
        self.messages.push(Message { id: entry.id, sent, received, src, dest, kind, text: drawn.text });
    }

    /// The number of moments in each of equal parts of the span.
    fn density(&self, moments: impl Iterator<Item = Time>) -> Vec<u32> {
        let mut bars = vec![0; BARS];
        moments.for_each(|moment| self.count_in(moment, &mut bars));
        bars
    }

    /// Counts a moment in its part of the span.
    fn count_in(&self, moment: Time, bars: &mut [u32]) {
        let (least, most) = self.span;
        let length = i128::from(most) - i128::from(least);
        let place = (i128::from(moment) - i128::from(least)) * BARS as i128 / length.max(1);
        bars[usize::try_from(place.clamp(0, BARS as i128 - 1)).unwrap_or_default()] += 1;
    }

    /// Orders the columns: nodes as given, then services, then clients, shorter names first.
    fn arrange(&mut self, names: IndexSet<String>, nodes: usize) {
        let is_client = |name: &str| name.starts_with('c');
        let mut order: Vec<usize> = (0..names.len()).collect();
        order[nodes..].sort_by_key(|column| {
            let name = &names[*column];
            (is_client(name), name.len(), name)
        });
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, column)| places[*column] = place);
        for message in &mut self.messages {
            (message.src, message.dest) = (places[message.src], places[message.dest]);
        }
        self.columns = order.iter().map(|column| names[*column].clone()).collect();
        self.nodes = nodes;
        self.services = self.columns[nodes..].iter().filter(|name| !is_client(name)).count();
    }
}

/// The stretches of time with those that overlap made one, in order.
fn merged(stretches: &[(Time, Time)]) -> Vec<(Time, Time)> {
    let mut merged: Vec<(Time, Time)> = Vec::new();
    let mut all = stretches.to_vec();
    all.sort_unstable();
    for (begin, end) in all {
        match merged.last_mut() {
            Some((_, last)) if *last >= begin => *last = end.max(*last),
            _ => merged.push((begin, end)),
        }
    }
    merged
}

/// The rank of a message: those around the operations that findings name, the first ones, those that never arrived, and
/// the others.
fn rank_message(marked: &[(Time, Time)], place: usize, sent: Time, received: Option<Time>) -> Rank {
    let is_near = || {
        let next = marked.partition_point(|(_, end)| *end < sent);
        marked.get(next).is_some_and(|(begin, _)| *begin <= received.unwrap_or(sent))
    };
    match () {
        () if is_near() => 0,
        () if place < FIRST => 1,
        () if received.is_none() => 2,
        () => 3,
    }
}

/// The time of the first and of the last event, at least a microsecond apart: a step of an exploration takes as long.
fn span(report: &Report, index: &Index) -> (Time, Time) {
    let origin = report.config.as_ref().map_or(0, |config| time(config.origin.as_nanos()));
    let messages = index.ends().into_iter().flatten().map(|time| time.saturating_sub(origin));
    let operations = report.history.ops().iter().map(|op| time(op.time.as_nanos()));
    let (mut least, mut most) = (0, 1_000);
    for moment in messages.chain(operations) {
        (least, most) = (moment.min(least), moment.max(most));
    }
    (least, most)
}

/// The place of the longest limit of texts with which all rows fit, or of the shortest, and the rows that are chosen.
fn choose(ranks: &[Rank], budget: usize, block: usize, bytes: impl Fn(usize, usize) -> usize) -> (usize, Vec<bool>) {
    let mut limit = 0;
    loop {
        // Each row is asked once for a limit, and many times in the choice.
        let costs: Vec<u32> =
            (0..ranks.len()).map(|place| u32::try_from(bytes(place, limit)).unwrap_or(u32::MAX)).collect();
        let is_last = limit == LIMITS.len() - 1;
        if is_last || costs.iter().map(|bytes| *bytes as usize).sum::<usize>() <= budget {
            return (limit, select(ranks, |place| costs[place] as usize, budget, block));
        }
        limit += 1;
    }
}

/// The result of an operation, if it differs from the argument.
fn result<'a>(operation: &Operation<'a>) -> Option<&'a Json> {
    operation.completion.map(|completion| &completion.value).filter(|result| **result != operation.invocation.value)
}

fn error<'a>(operation: &Operation<'a>) -> Option<&'a Json> {
    operation.completion.and_then(|completion| completion.error())
}

/// Gives each client the first lane whose last client is done.
fn lanes(operations: &[Operation<'_>]) -> (Vec<Lane>, IndexMap<u64, usize, FixedState>) {
    let mut ends: IndexMap<u64, usize, FixedState> = IndexMap::default();
    for operation in operations {
        if let Process::Client(process) = operation.invocation.process {
            let end = ends.entry(process).or_default();
            *end = operation.completion.map_or(usize::MAX, |completion| completion.index).max(*end);
        }
    }
    let mut lanes: Vec<Lane> = Vec::new();
    let mut places = IndexMap::default();
    for operation in operations {
        let Process::Client(process) = operation.invocation.process else { continue };
        if places.contains_key(&process) {
            continue;
        }
        let free = lanes.iter().position(|lane| ends[&lane.last] < operation.invocation.index);
        let place = free.unwrap_or(lanes.len());
        match lanes.get_mut(place) {
            Some(lane) => lane.last = process,
            None => lanes.push(Lane { first: process, last: process }),
        }
        places.insert(process, place);
    }
    (lanes, places)
}

fn outcome(kind: Option<Kind>) -> Outcome {
    match kind {
        Some(Kind::Ok) => 0,
        Some(Kind::Info) => 1,
        Some(Kind::Fail) => 2,
        Some(Kind::Invoke) | None => 3,
    }
}

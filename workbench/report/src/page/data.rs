//! The data that the page's scripts draw: operations and messages as rows of numbers and texts.
//!
//! Values are texts, verbatim, because a script that parsed them would round numbers. Long ones are cut, and of a large
//! run a selection is in the page (`selection.rs`): the operations that findings name, with their neighbours and
//! messages, the beginning, what went wrong, and a sample of the rest. The strips above the diagrams count all of them.

use super::{
    arrivals::{Arrivals, Time, time},
    selection::{Rank, select},
    sides::sides,
};
use crate::messages::{Entry, Messages};
use glomers_checkers::{
    history::{Kind, Operation, Process, faults::Period},
    text::shorten,
};
use glomers_json::Json;
use glomers_workbench::{Report, TestConfig};
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::{borrow::Cow, io, ops::RangeInclusive, time::Duration};

/// The most bytes of operations in a page.
const OPERATIONS: usize = 1_300_000;

/// The most bytes of messages in a page.
const MESSAGES: usize = 2_300_000;

/// The most bytes of a value or message: as much as possible, if all of them fit, and otherwise the last of these.
const LIMITS: [usize; 3] = [4000, 1000, 250];

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

/// The parts of a message that are drawn. The type may be any JSON.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    dest: Cow<'a, str>,
    #[serde(borrow)]
    body: Body<'a>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
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
        let arrivals = Arrivals::of(messages)?;
        data.span = if bounds == whole { span(report, &arrivals) } else { bounds };
        data.take_operations(report);
        data.take_messages(report, messages, &arrivals)?;
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

    fn take_messages(&mut self, report: &Report, messages: Messages<'_>, arrivals: &Arrivals) -> io::Result<()> {
        let Some(TestConfig { options, origin, .. }) = &report.config else { return Ok(()) };
        let origin = time(origin.as_nanos());
        let window = self.window.clone();
        // The times of a message that was sent, if it is in view. A duplicated message is drawn as its first copy.
        let times = |entry: &Entry<'_>| -> Option<(Time, Option<Time>)> {
            let moment = |time: Time| time.saturating_sub(origin);
            let (sent, received) = (moment(time(entry.time.into())), arrivals.of_message(entry.id).map(moment));
            let is_in_view = sent <= *window.end() && received.unwrap_or(sent) >= *window.start();
            (!entry.received && is_in_view).then_some((sent, received))
        };
        let marked = merged(&self.marked);
        let (mut ranks, mut costs, mut bars) = (Vec::new(), Vec::new(), vec![0; BARS]);
        messages.each(|entry| {
            let Some((sent, received)) = times(entry) else { return };
            self.count_in(sent, &mut bars);
            let message = entry.message();
            ranks.push(rank_message(&marked, ranks.len(), sent, received));
            costs.push(LIMITS.map(|limit| u16::try_from(cost(&message, limit)).unwrap_or(u16::MAX)));
        })?;
        (self.messages_in_all, self.sent) = (ranks.len(), bars);
        let bytes = |place: usize, limit: usize| ROW + usize::from(costs[place][limit]);
        let (limit, chosen) = choose(&ranks, MESSAGES, BLOCK, bytes);
        let mut names: IndexSet<String> = options.nodes.iter().cloned().collect();
        let mut chosen = chosen.into_iter();
        messages.each(|entry| {
            let Some(times) = times(entry) else { return };
            if chosen.next().unwrap_or_default() {
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
        let message = entry.message();
        let Ok(head) = serde_json::from_str::<Head<'_>>(&message) else {
            // A line that is no message has no ends.
            self.messages_in_all -= 1;
            return;
        };
        let mut column = |name: &str| match names.get_index_of(name) {
            Some(column) => column,
            None => names.insert_full(name.to_owned()).0,
        };
        let (src, dest) = (column(&head.src), column(&head.dest));
        let kind = self.types.insert_full(kind(head.body)).0;
        let text = shorten(&message, limit).into_owned();
        self.messages.push(Message { id: entry.id, sent, received, src, dest, kind, text });
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
fn span(report: &Report, arrivals: &Arrivals) -> (Time, Time) {
    let origin = report.config.as_ref().map_or(0, |config| time(config.origin.as_nanos()));
    let messages = arrivals.ends().into_iter().flatten().map(|time| time.saturating_sub(origin));
    let operations = report.history.ops().iter().map(|op| time(op.time.as_nanos()));
    let (mut least, mut most) = (0, 1_000);
    for moment in messages.chain(operations) {
        (least, most) = (moment.min(least), moment.max(most));
    }
    (least, most)
}

/// The place of the longest limit of texts with which all rows fit, or of the shortest, and the rows that are chosen.
fn choose(ranks: &[Rank], budget: usize, block: usize, bytes: impl Fn(usize, usize) -> usize) -> (usize, Vec<bool>) {
    let fits = |limit: &usize| (0..ranks.len()).map(|place| bytes(place, *limit)).sum::<usize>() <= budget;
    let limit = (0..LIMITS.len()).find(fits).unwrap_or(LIMITS.len() - 1);
    (limit, select(ranks, |place| bytes(place, limit), budget, block))
}

/// The bytes of a text in the page, where quotes and backslashes have a backslash.
fn cost(text: &str, limit: usize) -> usize {
    let text = &text.as_bytes()[..text.len().min(limit)];
    text.len() + text.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

/// The result of an operation, if it differs from the argument.
fn result<'a>(operation: &Operation<'a>) -> Option<&'a Json> {
    operation.completion.map(|completion| &completion.value).filter(|result| **result != operation.invocation.value)
}

fn error<'a>(operation: &Operation<'a>) -> Option<&'a Json> {
    operation.completion.and_then(|completion| completion.error())
}

/// Gives each client the first lane whose last client is done.
fn lanes(operations: &[Operation<'_>]) -> (Vec<Lane>, IndexMap<u64, usize>) {
    let mut ends: IndexMap<u64, usize> = IndexMap::new();
    for operation in operations {
        if let Process::Client(process) = operation.invocation.process {
            let end = ends.entry(process).or_default();
            *end = operation.completion.map_or(usize::MAX, |completion| completion.index).max(*end);
        }
    }
    let mut lanes: Vec<Lane> = Vec::new();
    let mut places = IndexMap::new();
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

/// The type: a string's text, or the JSON of another value.
fn kind(body: Body<'_>) -> String {
    let Some(kind) = body.kind else { return String::new() };
    let text = serde_json::from_str(kind.get()).unwrap_or_else(|_| kind.get().to_owned());
    shorten(&text, LIMITS[2]).into_owned()
}

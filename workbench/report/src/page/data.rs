//! The data that the page's scripts draw: operations and messages as rows of numbers and texts.
//!
//! Values are texts, verbatim, because a script that parsed them would round numbers. Long ones are cut, and of a large
//! run a selection is in the page (`selection.rs`): the operations that findings name, with their neighbours and
//! messages, the beginning, what went wrong, and a sample of the rest. The strips above the diagrams count all of them.

use super::{
    selection::{Candidate, select},
    sides::sides,
};
use glomers_checkers::{
    history::{Kind, Operation, Process, faults::Period},
    text::shorten,
};
use glomers_json::Json;
use glomers_workbench::{Report, TestConfig, journal::Event};
use indexmap::IndexSet;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    time::Duration,
};

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

/// Nanoseconds since the first operation could begin; negative during setup.
type Time = i64;

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
    messages: Vec<Message<'a>>,
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
struct Message<'a> {
    id: u64,
    sent: Time,
    received: Option<Time>,
    /// The column of the sender.
    src: usize,
    /// The column of the receiver.
    dest: usize,
    /// The number of its type.
    kind: usize,
    text: Cow<'a, str>,
}

impl Serialize for Message<'_> {
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
    pub(super) fn of(report: &'a Report, faults: &'a [Period], window: Option<RangeInclusive<Duration>>) -> Self {
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
        data.span = if bounds == whole { span(report) } else { bounds };
        data.take_operations(report);
        data.take_messages(report);
        data.partial = data.operations_left_out().is_some() || data.messages_left_out().is_some();
        data
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
        let named: BTreeSet<usize> =
            report.judgement.findings().into_iter().flat_map(|finding| finding.entries).collect();
        let ranks = self.rank_operations(&operations, &named);
        let bytes = |operation: &Operation<'_>, limit| {
            let values = [Some(&operation.invocation.value), result(operation), error(operation)];
            ROW + values.into_iter().flatten().map(|value| cost(value.as_str(), limit)).sum::<usize>()
        };
        let (limit, chosen) = choose(&ranks, OPERATIONS, 1, |place, limit| bytes(&operations[place], limit));
        for (operation, _) in operations.iter().zip(chosen).filter(|(_, chosen)| *chosen) {
            let Process::Client(process) = operation.invocation.process else { continue };
            let text = |value: &'a Json| shorten(value.as_str(), limit);
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
    fn rank_operations(&mut self, operations: &[Operation<'_>], named: &BTreeSet<usize>) -> Vec<u8> {
        let mut ranks: Vec<u8> = Vec::with_capacity(operations.len());
        let mut marked = Vec::new();
        for (place, Operation { invocation, completion }) in operations.iter().enumerate() {
            let is_named = named.contains(&invocation.index)
                || completion.is_some_and(|completion| named.contains(&completion.index));
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

    fn take_messages(&mut self, report: &'a Report) {
        let Some(TestConfig { options, origin, .. }) = &report.config else { return };
        let origin = time(origin.as_nanos());
        let moment = |event: &Event| time(event.time).saturating_sub(origin);
        // A duplicated message is drawn as its first copy.
        let mut received: Vec<(u64, Time)> =
            report.journal.iter().filter(|event| event.received).map(|event| (event.id, moment(event))).collect();
        received.sort_unstable();
        let arrival = |id: u64| {
            let first = received.partition_point(|(other, _)| *other < id);
            received.get(first).filter(|(other, _)| *other == id).map(|(_, time)| *time)
        };
        let sent = report.journal.iter().filter(|event| !event.received);
        let sent = sent.map(|event| (event, moment(event), arrival(event.id)));
        let is_in_view = |(_, sent, received): &(&Event, Time, Option<Time>)| {
            sent <= self.window.end() && received.unwrap_or(*sent) >= *self.window.start()
        };
        let mut sent: Vec<_> = sent.filter(is_in_view).collect();
        self.messages_in_all = sent.len();
        self.sent = self.density(sent.iter().map(|(_, sent, _)| *sent));
        let ranks = self.rank_messages(sent.iter().map(|(_, sent, received)| (*sent, *received)));
        let (limit, chosen) = choose(&ranks, MESSAGES, BLOCK, |place, limit| ROW + cost(&sent[place].0.message, limit));
        let mut chosen = chosen.into_iter();
        sent.retain(|_| chosen.next().unwrap_or_default());
        self.push_messages(&sent, limit, &options.nodes);
    }

    /// The ranks of messages: those around the operations that findings name, the first ones, those that never arrived,
    /// and the others.
    fn rank_messages(&self, messages: impl Iterator<Item = (Time, Option<Time>)>) -> Vec<u8> {
        let marked = merged(&self.marked);
        let is_near = |sent: Time, received: Option<Time>| {
            let next = marked.partition_point(|(_, end)| *end < sent);
            marked.get(next).is_some_and(|(begin, _)| *begin <= received.unwrap_or(sent))
        };
        let rank = |(place, (sent, received)): (usize, (Time, Option<Time>))| match () {
            () if is_near(sent, received) => 0,
            () if place < FIRST => 1,
            () if received.is_none() => 2,
            () => 3,
        };
        messages.enumerate().map(rank).collect()
    }

    fn push_messages(&mut self, sent: &[(&'a Event, Time, Option<Time>)], limit: usize, nodes: &[String]) {
        let mut names: IndexSet<String> = nodes.iter().cloned().collect();
        for (event, sent, received) in sent {
            let Ok(head) = serde_json::from_str::<Head<'_>>(&event.message) else {
                // A line that is no message has no ends.
                self.messages_in_all -= 1;
                continue;
            };
            let mut column = |name: &str| match names.get_index_of(name) {
                Some(column) => column,
                None => names.insert_full(name.to_owned()).0,
            };
            let (src, dest) = (column(&head.src), column(&head.dest));
            let kind = self.types.insert_full(kind(head.body)).0;
            let text = shorten(&event.message, limit);
            self.messages.push(Message { id: event.id, sent: *sent, received: *received, src, dest, kind, text });
        }
        self.arrange(names, nodes.len());
    }

    /// The number of moments in each of equal parts of the span.
    fn density(&self, moments: impl Iterator<Item = Time>) -> Vec<u32> {
        let (least, most) = self.span;
        let length = i128::from(most) - i128::from(least);
        let mut bars = vec![0; BARS];
        for moment in moments {
            let place = (i128::from(moment) - i128::from(least)) * BARS as i128 / length.max(1);
            let place = usize::try_from(place.clamp(0, BARS as i128 - 1)).unwrap_or_default();
            bars[place] += 1;
        }
        bars
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

/// The time of the first and of the last event, at least a microsecond apart: a step of an exploration takes as long.
fn span(report: &Report) -> (Time, Time) {
    let origin = report.config.as_ref().map_or(0, |config| time(config.origin.as_nanos()));
    let messages = report.journal.iter().map(|event| time(event.time).saturating_sub(origin));
    let operations = report.history.ops().iter().map(|op| time(op.time.as_nanos()));
    let (mut least, mut most) = (0, 1_000);
    for moment in messages.chain(operations) {
        (least, most) = (moment.min(least), moment.max(most));
    }
    (least, most)
}

/// The longest limit of texts with which all rows fit, or the shortest, and the rows that are chosen.
fn choose(ranks: &[u8], budget: usize, block: usize, bytes: impl Fn(usize, usize) -> usize) -> (usize, Vec<bool>) {
    let candidates = |limit| -> Vec<Candidate> {
        let row = |(place, rank): (usize, &u8)| Candidate { rank: *rank, bytes: bytes(place, limit) };
        ranks.iter().enumerate().map(row).collect()
    };
    let all = LIMITS.into_iter().map(|limit| (limit, candidates(limit)));
    let fits = |(_, rows): &(usize, Vec<Candidate>)| rows.iter().map(|row| row.bytes).sum::<usize>() <= budget;
    let shortest = LIMITS[LIMITS.len() - 1];
    let (limit, rows) = all.into_iter().find(fits).unwrap_or_else(|| (shortest, candidates(shortest)));
    (limit, select(&rows, budget, block))
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
    operation.completion.and_then(|completion| completion.error.as_ref())
}

/// Gives each client the first lane whose last client is done.
fn lanes(operations: &[Operation<'_>]) -> (Vec<Lane>, BTreeMap<u64, usize>) {
    let mut ends: BTreeMap<u64, usize> = BTreeMap::new();
    for operation in operations {
        if let Process::Client(process) = operation.invocation.process {
            let end = ends.entry(process).or_default();
            *end = operation.completion.map_or(usize::MAX, |completion| completion.index).max(*end);
        }
    }
    let mut lanes: Vec<Lane> = Vec::new();
    let mut places = BTreeMap::new();
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

/// A time in the form of the page, which ends after 292 years.
fn time(nanos: u128) -> Time {
    Time::try_from(nanos).unwrap_or(Time::MAX)
}

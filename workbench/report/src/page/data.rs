//! The data that the page's scripts draw: operations and messages as rows of numbers and texts.
//!
//! Values are texts, verbatim, because a script that parsed them would round numbers. Long ones are cut; the run's
//! folder has them whole.

use glomers_checkers::{
    history::{History, Kind, Operation, Process, faults::Period},
    text::shorten,
};
use glomers_json::Json;
use glomers_workbench::{Report, TestConfig};
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

/// The most messages in a page.
const MESSAGES: usize = 100_000;

/// The most bytes of a value in a page.
const VALUE: usize = 400;

/// The most bytes of a message in a page.
const MESSAGE: usize = 250;

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
    /// The participants in the order of their columns: nodes, services, clients.
    columns: Vec<String>,
    /// The number of nodes among them.
    nodes: usize,
    /// The number of services among them.
    services: usize,
    /// The types of messages.
    types: IndexSet<String>,
    messages: Vec<Message<'a>>,
    #[serde(skip)]
    messages_sent: usize,
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
    pub(super) fn of(report: &'a Report, faults: &'a [Period]) -> Self {
        let mut data = Self {
            functions: IndexSet::new(),
            lanes: Vec::new(),
            operations: Vec::new(),
            faults: Vec::new(),
            columns: Vec::new(),
            nodes: 0,
            services: 0,
            types: IndexSet::new(),
            messages: Vec::new(),
            messages_sent: 0,
        };
        let end = |period: &Period| period.end.map(|end| time(end.as_nanos()));
        data.faults = faults.iter().map(|period| (time(period.begin.as_nanos()), end(period), &*period.name)).collect();
        data.take_operations(&report.history);
        data.take_messages(report);
        data
    }

    pub(super) fn has_operations(&self) -> bool {
        !self.operations.is_empty()
    }

    pub(super) fn has_messages(&self) -> bool {
        !self.messages.is_empty()
    }

    pub(super) fn messages_shown(&self) -> usize {
        self.messages.len()
    }

    /// The number of messages beyond the limit; `None` if there are none.
    pub(super) fn messages_left_out(&self) -> Option<usize> {
        self.messages_sent.checked_sub(self.messages.len()).filter(|count| *count > 0)
    }

    fn take_operations(&mut self, history: &'a History) {
        let operations = history.operations();
        let (lanes, places) = lanes(&operations);
        self.lanes = lanes;
        for Operation { invocation, completion } in operations {
            let Process::Client(process) = invocation.process else { continue };
            let text = |value: &'a Json| shorten(value.as_str(), VALUE);
            let result = completion.map(|completion| &completion.value);
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
                result: result.filter(|result| **result != invocation.value).map(text),
                error: completion.and_then(|completion| completion.error.as_ref()).map(text),
            });
        }
    }

    fn take_messages(&mut self, report: &'a Report) {
        let Some(TestConfig { options, origin, .. }) = &report.config else { return };
        let origin = time(origin.as_nanos());
        let mut names: IndexSet<String> = options.nodes.iter().cloned().collect();
        let mut sent: IndexMap<u64, Message<'a>> = IndexMap::new();
        for packet in &report.journal {
            let moment = time(packet.time) - origin;
            if packet.received {
                if let Some(message) = sent.get_mut(&packet.id) {
                    // A duplicated message is drawn as its first copy.
                    message.received.get_or_insert(moment);
                }
                continue;
            }
            self.messages_sent += 1;
            let Ok(head) = serde_json::from_str::<Head<'_>>(&packet.message) else { continue };
            if sent.len() < MESSAGES {
                let mut column = |name: &str| match names.get_index_of(name) {
                    Some(column) => column,
                    None => names.insert_full(name.to_owned()).0,
                };
                let (src, dest) = (column(&head.src), column(&head.dest));
                let kind = self.types.insert_full(kind(head.body)).0;
                let text = shorten(&packet.message, MESSAGE);
                let message = Message { id: packet.id, sent: moment, received: None, src, dest, kind, text };
                sent.insert(packet.id, message);
            }
        }
        self.messages = sent.into_values().collect();
        self.arrange(names, options.nodes.len());
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
    shorten(&text, VALUE).into_owned()
}

/// A time in the form of the page, which ends after 292 years.
fn time(nanos: u128) -> Time {
    Time::try_from(nanos).unwrap_or(Time::MAX)
}

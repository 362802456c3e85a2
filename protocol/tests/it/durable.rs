//! A node with a disk, driven step by step: what waits for a sync, what one sync covers, and how a node stops.

use glomers_protocol::{
    Context, DiskError, Log, MemoryStorage, Node, RpcError,
    g_counter::{Add, AddOk, Read, ReadOk},
    handler,
};
use std::{cell::Cell, io, time::Duration};

/// A counter that answers when an addition is durable.
struct Counter {
    total: Cell<i64>,
    log: Log<i64>,
}

#[handler(g_counter)]
impl Counter {
    #[init]
    fn new(cx: &Context) -> Result<Self, DiskError> {
        let disk = cx.disk()?.expect("the tests give it one");
        let (log, additions) = Log::open(&disk, "additions")?;
        Ok(Self { total: Cell::new(additions.iter().sum()), log })
    }

    async fn add(&self, request: Add) -> Result<AddOk, RpcError> {
        self.total.update(|total| total + request.delta);
        self.log.append(&request.delta);
        self.log.sync().await;
        Ok(AddOk {})
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.total.get() }
    }
}

const INIT: &str = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;

fn node(storage: &MemoryStorage) -> Node {
    let storage = storage.clone();
    Node::new::<Counter>(0).with_disk(move |_| Ok(Box::new(storage.clone())))
}

fn deliver(node: &mut Node, line: &str) -> Vec<String> {
    node.deliver(line.as_bytes(), Duration::ZERO).unwrap();
    sent(node)
}

fn add(msg_id: u64, delta: i64) -> String {
    format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"add","msg_id":{msg_id},"delta":{delta}}}}}"#)
}

fn sent(node: &mut Node) -> Vec<String> {
    let mut sent = Vec::new();
    node.drain(|_, line| {
        let (_, body) = line.split_once(r#""body":{"type":"#).unwrap();
        sent.push(body.trim_end_matches('}').to_owned());
    });
    sent
}

#[test]
fn one_sync_answers_all_that_wait_and_no_more() {
    let storage = MemoryStorage::default();
    let mut node = node(&storage);
    assert_eq!(deliver(&mut node, INIT), [r#""init_ok","in_reply_to":1"#]);
    assert!(!node.wants_sync());
    assert!(deliver(&mut node, &add(2, 3)).is_empty());
    assert!(deliver(&mut node, &add(3, 4)).is_empty());
    assert!(node.wants_sync());
    node.begin_sync();
    // It comes too late for this sync.
    assert!(deliver(&mut node, &add(4, 5)).is_empty());
    assert!(!node.wants_sync());
    let result = node.sync_storage();
    node.synced(result, Duration::ZERO);
    assert_eq!(sent(&mut node), [r#""add_ok","in_reply_to":2"#, r#""add_ok","in_reply_to":3"#]);
    assert!(node.wants_sync());
    node.begin_sync();
    node.synced(Ok(()), Duration::ZERO);
    assert_eq!(sent(&mut node), [r#""add_ok","in_reply_to":4"#]);
    assert!(!node.wants_sync());
    assert_eq!(node.unanswered(), 0);

    let mut next = self::node(&storage);
    deliver(&mut next, INIT);
    assert_eq!(next.handler::<Counter>().unwrap().total.get(), 12);
}

#[test]
fn a_failed_sync_stops_the_node() {
    let mut node = node(&MemoryStorage::default());
    deliver(&mut node, INIT);
    deliver(&mut node, &add(2, 3));
    node.begin_sync();
    deliver(&mut node, &add(3, 3));
    node.synced(Err(DiskError::Sync { source: io::Error::other("no more sectors") }), Duration::ZERO);
    let text = "the node stopped before the handler of `add` finished: a sync failed, and what was written since the one before \
                may be lost: restart the node, which continues from what is durable: no more sectors";
    let error = |msg_id| format!(r#""error","in_reply_to":{msg_id},"code":13,"text":"{text}""#);
    assert_eq!(sent(&mut node), [error(2), error(3)]);
    assert!(node.failure().is_some());
    assert!(node.handler::<Counter>().is_none());
    assert!(deliver(&mut node, &add(4, 3)).is_empty());
    assert!(!node.wants_sync());
    assert_eq!((node.deadline(), node.unanswered()), (None, 0));
}

#[test]
fn a_node_that_cannot_open_its_disk_says_so_to_init() {
    let open = |_: &_| Err(DiskError::Locked { folder: "data/n1".to_owned(), pid: Some(7) });
    let mut node = Node::new::<Counter>(0).with_disk(open);
    let text = "the node cannot start: `data/n1` is in use by process 7: two nodes cannot share a data folder";
    assert_eq!(deliver(&mut node, INIT), [format!(r#""error","in_reply_to":1,"code":13,"text":"{text}""#)]);
    assert!(node.failure().unwrap().error().is::<DiskError>());
    assert!(deliver(&mut node, INIT).is_empty());
}

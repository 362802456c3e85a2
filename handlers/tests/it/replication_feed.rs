//! A feed sends a backlog in messages of bounded length, and loses no entry that it cannot read.

use crate::cluster::{Cluster, Latency};
use glomers_handlers::{
    SetUnion,
    replication_feed::{BatchOf, MAX_ENTRIES},
};
use glomers_protocol::{
    Json,
    g_set::{Add, Read},
};
use std::time::Duration;

#[test]
fn a_long_partition_drains_in_short_messages() {
    let mut cluster = Cluster::new::<SetUnion>(1, 3, Latency::Constant(Duration::from_millis(100)));
    let longest = cluster.longest();
    cluster.isolate(0);
    for element in 0..10_000 {
        cluster.call(usize::from(element % 2 == 0), &Add { element: Json::from(element) });
        if element % 10 == 0 {
            cluster.run(Duration::from_millis(10));
        }
    }
    cluster.heal();
    cluster.run(Duration::from_secs(10));
    for node in 0..3 {
        assert_eq!(cluster.call(node, &Read {}).value.len(), 10_000, "node {node}");
    }
    // An entry of this size is `[10000,9999],` at most.
    let longest = longest.take();
    assert!((1000..MAX_ENTRIES * 13 + 1000).contains(&longest), "a message has {longest} bytes");
}

#[test]
fn a_batch_with_an_entry_of_another_type_is_refused() {
    let text = r#"{"incarnation":1,"after":0,"upto":2,"heard":[0,0],"entries":[[1,5],[2,"six"]]}"#;
    let error = serde_json::from_str::<BatchOf<u64>>(text).unwrap_err().to_string();
    assert!(error.starts_with(r#"entry 2 is "six": invalid type: string "six", expected u64"#), "{error}");
    serde_json::from_str::<BatchOf<Json>>(text).unwrap();
}

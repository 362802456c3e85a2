//! A set loses no element on any network.

use crate::cluster::storm;
use glomers_handlers::SetUnion;
use glomers_protocol::{
    Json,
    g_set::{Add, Read},
    rand::RngExt,
};
use std::collections::BTreeSet;

fn every_element_reaches_every_node(seeds: u64) {
    for seed in 0..seeds {
        let mut expected = BTreeSet::new();
        let mut cluster = storm::<SetUnion>(seed, |cluster, node| {
            // Some elements are given to several nodes.
            let element = Json::from(cluster.rng.random_range(0..300));
            cluster.call(node, &Add { element: element.clone() });
            assert!(cluster.call(node, &Read {}).value.contains(&element), "seed {seed}");
            expected.insert(element);
        });
        for node in 0..cluster.count() {
            let mut value = cluster.call(node, &Read {}).value;
            value.sort();
            assert!(value.iter().eq(&expected), "seed {seed}, node {node}");
        }
    }
}

over_seeds! {
    every_element_reaches_every_node: 4, 40;
}

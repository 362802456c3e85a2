//! The nodes that have a binary: what each serves, how, and how to test it. Help texts, `glomers test --node` and the
//! tests of the documentation read this table.

/// A node that has a binary.
#[derive(Debug)]
pub struct Node {
    /// The binary's name. That of a workload's usual node is the workload's.
    pub name: &'static str,
    /// The workload that it serves.
    pub workload: &'static str,
    /// How, in a paragraph.
    pub about: &'static str,
    /// The tests to run: the number of the challenge that asks for it, empty if none does, and the arguments of
    /// `maelstrom test` behind `-w` and `--bin`.
    pub tests: &'static [(&'static str, &'static str)],
}

impl Node {
    /// The node of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        NODES.iter().find(|node| node.name == name)
    }

    /// What it is for, in a line.
    pub fn title(&self) -> String {
        let challenges: Vec<_> =
            self.tests.iter().map(|(challenge, _)| *challenge).filter(|name| !name.is_empty()).collect();
        match challenges[..] {
            [] => format!("A node for Maelstrom's workload {}, which no challenge asks for.", self.workload),
            [challenge] => format!("A node for Gossip Glomers challenge {challenge}, {}.", self.workload),
            _ => format!("A node for Gossip Glomers challenges {}, {}.", challenges.join(", "), self.workload),
        }
    }

    /// The commands that test it under Maelstrom.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let line =
            |arguments| format!("./maelstrom test -w {} --bin target/release/{} {arguments}", self.workload, self.name);
        self.tests.iter().map(move |(_, arguments)| line(arguments))
    }
}

/// Every node, by name.
pub const NODES: &[Node] = &[
    Node {
        name: "broadcast",
        workload: "broadcast",
        about: "\
Values ride in batches from each node to the first one, and from there to all others. A cycle takes as long as the
latency budget allows, and costs one message each way and node. 3d is passed as it is, 3e with a larger budget. A budget
that leaves less than 50 ms besides the measured round trip sends each value straight to every node instead.",
        tests: &[
            ("3a", "--node-count 1 --time-limit 20 --rate 10"),
            ("3b", "--node-count 5 --time-limit 20 --rate 10"),
            ("3c", "--node-count 5 --time-limit 20 --rate 10 --nemesis partition"),
            ("3d", "--node-count 25 --time-limit 20 --rate 100 --latency 100"),
            ("3e", "--node-count 25 --time-limit 20 --rate 100 --latency 100 -- --latency-budget 1750"),
            ("", "--node-count 25 --time-limit 20 --rate 100 --latency 100 -- --latency-budget 150"),
        ],
    },
    Node {
        name: "echo",
        workload: "echo",
        about: "Sends back what it is sent, byte for byte.",
        tests: &[("1", "--node-count 1 --time-limit 10")],
    },
    Node {
        name: "g-counter",
        workload: "g-counter",
        about: "\
Each node keeps what clients have added through it and tells the others its total now and then; the counter is the sum
of all totals. Every operation is answered at once, in a partition too.",
        tests: &[("4", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
    },
    Node {
        name: "g-counter-seq-kv",
        workload: "g-counter",
        about: "\
As the challenge's text teaches: the counter is kept in the service seq-kv, where each node publishes its total under
a key of its own. A read writes first, so that what it then reads is not old.",
        tests: &[("4", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
    },
    Node {
        name: "g-set",
        workload: "g-set",
        about: "\
Each node's set is the union of what all nodes were given: a node tells the others what is new until they have it.
Every operation is answered at once, in a partition too.",
        tests: &[("", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
    },
    Node {
        name: "kafka",
        workload: "kafka",
        about: "\
Each node gives offsets by itself, and polls show a log only as far as no node can add anything any more. Every
operation is answered at once, in a partition too; what is sent meanwhile is seen after it.",
        tests: &[
            ("5a", "--node-count 1 --concurrency 2n --time-limit 20 --rate 1000"),
            ("5b", "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000"),
            ("5c", "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000"),
        ],
    },
    Node {
        name: "kafka-lin-kv",
        workload: "kafka",
        about: "\
As the challenge's text teaches: logs and commits are kept in the service lin-kv. Each entry of a log is a key, and
the node that creates it, by compare-and-set, has claimed its offset.",
        tests: &[("5b", "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000")],
    },
    Node {
        name: "lin-kv",
        workload: "lin-kv",
        about: "\
Every read, write and compare-and-set is a command in one log, on which the nodes agree by consensus. The majority side of
a partition goes on; the other side fails its requests. A minority of the nodes may be killed and started again.",
        tests: &[("", "--node-count 5 --concurrency 2n --rate 100 --time-limit 20 --nemesis partition")],
    },
    Node {
        name: "lin-kv-proxy",
        workload: "lin-kv",
        about: "\
Passes each request on to the service lin-kv, and its answer back. A missing answer becomes an indefinite error.",
        tests: &[("", "--node-count 2 --concurrency 4n --rate 100 --time-limit 20 --nemesis partition")],
    },
    Node {
        name: "pn-counter",
        workload: "pn-counter",
        about: "\
Each node keeps what clients have added and subtracted through it and tells the others its total now and then; the
counter is the sum of all totals. Every operation is answered at once, in a partition too.",
        tests: &[("", "--node-count 3 --rate 100 --time-limit 20 --nemesis partition")],
    },
    Node {
        name: "txn-list-append",
        workload: "txn-list-append",
        about: "\
Every transaction is a command in one log, on which the nodes agree by consensus. Strictly serializable; the majority
side of a partition goes on, and a minority of the nodes may be killed and started again.",
        tests: &[("", "--node-count 5 --concurrency 2n --rate 1000 --time-limit 20 --nemesis partition")],
    },
    Node {
        name: "txn-list-append-lin-kv",
        workload: "txn-list-append",
        about: "\
All lists are one value under one key of the service lin-kv. A transaction reads it, works on its copy, and swaps it by
compare-and-set; if another one was faster, it starts over. Strictly serializable.",
        tests: &[("", "--node-count 2 --concurrency 2n --time-limit 20 --rate 100 --nemesis partition")],
    },
    Node {
        name: "txn-rw-register",
        workload: "txn-rw-register",
        about: "\
Each transaction runs at once on the node that it came to, and of two writes to one register the later wins on all
nodes, by Lamport's clock. That is at least read committed, and always available.",
        tests: &[
            (
                "6a",
                "--node-count 1 --concurrency 2n --time-limit 20 --rate 1000 --consistency-models read-uncommitted --availability total",
            ),
            (
                "6b",
                "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000 --consistency-models read-uncommitted --availability total --nemesis partition",
            ),
            (
                "6c",
                "--node-count 2 --concurrency 2n --time-limit 20 --rate 1000 --consistency-models read-committed --availability total --nemesis partition",
            ),
        ],
    },
    Node {
        name: "unique-ids",
        workload: "unique-ids",
        about: "\
An id is the node's name, a random number drawn when the process starts, and a counter. Nodes need no word from each
other, and no clock.",
        tests: &[("2", "--node-count 3 --time-limit 30 --rate 1000 --availability total --nemesis partition")],
    },
];

//! Nodes that answer with values which are JSON, and hold what no double, no string of Rust and no tree of a usual
//! depth does. Each gets its verdict, is kept and shown.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{Json, broadcast, echo, g_set, handler, lin_kv, unique_ids};
use glomers_report::store::Store;
use glomers_workbench::{Options, Report, Validity, simulate_with, workload};
use std::time::{Duration, SystemTime};

/// Each node answers with the value that it is made with.
macro_rules! made_of_null {
    ($($name:ident)*) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self(Json::null())
            }
        }
    )*};
}

made_of_null!(Strange Heard Held Stored Given);

struct Strange(Json);

#[handler(echo)]
impl Strange {
    fn echo(&self, _: echo::Echo) -> echo::EchoOk {
        echo::EchoOk { echo: self.0.clone() }
    }
}

struct Heard(Json);

#[handler(broadcast)]
impl Heard {
    fn topology(&self, _: broadcast::Topology) -> broadcast::TopologyOk {
        broadcast::TopologyOk {}
    }

    fn broadcast(&self, _: broadcast::Broadcast) -> broadcast::BroadcastOk {
        broadcast::BroadcastOk {}
    }

    fn read(&self, _: broadcast::Read) -> broadcast::ReadOk {
        broadcast::ReadOk { messages: vec![self.0.clone(); 2] }
    }
}

struct Held(Json);

#[handler(g_set)]
impl Held {
    fn add(&self, _: g_set::Add) -> g_set::AddOk {
        g_set::AddOk {}
    }

    fn read(&self, _: g_set::Read) -> g_set::ReadOk {
        g_set::ReadOk { value: vec![self.0.clone(); 2] }
    }
}

struct Stored(Json);

#[handler(lin_kv)]
impl Stored {
    fn read(&self, _: lin_kv::Read) -> lin_kv::ReadOk {
        lin_kv::ReadOk { value: self.0.clone() }
    }

    fn write(&self, _: lin_kv::Write) -> lin_kv::WriteOk {
        lin_kv::WriteOk {}
    }

    fn cas(&self, _: lin_kv::Cas) -> lin_kv::CasOk {
        lin_kv::CasOk {}
    }
}

struct Given(Json);

#[handler(unique_ids)]
impl Given {
    fn generate(&self, _: unique_ids::Generate) -> unique_ids::GenerateOk {
        unique_ids::GenerateOk { id: self.0.clone() }
    }
}

fn values() -> Vec<Json> {
    let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    let texts = ["1e400", "-0", r#""\ud800""#, r#"{"\ud800":1}"#, r#"{"a":1,"a":2}"#, "123456789012345678901234567890"];
    texts.into_iter().chain([&*deep]).map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn every_value_gets_a_verdict() {
    let options = |count| {
        Options::default()
            .node_count(count)
            .time_limit(Duration::from_secs(2))
            .rate(20.0)
            .concurrency(glomers_workbench::options::Concurrency::PerNode(2))
            .journal(true)
    };
    for value in values() {
        macro_rules! report {
            ($workload:literal, $handler:ident) => {{
                let value = value.clone();
                simulate_with(workload::named($workload).unwrap(), &options(1), move |_| $handler(value.clone()))
                    .unwrap()
            }};
        }
        let reports: [Report; 5] = [
            report!("echo", Strange),
            report!("broadcast", Heard),
            report!("g-set", Held),
            report!("lin-kv", Stored),
            report!("unique-ids", Given),
        ];
        let folder = tempfile::tempdir().unwrap();
        for report in reports {
            assert_eq!(report.valid(), Validity::Invalid, "{} of {value:.50}", report.workload);
            Store::new(folder.path()).write(&report, SystemTime::UNIX_EPOCH).unwrap();
        }
    }
}

//! The integration tests of this crate, in one program: it links once.

mod differential;
mod documented;
mod edn;
mod kafka_checker;
mod kafka_properties;
mod lin_kv_checker;
mod linearizability;
mod notation;
mod oracle;
mod reading;
mod recorded;
mod recorded_checkers;
mod recorded_kafka;
mod recorded_simple;
mod set_full;
mod simple_checkers;
mod strict_findings;
mod summary;
mod txn_checker;
mod txn_properties;

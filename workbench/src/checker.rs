//! Judges of histories. A checker never fails: whatever the history, it finds it valid, invalid or unknown, and says why
//! in values.

pub mod availability;
pub mod counter;
pub mod exceptions;
pub mod kafka;
pub mod lin_kv;
pub mod liveness;
mod numbers;
pub mod set_full;
pub mod stats;
pub mod suspicion;
pub mod txn;
pub mod unique_ids;

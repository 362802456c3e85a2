//! The bridge over real NATS and etcd servers. Where these are not installed, a test says so and ends.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

mod cluster;
mod compose;
mod engines;
mod faults;
mod logins;
mod messages;
mod services;

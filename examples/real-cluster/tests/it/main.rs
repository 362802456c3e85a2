//! The bridge over real NATS and etcd servers. Where these are not installed, a test says so and ends.

mod cluster;
mod engines;
mod faults;
mod messages;
mod services;

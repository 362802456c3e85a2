//! The `txn-list-append` node: `txn-list-append --help` says what it is, and how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::ReplicatedLists>(env!("CARGO_BIN_NAME"))
}

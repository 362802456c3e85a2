//! The `txn-list-append` node: `maelstrom test -w txn-list-append --bin target/release/txn-list-append`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::ReplicatedLists>()
}

//! The `txn-rw-register` node: `maelstrom test -w txn-rw-register --bin target/release/txn-rw-register`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::LastWriterWins>()
}

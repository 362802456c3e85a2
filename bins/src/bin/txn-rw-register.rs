//! The `txn-rw-register` node: `txn-rw-register --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run_durable::<glomers_handlers::LastWriterWins>(env!("CARGO_BIN_NAME"))
}

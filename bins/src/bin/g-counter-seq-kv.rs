//! The `g-counter-seq-kv` node: `g-counter-seq-kv --help` says what it is, and how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::via_services::PublishedTotals>(env!("CARGO_BIN_NAME"))
}

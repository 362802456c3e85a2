//! The `g-counter-seq-kv` node: `g-counter-seq-kv --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::via_services::PublishedTotals>(env!("CARGO_BIN_NAME"))
}

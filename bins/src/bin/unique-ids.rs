//! The `unique-ids` node: `unique-ids --help` says what it is, and how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::PrefixedIds>(env!("CARGO_BIN_NAME"))
}

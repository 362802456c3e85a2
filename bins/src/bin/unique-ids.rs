//! The `unique-ids` node: `unique-ids --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::PrefixedIds>(env!("CARGO_BIN_NAME"))
}

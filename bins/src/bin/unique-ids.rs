//! The `unique-ids` node: `maelstrom test -w unique-ids --bin target/release/unique-ids`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::PrefixedIds>()
}

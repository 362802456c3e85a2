//! The `lin-kv` node: `maelstrom test -w lin-kv --bin target/release/lin-kv`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::ReplicatedMap>()
}

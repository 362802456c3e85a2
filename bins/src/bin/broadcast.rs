//! The `broadcast` node: `maelstrom test -w broadcast --bin target/release/broadcast`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::Gossip>()
}

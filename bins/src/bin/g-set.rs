//! The `g-set` node: `maelstrom test -w g-set --bin target/release/g-set`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::SetUnion>()
}

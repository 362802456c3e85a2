//! The `g-counter` node: `maelstrom test -w g-counter --bin target/release/g-counter`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::GCounter>()
}

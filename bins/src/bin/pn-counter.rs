//! The `pn-counter` node: `maelstrom test -w pn-counter --bin target/release/pn-counter`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::PnCounter>()
}

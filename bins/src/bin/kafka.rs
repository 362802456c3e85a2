//! The `kafka` node: `maelstrom test -w kafka --bin target/release/kafka`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::HorizonLogs>()
}

//! The `echo` node: `maelstrom test -w echo --bin target/release/echo`.

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<glomers_handlers::Parrot>()
}

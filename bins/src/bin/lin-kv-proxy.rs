//! The `lin-kv-proxy` node: `lin-kv-proxy --help` says what it is, and how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::via_services::ForwardedRegisters>(env!("CARGO_BIN_NAME"))
}

//! The `lin-kv-proxy` node: `lin-kv-proxy --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::via_services::ForwardedRegisters>(env!("CARGO_BIN_NAME"))
}

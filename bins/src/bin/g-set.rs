//! The `g-set` node: `g-set --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run_durable::<glomers_handlers::SetUnion>(env!("CARGO_BIN_NAME"))
}

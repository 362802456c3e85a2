//! The `g-counter` node: `g-counter --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run_durable::<glomers_handlers::GCounter>(env!("CARGO_BIN_NAME"))
}

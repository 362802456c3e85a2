//! The `pn-counter` node: `pn-counter --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run_durable::<glomers_handlers::PnCounter>(env!("CARGO_BIN_NAME"))
}

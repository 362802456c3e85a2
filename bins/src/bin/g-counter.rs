//! The `g-counter` node: `g-counter --help` says what it is, and how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::GCounter>(env!("CARGO_BIN_NAME"))
}

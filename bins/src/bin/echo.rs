//! The `echo` node: `echo --help` says what it is, and how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::Parrot>(env!("CARGO_BIN_NAME"))
}

//! The `echo` node: `echo --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::Parrot>(env!("CARGO_BIN_NAME"))
}

//! The `kafka` node: `kafka --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run_durable::<glomers_handlers::WatermarkLogs>(env!("CARGO_BIN_NAME"))
}

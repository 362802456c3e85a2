//! The node as a program. With `--schema` it prints the JSON Schema of its messages.

use glomers_protocol::Described;
use own_workload::Board;

fn main() -> std::io::Result<()> {
    if std::env::args().any(|argument| argument == "--schema") {
        println!("{:#}", Board::schema());
        return Ok(());
    }
    glomers_protocol::run::<Board>()
}

//! A type without handlers is run as a node.

struct Parrot;

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<Parrot>()
}

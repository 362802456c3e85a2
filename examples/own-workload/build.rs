//! Compiles `schema/` into `OUT_DIR`.

fn main() {
    glomers_protocol_gen::build("schema");
}

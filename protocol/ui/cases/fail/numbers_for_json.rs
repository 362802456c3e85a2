//! Rust values where the schema allows any JSON value.

use glomers_protocol::{
    Json,
    broadcast::{Broadcast, ReadOk},
    kafka,
};

fn main() {
    let _ = ReadOk { messages: vec![1, 2, 3] };
    let _ = Broadcast { message: 7 };
    let numbers: Vec<i64> = vec![1, 2, 3];
    let _ = ReadOk { messages: numbers.into() };
    let _: Vec<Json> = numbers.into_iter().collect();
    let _ = kafka::Send { key: "k".to_owned(), msg: vec![1, 2] };
}

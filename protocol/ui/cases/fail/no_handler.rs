//! The block lacks `#[handler]`, so nothing knows its functions' attributes.

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Rumour {}

struct Parrot;

impl Parrot {
    #[message]
    fn rumour(&self, _: Rumour) {}

    #[every(millis = 50)]
    fn tick(&self) {}
}

fn main() {}

//! The models that come with the check.

mod cas_register;
mod counter;
mod fifo_queue;
mod independent;
mod mutex;
mod register;
mod set;

pub use cas_register::{CasRegister, CasRegisterOperation};
pub use counter::{Counter, CounterOperation};
pub use fifo_queue::{FifoQueue, FifoQueueOperation};
pub use independent::Independent;
pub use mutex::{Mutex, MutexOperation};
pub use register::{Register, RegisterOperation};
pub use set::{Set, SetOperation};

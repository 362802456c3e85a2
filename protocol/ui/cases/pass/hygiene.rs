//! Names of the user's own that the expansion must not take for others.
#![deny(warnings)]
#![no_implicit_prelude]

/// Hides the crate of the same name from paths that do not begin with `::`.
mod std {}
mod glomers_protocol {}

struct Result;
struct Option;
struct Rc;
struct Duration;
struct Reply;
struct Handler;
struct Clone;
struct Default;
struct Response;
struct Request;
struct Payload;

type Context = ::glomers_protocol::Context;
type NodeId = ::glomers_protocol::NodeId;

struct Node;

#[derive(::serde::Serialize, ::serde::Deserialize)]
struct Message {}

#[::glomers_protocol::handler(echo)]
impl Node {
    #[init]
    fn init(_: &Context) -> Self {
        let _ = (Result, Option, Rc, Duration, Reply, Handler, Clone, Default, Response, Request, Payload);
        Node
    }

    fn echo(&self, request: ::glomers_protocol::echo::Echo) -> ::glomers_protocol::echo::EchoOk {
        ::glomers_protocol::echo::EchoOk { echo: request.echo }
    }

    #[message]
    async fn message(&self, cx: &Context, from: &NodeId, this: Message) {
        cx.send(from, &this);
    }

    // The names of the trait's own methods.
    #[every(secs = 1)]
    fn start(&self) {}

    #[message]
    fn dispatch(&self, _: Dispatch) {}
}

#[derive(::serde::Serialize, ::serde::Deserialize)]
struct Dispatch {}

fn main() {
    let _ = ::glomers_protocol::run::<Node>;
}

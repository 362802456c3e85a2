//! The trait implementations that connect handler functions to a node. All types come from the user's signatures, so a
//! wrong type is one error, at the user's own line.

use crate::parse::{Function, Handlers, Parameter, Role, response};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, Ident, ItemImpl, Type, parse_quote, spanned::Spanned};

/// The code that `#[handler]` adds behind the user's block.
pub(crate) fn wiring(block: &ItemImpl, handlers: &Handlers) -> TokenStream {
    let workload = workload(block, handlers);
    let payloads = handlers.functions.iter().map(payload);
    let handler = handler(block, handlers);
    let described = handlers.schema.as_ref().map(|word| described(block, handlers, word));
    quote!(#workload #(#payloads)* #handler #described)
}

/// A `Handler` that cannot be run, for a block with mistakes: without it, rustc would also say that the type is no handler.
pub(crate) fn stub(block: &ItemImpl) -> TokenStream {
    // Its generics may be the mistake.
    if block.trait_.is_some() || !block.generics.params.is_empty() {
        return TokenStream::new();
    }
    let node = &block.self_ty;
    quote! {
        impl ::glomers_protocol::Handler for #node {
            fn init(
                _: &::glomers_protocol::Context,
            ) -> ::std::result::Result<Self, ::glomers_protocol::Failure> {
                ::std::unreachable!()
            }

            fn start(self: &::std::rc::Rc<Self>, _: &::glomers_protocol::Context) {}

            fn dispatch(
                self: &::std::rc::Rc<Self>,
                _: &::glomers_protocol::Context,
                _: &::glomers_protocol::Message<'_>,
            ) -> ::std::result::Result<(), ::glomers_protocol::Rejected> {
                ::std::unreachable!()
            }
        }
    }
}

/// Expands to:
///
/// ```ignore
/// impl broadcast::Workload for Gossip {
///     fn read(self: &Rc<Self>, cx: &Context, from: &NodeId, request: Read) -> Reply<<Read as Request>::Response> {
///         Reply::of(Self::read(self, request))
///     }
/// }
/// ```
fn workload(block: &ItemImpl, handlers: &Handlers) -> TokenStream {
    let path = &handlers.workload;
    let requests = handlers.functions.iter().filter(|function| matches!(function.role, Role::Request));
    let methods = requests.map(|function| {
        let name = &function.name;
        let payload = function.payload.as_ref().expect("checked");
        let reply = call(function, quote!(request));
        let reply_type = reply_type(payload);
        // The span is the user's name, so that rustc reports an unknown request there.
        quote_spanned! {at(name.span())=>
            fn #name(
                self: &::std::rc::Rc<Self>,
                cx: &::glomers_protocol::Context,
                from: &::glomers_protocol::NodeId,
                request: #payload,
            ) -> #reply_type {
                let _ = (cx, from);
                #reply
            }
        }
    });
    let all = owned(&block.generics);
    let (generics, _, bounds) = all.split_for_impl();
    let node = &block.self_ty;
    // The span is the user's type, so that rustc reports missing handlers there.
    quote_spanned!(at(node.span())=> impl #generics #path::Workload for #node #bounds { #(#methods)* })
}

/// The generics of a block, with the bound that a node owns its state.
fn owned(generics: &Generics) -> Generics {
    let mut owned = generics.clone();
    for parameter in owned.type_params_mut() {
        parameter.bounds.push(parse_quote!('static));
    }
    owned
}

/// `Reply<<Read as Request>::Response>`, all of it with the span of the user's type: a type that is not a request is one
/// error.
fn reply_type(request: &Type) -> TokenStream {
    quote_spanned!(request.span()=> ::glomers_protocol::Reply::<<#request as ::glomers_protocol::Request>::Response>)
}

/// The location of `span` for code of the macro: errors appear there, and lints ignore it because the user did not write it.
fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// Expands to `impl Payload for Rumour { const TYPE: &'static str = "rumour"; }`; for an RPC, to the same for the request and
/// the response, and to `impl Request for Pull { type Response = Pulled; }`.
fn payload(function: &Function) -> TokenStream {
    let wire_type = wire_type(function);
    let implement = |payload: &Type, wire_type: &str| {
        quote_spanned! {at(payload.span())=>
            impl ::glomers_protocol::Payload for #payload {
                const TYPE: &'static str = #wire_type;
            }
        }
    };
    match (&function.role, &function.payload) {
        (Role::Message, Some(message)) => implement(message, &wire_type),
        (Role::Rpc, Some(request)) => {
            let response = response(function.returns.as_ref().expect("checked"));
            let payloads = [implement(request, &wire_type), implement(response, &format!("{wire_type}_ok"))];
            quote! {
                #(#payloads)*
                impl ::glomers_protocol::Request for #request {
                    type Response = #response;
                }
            }
        }
        _ => TokenStream::new(),
    }
}

/// Expands to `impl Handler for Gossip { fn init .. fn start .. fn dispatch .. }`.
fn handler(block: &ItemImpl, handlers: &Handlers) -> TokenStream {
    let path = &handlers.workload;
    let node = &block.self_ty;
    let mut all = owned(&block.generics);
    let has_init = handlers.functions.iter().any(|function| matches!(function.role, Role::Init));
    if !has_init && block.generics.type_params().next().is_some() {
        // Whether there is a default depends on the types that the node is used with.
        all.make_where_clause().predicates.push(parse_quote!(#node: ::glomers_protocol::support::ByDefault));
    }
    let (generics, _, bounds) = all.split_for_impl();
    let init = init(node, handlers);
    let timers = handlers.functions.iter().filter_map(timer);
    let arms = handlers.functions.iter().filter_map(arm);
    quote! {
        impl #generics ::glomers_protocol::Handler for #node #bounds {
            fn init(
                cx: &::glomers_protocol::Context,
            ) -> ::std::result::Result<Self, ::glomers_protocol::Failure> {
                let _ = cx;
                #init
            }

            fn start(self: &::std::rc::Rc<Self>, cx: &::glomers_protocol::Context) {
                let _ = cx;
                #(#timers)*
            }

            fn dispatch(
                self: &::std::rc::Rc<Self>,
                cx: &::glomers_protocol::Context,
                message: &::glomers_protocol::Message<'_>,
            ) -> ::std::result::Result<(), ::glomers_protocol::Rejected> {
                match message.wire_type() {
                    #(#arms)*
                    _ => #path::dispatch(self, cx, message),
                }
            }
        }
    }
}

/// Expands to `impl Described for Gossip { fn schema() .. }`, which collects the schemas of all payloads between nodes.
fn described(block: &ItemImpl, handlers: &Handlers, word: &Ident) -> TokenStream {
    let (path, node) = (&handlers.workload, &block.self_ty);
    let all = owned(&block.generics);
    let (generics, _, bounds) = all.split_for_impl();
    let bodies = handlers.functions.iter().filter_map(|function| {
        let payload = function.payload.as_ref()?;
        let method = match function.role {
            Role::Message => "message",
            Role::Rpc => "rpc",
            _ => return None,
        };
        // The span is the user's type, so that rustc reports a missing schema there.
        let method = Ident::new(method, payload.span());
        Some(quote_spanned!(payload.span()=> document.#method::<#payload>();))
    });
    let implementation = quote_spanned! {at(word.span())=>
        impl #generics ::glomers_protocol::Described for #node #bounds {
            fn schema() -> ::glomers_protocol::support::SchemaValue {
                #[allow(unused_mut)]
                let mut document = ::glomers_protocol::support::Document::new(#path::NAME, #path::SCHEMA);
                #(#bodies)*
                document.finish()
            }
        }
    };
    quote_spanned!(word.span()=> ::glomers_protocol::if_described! { #implementation })
}

/// Expands to `IntoHandler::into_handler(Self::new(cx))`, or to `Ok` of the default.
fn init(node: &Type, handlers: &Handlers) -> TokenStream {
    match handlers.functions.iter().find(|function| matches!(function.role, Role::Init)) {
        Some(function) => {
            let (name, arguments) = (&function.name, arguments(function, TokenStream::new()));
            quote_spanned! {at(function.returns_span())=>
                ::glomers_protocol::IntoHandler::<#node>::into_handler(Self::#name(#(#arguments),*))
            }
        }
        None => quote_spanned! {at(node.span())=>
            ::std::result::Result::Ok(::glomers_protocol::support::by_default::<#node>())
        },
    }
}

/// Expands to `"rumour" => support::receive(cx, message, |from, request| Reply::of(Self::rumour(self, from, request))),`
fn arm(function: &Function) -> Option<TokenStream> {
    let serve = match function.role {
        Role::Message => quote!(receive),
        Role::Rpc => quote!(answer),
        _ => return None,
    };
    let (wire_type, payload) = (wire_type(function), function.payload.as_ref()?);
    let reply = call(function, quote!(request));
    Some(quote! {
        #wire_type => ::glomers_protocol::support::#serve(cx, message, |from, request: #payload| {
            let _ = from;
            #reply
        }),
    })
}

/// Expands to `support::every(cx, "flush", period, { let this = Rc::clone(self); .. move || Reply::of(Self::flush(&this, &cx)) });`
fn timer(function: &Function) -> Option<TokenStream> {
    let Role::Every(period) = &function.role else { return None };
    let name = function.name.to_string();
    let reply = call(function, TokenStream::new());
    Some(quote! {
        ::glomers_protocol::support::every(cx, #name, #period, {
            let this = ::std::clone::Clone::clone(self);
            let cx = ::std::clone::Clone::clone(cx);
            move || {
                let (this, cx) = (&this, &cx);
                let _ = cx;
                #reply
            }
        });
    })
}

fn wire_type(function: &Function) -> String {
    let name = function.name.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}

/// A call of the user's function whose result becomes a `Reply`. In scope are `self` (in timers, `this`), `cx` and `from`, as
/// references.
fn call(function: &Function, payload: TokenStream) -> TokenStream {
    let name = &function.name;
    let span = at(function.returns_span());
    let node = if matches!(function.role, Role::Every(_)) { format_ident!("this") } else { format_ident!("self") };
    // Naming the type makes rustc check the user's type against it, with the message of `on_unimplemented`.
    let make = if function.is_async { "later" } else { "of" };
    let make = match (&function.role, &function.payload) {
        (Role::Request | Role::Rpc, Some(payload)) => {
            let (make, reply) = (Ident::new(make, payload.span()), reply_type(payload));
            quote_spanned!(payload.span()=> #reply::#make)
        }
        _ => {
            let make = Ident::new(make, span);
            quote_spanned!(span=> ::glomers_protocol::Reply::<()>::#make)
        }
    };
    // Functions without a reply have a trait, and so a message, of their own.
    let finish = match &function.role {
        Role::Request | Role::Rpc => TokenStream::new(),
        _ => quote_spanned!(span=> ::glomers_protocol::support::unawaited),
    };
    if !function.is_async {
        let arguments = arguments(function, payload);
        return quote_spanned!(span=> #make(#finish(Self::#name(#node, #(#arguments),*))));
    }
    let from = function.takes(Parameter::From).then(|| quote!(let from = ::std::clone::Clone::clone(from);));
    let arguments = function.parameters.iter().map(|parameter| match parameter {
        Parameter::Context => quote!(&cx),
        Parameter::From => quote!(&from),
        Parameter::Payload => payload.clone(),
    });
    let future = quote_spanned!(span=> async move { #finish(Self::#name(&this, #(#arguments),*).await) });
    let later = quote_spanned!(span=> #make(#future));
    quote!({
        let this = ::std::clone::Clone::clone(#node);
        let cx = ::std::clone::Clone::clone(cx);
        #from
        let _ = &cx;
        #later
    })
}

/// The arguments of the user's function, from references in scope.
fn arguments(function: &Function, payload: TokenStream) -> impl Iterator<Item = TokenStream> {
    function.parameters.iter().map(move |parameter| match parameter {
        Parameter::Context => quote!(cx),
        Parameter::From => quote!(from),
        Parameter::Payload => payload.clone(),
    })
}

//! Reads an attributed `impl` block and collects all mistakes, each at the user's code that causes it.

use crate::{
    arguments::{self, Arguments, Known},
    surroundings::{Surroundings, is_message},
};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Lit, Meta,
    Path, PathArguments, Receiver, ReceiverKind, ReturnType, Token, Type,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

/// The contents of an `impl` block.
pub(crate) struct Handlers {
    /// The module of the workload's generated types.
    pub(crate) workload: Path,
    /// The word `schema`, which asks for a schema of the node's messages.
    pub(crate) schema: Option<Ident>,
    pub(crate) functions: Vec<Function>,
}

/// One handler function.
pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) role: Role,
    pub(crate) is_async: bool,
    /// The parameters behind `&self`, in the user's order.
    pub(crate) parameters: Vec<Parameter>,
    /// The type of the message, for functions that take one.
    pub(crate) payload: Option<Type>,
    /// The return type; `None` if there is none, which means `()`.
    pub(crate) returns: Option<Type>,
}

/// The event that calls a function.
pub(crate) enum Role {
    /// A request of the workload.
    Request,
    /// `#[rpc]`: a request of another node.
    Rpc,
    /// `#[message]`: a message of another node, without a reply.
    Message,
    /// `#[every(millis = 50)]`: time. Holds the period as an expression of type `Duration`.
    Every(TokenStream),
    /// `#[init]`: the node's id is known.
    Init,
}

/// A parameter's argument.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Parameter {
    Context,
    From,
    Payload,
}

impl Function {
    pub(crate) fn takes(&self, parameter: Parameter) -> bool {
        self.parameters.contains(&parameter)
    }

    /// The span of the return type, or of the name if there is none.
    pub(crate) fn returns_span(&self) -> Span {
        self.returns.as_ref().map_or(self.name.span(), Spanned::span)
    }
}

/// The attributed item, which must be an `impl` block.
pub(crate) fn item(tokens: TokenStream) -> Result<ItemImpl, Error> {
    match syn::parse2(tokens.clone())? {
        Item::Impl(block) => Ok(block),
        _ => Err(Error::new_spanned(tokens, "#[handler(WORKLOAD)] goes on the `impl` block with the node's functions")),
    }
}

/// Reads `block` and removes the macro's own attributes from it.
pub(crate) fn block(
    arguments: TokenStream,
    block: &mut ItemImpl,
    surroundings: Option<&Surroundings>,
) -> (Option<Handlers>, Vec<Error>) {
    let mut errors = Vec::new();
    let arguments = arguments::read(arguments).map_err(|error| errors.push(error)).ok();
    let known = arguments.as_ref().and_then(|arguments| arguments.known);
    if let Some((path, _)) = &block.trait_ {
        let text = "#[handler] goes on an `impl` of the type itself, not of a trait: `impl MyNode { .. }`";
        errors.push(Error::new_spanned(path, text));
    }
    if let Some(lifetime) = block.generics.lifetimes().next() {
        let text = "a node owns its state: write `String` for `&str`, and `Rc` for other references";
        errors.push(Error::new_spanned(lifetime, text));
    }
    let own: Vec<Ident> = block.generics.type_params().map(|parameter| parameter.ident.clone()).collect();
    let mut functions: Vec<Function> = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else { continue };
        match read_function(function, known) {
            // rustc reports the duplicate name; a second entry would only repeat the error.
            Ok(function) if functions.iter().any(|other| other.name == function.name) => {}
            Ok(function) => {
                errors.extend(functions.iter().find_map(|other| collision(other, &function)));
                errors.extend(generic_message(&function, &own));
                errors.extend(surroundings.and_then(|surroundings| check_messages(&function, surroundings).err()));
                functions.push(function);
            }
            Err(error) => errors.push(error),
        }
    }
    let handlers = if errors.is_empty() {
        arguments.map(|Arguments { workload, schema, .. }| Handlers { workload, schema, functions })
    } else {
        None
    };
    (handlers, errors)
}

/// The error for a message between nodes that depends on a type parameter of the node.
fn generic_message(function: &Function, own: &[Ident]) -> Option<Error> {
    let (Role::Message | Role::Rpc, Some(payload)) = (&function.role, &function.payload) else { return None };
    let parameter = own.iter().find(|parameter| mentions(payload.to_token_stream(), parameter))?;
    let text = format!(
        "this message depends on `{parameter}`, but a message is one type for all nodes: write the type that `{parameter}` \
         stands for"
    );
    Some(Error::new_spanned(payload, text))
}

fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// Checks the structs of messages between nodes.
fn check_messages(function: &Function, surroundings: &Surroundings) -> Result<(), Error> {
    if !matches!(function.role, Role::Message | Role::Rpc) {
        return Ok(());
    }
    function.payload.iter().try_for_each(|payload| surroundings.check(payload))?;
    let response = function.returns.as_ref().filter(|_| matches!(function.role, Role::Rpc)).map(response);
    response.map_or(Ok(()), |response| surroundings.check(response))
}

/// The error for a block whose type has one already.
pub(crate) fn second_block(block: &ItemImpl) -> Error {
    let text = "this type has a #[handler] block already, and a node serves one workload: move these functions into it";
    Error::new_spanned(&block.self_ty, text)
}

/// The `T` of `Result<T, ..>`; every other type as it is.
pub(crate) fn response(returns: &Type) -> &Type {
    if let Type::Path(path) = returns
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(ok)) = arguments.args.first()
    {
        return ok;
    }
    returns
}

/// Checks a function's name against the workload's requests, which the wire shares with the messages between nodes.
fn check_name(name: &Ident, role: &Role, known: Option<Known>) -> Result<(), Error> {
    let text = name.to_string();
    let wire_type = text.strip_prefix("r#").unwrap_or(&text);
    let fail = |text: String| Err(Error::new(name.span(), text));
    match (role, known) {
        (Role::Request, Some(known)) if !known.has(wire_type) => {
            let (workload, requests) = (known.name, known.requests().map(|name| format!("`{name}`")));
            let requests = requests.collect::<Vec<_>>().join(", ");
            fail(format!(
                "{workload} has no request `{wire_type}`, only {requests}: for a message between nodes write #[message] or \
                 #[rpc] above the function, and move a helper function to another `impl` block, without #[handler]"
            ))
        }
        (Role::Message | Role::Rpc, _) if ["init", "init_ok", "error"].contains(&wire_type) => fail(format!(
            "`{wire_type}` is a message of Maelstrom itself: give the function, and so its message, another name"
        )),
        (Role::Message | Role::Rpc, Some(known)) if known.has(wire_type.strip_suffix("_ok").unwrap_or(wire_type)) => {
            let workload = known.name;
            fail(format!(
                "`{wire_type}` is a message of {workload}, between clients and nodes: give the function, and so its message, \
                 another name"
            ))
        }
        _ => Ok(()),
    }
}

/// The error for two functions that exclude each other.
fn collision(first: &Function, second: &Function) -> Option<Error> {
    if matches!((&first.role, &second.role), (Role::Init, Role::Init)) {
        return Some(Error::new(second.name.span(), "a node has only one #[init] function"));
    }
    let between_nodes = |function: &Function| matches!(function.role, Role::Message | Role::Rpc);
    let (one, payload) = (first.payload.as_ref()?, second.payload.as_ref()?);
    let is_doubled =
        between_nodes(first) && between_nodes(second) && quote!(#one).to_string() == quote!(#payload).to_string();
    let text = format!(
        "this type is already the message of `{}`, and a type has one name on the wire: give `{}` a type of its own",
        first.name, second.name
    );
    is_doubled.then(|| Error::new_spanned(payload, text))
}

fn read_function(function: &mut ImplItemFn, known: Option<Known>) -> Result<Function, Error> {
    let role = take_role(&mut function.attrs)?;
    let signature = &function.sig;
    check_name(&signature.ident, &role, known)?;
    if let Some(parameter) = signature.generics.params.first() {
        return Err(Error::new_spanned(
            parameter,
            "a handler function has no generic parameters: name the message's own type",
        ));
    }
    let mut inputs = signature.inputs.iter().peekable();
    match (&role, inputs.next_if(|input| matches!(input, FnArg::Receiver(_)))) {
        (Role::Init, Some(receiver)) => {
            return Err(Error::new_spanned(receiver, "#[init] makes the node, so it has no `self` yet"));
        }
        (Role::Init, None) => {}
        // `self: &Rc<Self>` lets a handler spawn work on itself.
        (_, Some(FnArg::Receiver(receiver)))
            if matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) || is_shared(receiver) => {}
        (_, Some(FnArg::Receiver(receiver))) if matches!(receiver.kind, ReceiverKind::Typed(..)) => {
            let text = "write `&self`, or `self: &Rc<Self>` for a handler that spawns work on itself";
            return Err(Error::new_spanned(receiver, text));
        }
        (_, Some(receiver)) => {
            let text =
                "write `&self`, and keep changing state in a `Cell` or `RefCell`: functions that wait share the node";
            return Err(Error::new_spanned(receiver, text));
        }
        (_, None) => {
            let text = "every function in this block is a handler and takes `&self`: move others to an `impl` block without #[handler]";
            return Err(Error::new(signature.ident.span(), text));
        }
    }
    let inputs = inputs.map(read_parameter).collect::<Result<Vec<_>, _>>()?;
    let mut payloads = inputs.iter().filter(|(parameter, _)| *parameter == Parameter::Payload).map(|(_, ty)| ty);
    let payload = payloads.next().cloned();
    if let Some(second) = payloads.next() {
        let text = "a handler function takes one message, besides `&Context` and the sender's `&NodeId`";
        return Err(Error::new_spanned(second, text));
    }
    let function = Function {
        name: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        parameters: inputs.iter().map(|(parameter, _)| *parameter).collect(),
        payload,
        returns: match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, returns) => Some((**returns).clone()),
        },
        role,
    };
    check(&function)?;
    Ok(function)
}

/// Tells if a receiver is `self: &Rc<Self>`, as far as its form shows.
fn is_shared(receiver: &Receiver) -> bool {
    matches!(&receiver.kind, ReceiverKind::Typed(_, ty) if matches!(&**ty, Type::Reference(reference) if reference.mutability.is_none()))
}

/// Checks the rules of each role.
fn check(function: &Function) -> Result<(), Error> {
    let name = &function.name;
    let fail = |text: String| Err(Error::new(name.span(), text));
    match (&function.role, &function.payload) {
        (Role::Every(_) | Role::Init, Some(payload)) => {
            let text = "no message calls this function: its only parameter may be `&Context`";
            Err(Error::new_spanned(payload, text))
        }
        (Role::Every(_) | Role::Init, None) if function.takes(Parameter::From) => fail(
            "no message calls this function, so there is no sender: its only parameter may be `&Context`".to_owned(),
        ),
        (Role::Init, None) if function.is_async => {
            fail("#[init] cannot be `async`: use `cx.spawn` for work that waits".to_owned())
        }
        (Role::Every(_) | Role::Init, None) => Ok(()),
        (_, None) => fail(format!(
            "`{name}` takes no message: add it as a parameter, by value, such as `request: {}`",
            type_name(name)
        )),
        (role, Some(payload)) if !is_message(payload) => {
            let text = match role {
                Role::Request => {
                    format!("this is not a message: write the type of the workload's request, `{}`", type_name(name))
                }
                _ => "this is not a message: write a struct of your own that derives `Serialize` and `Deserialize`"
                    .to_owned(),
            };
            Err(Error::new_spanned(payload, text))
        }
        (Role::Rpc, Some(_)) if function.returns.is_none() => fail(format!(
            "an #[rpc] function needs a return type, such as `-> {}Ok`; for a message without a reply write #[message]",
            type_name(name)
        )),
        _ => Ok(()),
    }
}

/// The schema's type for the request of this name: `CommitOffsets` for `commit_offsets`.
fn type_name(name: &Ident) -> String {
    let words = name.to_string();
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    words.trim_start_matches("r#").split('_').map(capital).collect::<Vec<String>>().concat()
}

/// A parameter's argument and its type.
fn read_parameter(input: &FnArg) -> Result<(Parameter, Type), Error> {
    let FnArg::Typed(input) = input else { return Err(Error::new_spanned(input, "`self` comes first")) };
    let (reference, ty) = match &*input.ty {
        Type::Reference(reference) => (Some(reference), &*reference.elem),
        ty => (None, ty),
    };
    let name = match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    };
    match (name.as_deref(), reference) {
        (Some("Context"), Some(reference)) if reference.mutability.is_none() => Ok((Parameter::Context, ty.clone())),
        (Some("NodeId"), Some(reference)) if reference.mutability.is_none() => Ok((Parameter::From, ty.clone())),
        (Some(name @ ("Context" | "NodeId")), _) => {
            Err(Error::new_spanned(&input.ty, format!("write it as a shared reference: `&{name}`")))
        }
        (_, Some(_)) if is_message(ty) => {
            Err(Error::new_spanned(&input.ty, "take the message by value, without the `&`"))
        }
        (_, _) => Ok((Parameter::Payload, (*input.ty).clone())),
    }
}

/// Removes the macro's attribute from a function and returns its role.
fn take_role(attributes: &mut Vec<Attribute>) -> Result<Role, Error> {
    let is_ours =
        |attribute: &Attribute| ["init", "message", "rpc", "every"].iter().any(|name| attribute.path().is_ident(name));
    let ours: Vec<_> = attributes.extract_if(.., |attribute| is_ours(attribute)).collect();
    let [attribute] = ours.as_slice() else {
        return match ours.get(1) {
            None => Ok(Role::Request),
            Some(second) => {
                Err(Error::new_spanned(second, "a handler function has one role: remove one of the two attributes"))
            }
        };
    };
    if attribute.path().is_ident("every") {
        let text = "the period is missing or malformed: write #[every(millis = 50)] or #[every(secs = 1)]";
        let period = attribute.meta.require_list().ok().and_then(|list| read_period.parse2(list.tokens.clone()).ok());
        let (amount, period) = period.ok_or_else(|| Error::new_spanned(attribute, text))?;
        if is_zero(&amount) {
            return Err(Error::new_spanned(
                amount,
                "the period is zero, which leaves no time for messages: write a number above zero",
            ));
        }
        return Ok(Role::Every(period));
    }
    if !matches!(attribute.meta, Meta::Path(_)) {
        return Err(Error::new_spanned(attribute, "this attribute takes no arguments"));
    }
    match attribute.path().get_ident().map(ToString::to_string).as_deref() {
        Some("init") => Ok(Role::Init),
        Some("message") => Ok(Role::Message),
        _ => Ok(Role::Rpc),
    }
}

/// Reads `millis = EXPR` or `secs = EXPR`: the amount, and an expression of type `Duration`, which may use `self`.
fn read_period(input: ParseStream<'_>) -> Result<(Expr, TokenStream), Error> {
    let unit: Ident = input.parse()?;
    let constructor = match unit.to_string().as_str() {
        "millis" => quote!(from_millis),
        "secs" => quote!(from_secs),
        _ => return Err(Error::new(unit.span(), "expected `millis` or `secs`")),
    };
    input.parse::<Token![=]>()?;
    let amount: Expr = input.parse()?;
    let period = quote!(::std::time::Duration::#constructor(#amount));
    Ok((amount, period))
}

/// Returns true for the literal 0. Other expressions are checked when the node starts.
fn is_zero(amount: &Expr) -> bool {
    matches!(amount, Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.base10_digits() == "0")
}

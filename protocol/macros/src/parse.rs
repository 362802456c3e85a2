//! Reads an attributed `impl` block. All mistakes are collected, each at the place where the user made it.

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Error, Expr, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Meta, Path, ReceiverKind, ReturnType, Token,
    Type,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

/// What an `impl` block says about a node.
pub(crate) struct Handlers {
    /// The module of the workload's generated types.
    pub(crate) workload: Path,
    /// The word `schema` beside it: the node is to say what it speaks.
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
    /// The type of the message, if one is taken.
    pub(crate) payload: Option<Type>,
    /// `None`: nothing, that is `()`.
    pub(crate) returns: Option<Type>,
}

/// What calls a function.
pub(crate) enum Role {
    /// A request of the workload.
    Request,
    /// `#[rpc]`: a request of another node.
    Rpc,
    /// `#[message]`: a message of another node, without an answer.
    Message,
    /// `#[every(millis = 50)]`: time. Holds the period as an expression of type `Duration`.
    Every(TokenStream),
    /// `#[init]`: the node has been told its id.
    Init,
}

/// A parameter, by what fills it.
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

    /// Where the user says what the function returns; without that, its name.
    pub(crate) fn returns_span(&self) -> Span {
        self.returns.as_ref().map_or(self.name.span(), Spanned::span)
    }
}

/// Reads `block` and takes our own attributes off it.
pub(crate) fn block(arguments: TokenStream, block: &mut ItemImpl) -> (Option<Handlers>, Vec<Error>) {
    let mut errors = Vec::new();
    let arguments = read_arguments(arguments).map_err(|error| errors.push(error)).ok();
    if let Some((path, _)) = &block.trait_ {
        errors.push(Error::new_spanned(path, "#[handler] goes on an `impl` of the type itself, not of a trait"));
    }
    let mut functions: Vec<Function> = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else { continue };
        match read_function(function) {
            // rustc says that the name is taken; a second entry would only repeat it.
            Ok(function) if functions.iter().any(|other| other.name == function.name) => {}
            Ok(function) => functions.push(function),
            Err(error) => errors.push(error),
        }
    }
    let mut makers = functions.iter().filter(|function| matches!(function.role, Role::Init)).skip(1);
    errors.extend(makers.next().map(|second| Error::new(second.name.span(), "a node has only one #[init] function")));
    let handlers = if errors.is_empty() {
        arguments.map(|(workload, schema)| Handlers { workload, schema, functions })
    } else {
        None
    };
    (handlers, errors)
}

/// A single name is one of the modules of `glomers_protocol`; a path is taken as it stands. Behind it may stand `schema`.
fn read_arguments(arguments: TokenStream) -> Result<(Path, Option<Ident>), Error> {
    let text = "name the workload that this node serves, as in #[handler(broadcast)]; your own by its path, as in \
                #[handler(crate::chat)]";
    if arguments.is_empty() {
        return Err(Error::new(Span::call_site(), text));
    }
    let read = |input: ParseStream<'_>| {
        let path: Path = input.parse()?;
        let word = input.parse::<Option<Token![,]>>()?.map(|_| input.parse::<Ident>()).transpose()?;
        Ok((path, word))
    };
    let (path, word) = read.parse2(arguments.clone()).map_err(|_| Error::new_spanned(arguments, text))?;
    if let Some(word) = word.as_ref().filter(|word| *word != "schema") {
        let text = "a node serves one workload; behind it may stand `schema` and nothing else";
        return Err(Error::new_spanned(word, text));
    }
    match path.get_ident() {
        Some(name) => Ok((syn::parse_quote!(::glomers_protocol::#name), word)),
        None => Ok((path, word)),
    }
}

fn read_function(function: &mut ImplItemFn) -> Result<Function, Error> {
    let role = take_role(&mut function.attrs)?;
    let signature = &function.sig;
    if let Some(parameter) = signature.generics.params.first() {
        return Err(Error::new_spanned(parameter, "a handler function has no generic parameters: the wire has none"));
    }
    let mut inputs = signature.inputs.iter().peekable();
    match (&role, inputs.next_if(|input| matches!(input, FnArg::Receiver(_)))) {
        (Role::Init, Some(receiver)) => {
            return Err(Error::new_spanned(receiver, "#[init] makes the node, so it has no `self` yet"));
        }
        (Role::Init, None) => {}
        // `self: &Rc<Self>` is what the wiring has, and lets a handler spawn work on itself.
        (_, Some(FnArg::Receiver(receiver)))
            if matches!(receiver.kind, ReceiverKind::Reference(_, _, None) | ReceiverKind::Typed(..)) => {}
        (_, Some(receiver)) => {
            let text = "a handler function takes `&self`: keep what changes in a `Cell` or `RefCell`";
            return Err(Error::new_spanned(receiver, text));
        }
        (_, None) => {
            let text =
                "every function here is a handler and takes `&self`; move others to an `impl` block without #[handler]";
            return Err(Error::new(signature.ident.span(), text));
        }
    }
    let inputs = inputs.map(read_parameter).collect::<Result<Vec<_>, _>>()?;
    let parameters: Vec<_> = inputs.iter().map(|(parameter, _)| *parameter).collect();
    let payload =
        inputs.into_iter().find(|(parameter, _)| *parameter == Parameter::Payload).map(|(_, payload)| payload);
    let function = Function {
        name: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        parameters,
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

/// The parameters that each role allows and needs.
fn check(function: &Function) -> Result<(), Error> {
    let span = function.name.span();
    let payloads = function.parameters.iter().filter(|parameter| **parameter == Parameter::Payload).count();
    match function.role {
        Role::Every(_) | Role::Init if payloads > 0 || function.takes(Parameter::From) => {
            Err(Error::new(span, "nobody sends this: the only parameter it may have is `&Context`"))
        }
        Role::Every(_) => Ok(()),
        Role::Init if function.is_async => {
            Err(Error::new(span, "#[init] cannot wait: use `cx.spawn` for what takes time"))
        }
        Role::Init => Ok(()),
        _ if payloads != 1 => {
            let text = "a handler function takes one message by value, besides `&Context` and the sender's `&NodeId`";
            Err(Error::new(span, text))
        }
        Role::Rpc if function.returns.is_none() => {
            Err(Error::new(span, "#[rpc] answers, so it returns something; use #[message] for one way"))
        }
        _ => Ok(()),
    }
}

/// What fills a parameter, and its type.
fn read_parameter(input: &FnArg) -> Result<(Parameter, Type), Error> {
    let FnArg::Typed(input) = input else { return Err(Error::new_spanned(input, "`self` comes first")) };
    let (by_reference, ty) = match &*input.ty {
        Type::Reference(reference) => (true, &*reference.elem),
        ty => (false, ty),
    };
    let name = match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    };
    match (name.as_deref(), by_reference) {
        (Some("Context"), true) => Ok((Parameter::Context, ty.clone())),
        (Some("NodeId"), true) => Ok((Parameter::From, ty.clone())),
        (Some(name @ ("Context" | "NodeId")), false) => {
            Err(Error::new_spanned(&input.ty, format!("take it by reference: `&{name}`")))
        }
        (_, true) => Err(Error::new_spanned(&input.ty, "take the message by value, it is yours")),
        (_, false) => Ok((Parameter::Payload, ty.clone())),
    }
}

/// Takes our attribute off a function.
fn take_role(attributes: &mut Vec<Attribute>) -> Result<Role, Error> {
    let is_ours =
        |attribute: &Attribute| ["init", "message", "rpc", "every"].iter().any(|name| attribute.path().is_ident(name));
    let ours: Vec<_> = attributes.extract_if(.., |attribute| is_ours(attribute)).collect();
    let [attribute] = ours.as_slice() else {
        return match ours.get(1) {
            None => Ok(Role::Request),
            Some(second) => {
                Err(Error::new_spanned(second, "a handler function has one role: leave one of the two out"))
            }
        };
    };
    if attribute.path().is_ident("every") {
        let text = "how often? write #[every(millis = 50)] or #[every(secs = 1)]";
        let period = attribute.meta.require_list().ok().and_then(|list| read_period.parse2(list.tokens.clone()).ok());
        return period.map(Role::Every).ok_or_else(|| Error::new_spanned(attribute, text));
    }
    if !matches!(attribute.meta, Meta::Path(_)) {
        return Err(Error::new_spanned(attribute, "this attribute has no arguments"));
    }
    match attribute.path().get_ident().map(ToString::to_string).as_deref() {
        Some("init") => Ok(Role::Init),
        Some("message") => Ok(Role::Message),
        _ => Ok(Role::Rpc),
    }
}

/// `millis = EXPR` or `secs = EXPR`, as an expression of type `Duration`. `self` may be used in it.
fn read_period(input: ParseStream<'_>) -> Result<TokenStream, Error> {
    let unit: Ident = input.parse()?;
    let constructor = match unit.to_string().as_str() {
        "millis" => quote::quote!(from_millis),
        "secs" => quote::quote!(from_secs),
        _ => return Err(Error::new(unit.span(), "expected `millis` or `secs`")),
    };
    input.parse::<Token![=]>()?;
    let amount: Expr = input.parse()?;
    Ok(quote::quote!(::std::time::Duration::#constructor(#amount)))
}

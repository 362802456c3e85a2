//! Reads an attributed `impl` block. All mistakes are collected, each at the place where the user made it.

use proc_macro2::TokenStream;
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
    pub(crate) functions: Vec<Function>,
}

/// One handler function.
pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) role: Role,
    pub(crate) is_async: bool,
    /// The parameters behind `&self`, in the user's order.
    pub(crate) parameters: Vec<Parameter>,
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
pub(crate) enum Parameter {
    Context,
    From,
    Payload(Type),
}

impl Function {
    pub(crate) fn payload(&self) -> Option<&Type> {
        self.parameters.iter().find_map(|parameter| match parameter {
            Parameter::Payload(payload) => Some(payload),
            _ => None,
        })
    }
}

/// Reads `block` and takes our own attributes off it.
pub(crate) fn block(workload: TokenStream, block: &mut ItemImpl) -> (Option<Handlers>, Vec<Error>) {
    let mut errors = Vec::new();
    let workload = read_workload(workload).map_err(|error| errors.push(error)).ok();
    if let Some((path, _)) = &block.trait_ {
        errors.push(Error::new(path.span(), "#[handler] goes on an `impl` of the type itself, not of a trait"));
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
    let handlers = if errors.is_empty() { workload.map(|workload| Handlers { workload, functions }) } else { None };
    (handlers, errors)
}

/// A single name is one of the modules of `glomers_protocol`; a path is taken as it stands.
fn read_workload(arguments: TokenStream) -> Result<Path, Error> {
    if arguments.is_empty() {
        let text = "name the workload that this node serves, as in #[handler(broadcast)]";
        return Err(Error::new(proc_macro2::Span::call_site(), text));
    }
    let path: Path = syn::parse2(arguments)?;
    match path.get_ident() {
        Some(name) => Ok(syn::parse_quote!(::glomers_protocol::#name)),
        None => Ok(path),
    }
}

fn read_function(function: &mut ImplItemFn) -> Result<Function, Error> {
    let role = take_role(&mut function.attrs)?;
    let signature = &function.sig;
    if let Some(parameter) = signature.generics.params.first() {
        return Err(Error::new(parameter.span(), "a handler function has no generic parameters: the wire has none"));
    }
    let mut inputs = signature.inputs.iter().peekable();
    match (&role, inputs.next_if(|input| matches!(input, FnArg::Receiver(_)))) {
        (Role::Init, Some(receiver)) => {
            return Err(Error::new(receiver.span(), "#[init] makes the node, so it has no `self` yet"));
        }
        (Role::Init, None) => {}
        // `self: &Rc<Self>` is what the wiring has, and lets a handler spawn work on itself.
        (_, Some(FnArg::Receiver(receiver)))
            if matches!(receiver.kind, ReceiverKind::Reference(_, _, None) | ReceiverKind::Typed(..)) => {}
        (_, Some(receiver)) => {
            let text = "a handler function takes `&self`: keep what changes in a `Cell` or `RefCell`";
            return Err(Error::new(receiver.span(), text));
        }
        (_, None) => {
            let text =
                "every function here is a handler and takes `&self`; move others to an `impl` block without #[handler]";
            return Err(Error::new(signature.ident.span(), text));
        }
    }
    let parameters = inputs.map(read_parameter).collect::<Result<Vec<_>, _>>()?;
    let function = Function {
        name: signature.ident.clone(),
        is_async: signature.asyncness.is_some(),
        parameters,
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
    let payloads: Vec<_> =
        function.parameters.iter().filter(|parameter| matches!(parameter, Parameter::Payload(_))).collect();
    let from = function.parameters.iter().any(|parameter| matches!(parameter, Parameter::From));
    match function.role {
        Role::Every(_) | Role::Init if !payloads.is_empty() || from => {
            Err(Error::new(span, "nobody sends this: the only parameter it may have is `&Context`"))
        }
        Role::Every(_) => Ok(()),
        Role::Init if function.is_async => {
            Err(Error::new(span, "#[init] cannot wait: use `cx.spawn` for what takes time"))
        }
        Role::Init => Ok(()),
        _ if payloads.len() != 1 => {
            let text = "a handler function takes one message by value, besides `&Context` and the sender's `&NodeId`";
            Err(Error::new(span, text))
        }
        Role::Rpc if function.returns.is_none() => {
            Err(Error::new(span, "#[rpc] answers, so it returns something; use #[message] for one way"))
        }
        _ => Ok(()),
    }
}

fn read_parameter(input: &FnArg) -> Result<Parameter, Error> {
    let FnArg::Typed(input) = input else { return Err(Error::new(input.span(), "`self` comes first")) };
    let (by_reference, ty) = match &*input.ty {
        Type::Reference(reference) => (true, &*reference.elem),
        ty => (false, ty),
    };
    let name = match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    };
    match (name.as_deref(), by_reference) {
        (Some("Context"), true) => Ok(Parameter::Context),
        (Some("NodeId"), true) => Ok(Parameter::From),
        (Some(name @ ("Context" | "NodeId")), false) => {
            Err(Error::new(input.ty.span(), format!("take it by reference: `&{name}`")))
        }
        (_, true) => Err(Error::new(input.ty.span(), "take the message by value, it is yours")),
        (_, false) => Ok(Parameter::Payload(ty.clone())),
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
            Some(second) => Err(Error::new(second.span(), "a handler function has one role")),
        };
    };
    if attribute.path().is_ident("every") {
        let arguments = attribute.meta.require_list().map_err(|_| period_missing(attribute))?;
        return Ok(Role::Every(Parser::parse2(read_period, arguments.tokens.clone())?));
    }
    if !matches!(attribute.meta, Meta::Path(_)) {
        return Err(Error::new(attribute.span(), "this attribute has no arguments"));
    }
    match attribute.path().get_ident().map(ToString::to_string).as_deref() {
        Some("init") => Ok(Role::Init),
        Some("message") => Ok(Role::Message),
        _ => Ok(Role::Rpc),
    }
}

fn period_missing(attribute: &Attribute) -> Error {
    Error::new(attribute.span(), "how often? write #[every(millis = 50)] or #[every(secs = 1)]")
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

//! A fast reader of EDN as Clojure prints it.
//!
//! The principal types are [`Reader`], which gives the tokens of a text one after the other and may be given a text
//! that is not complete yet, and [`Form`], a tree that is read in one call and printed with `Display`.
//!
//! All forms of EDN are read: also tagged forms, maps with a namespace (`#:a{:b 1}`), numbers of any length (`1N`,
//! `1.5M`, `1/2`, `0xff`), characters (`\newline`, `\u00e9`), symbolic numbers (`##Inf`), metadata (`^:a b`, which is
//! passed over), discarded forms (`#_`) and comments. Syntax of Clojure's source code that is not EDN, such as `'a`, is
//! read as symbols.
//!
//! ```
//! use glomers_edn::{Form, Kind, Token, Reader};
//!
//! let form = Form::read("{:type :ok, :value [1 nil]} ; the end")?;
//! let Kind::Map(entries) = &form.kind else { panic!("a map") };
//! assert_eq!(entries[0].0.kind, Kind::Keyword("type".into()));
//! assert_eq!(form.to_string(), "{:type :ok, :value [1 nil]}");
//!
//! let mut reader = Reader::new("#_ignored :a");
//! assert_eq!(reader.form(reader.deepest())?, Token::Keyword("a"));
//! assert_eq!(reader.form(reader.deepest())?, Token::End);
//! # Ok::<(), glomers_edn::Error>(())
//! ```

mod bytes;
mod error;
mod form;
mod number;
mod plain;
mod reader;
mod text;
mod write;

pub use error::{Error, Problem, line_and_column};
pub use form::{Form, Kind, qualified};
pub use number::Number;
pub use plain::Plain;
pub use reader::{Bracket, DEEPEST, Reader, Token};
pub use text::Text;

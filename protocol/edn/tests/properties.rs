//! Every form is read as it was written, and in pieces as in one.

use glomers_edn::{Form, Kind, Number, Reader, Token};
use proptest::prelude::*;

fn number() -> impl Strategy<Value = Number<'static>> {
    let whole = || "-?[1-9][0-9]{0,40}".prop_map(|digits| Number::Integer(digits.into()));
    prop_oneof![
        whole(),
        any::<i64>().prop_map(|number| Number::Integer(number.to_string().into())),
        any::<f64>()
            .prop_filter("Clojure prints it as a symbolic number", |double| double.is_finite())
            .prop_map(Number::Double),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?(e[+-]?[1-9][0-9]{0,3})?"
            .prop_map(|digits| Number::Decimal(digits.into())),
        ("-?[1-9][0-9]{0,20}", "[1-9][0-9]{0,20}").prop_map(|(above, below)| Number::Ratio(above.into(), below.into())),
    ]
}

fn form() -> impl Strategy<Value = Form<'static>> {
    let name = || "[a-zé*!_?$%&=<>][a-z0-9é*+!_?.$%&=<>#:'-]{0,5}(/[a-z]{1,5})?";
    let symbol = name().prop_filter("a constant", |name| !["nil", "true", "false"].contains(&&**name));
    let leaf = prop_oneof![
        Just(Kind::Nil),
        any::<bool>().prop_map(Kind::Bool),
        number().prop_map(Kind::Number),
        prop_oneof![Just("NaN"), Just("Inf"), Just("-Inf")].prop_map(Kind::Symbolic),
        any::<char>().prop_map(Kind::Char),
        prop_oneof![any::<String>(), "[\"\\\\\n\t\r\u{8}\u{c};a ]{0,9}"].prop_map(|text| Kind::String(text.into())),
        name().prop_map(|name| Kind::Keyword(name.into())),
        symbol.prop_map(|name| Kind::Symbol(name.into())),
    ];
    leaf.prop_map(Form::from).prop_recursive(5, 60, 6, |inner| {
        let all = || prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            all().prop_map(Kind::List),
            all().prop_map(Kind::Vector),
            all().prop_map(Kind::Set),
            prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Kind::Map),
            ("[a-z]{1,5}(/[A-Z]{1,5})?", inner).prop_map(|(tag, form)| Kind::Tagged(tag.into(), Box::new(form))),
        ]
        .prop_map(Form::from)
    })
}

/// The tokens of a text of which always more is seen, until the next token is whole.
fn tokens_in_pieces(text: &str, step: usize) -> Result<Vec<Token<'_>>, glomers_edn::Error> {
    let (mut tokens, mut begun, mut seen) = (Vec::new(), 0, 0);
    loop {
        seen = text.ceil_char_boundary((seen + step).min(text.len()));
        let is_whole = seen == text.len();
        let mut reader = if is_whole { Reader::new(&text[begun..]) } else { Reader::of_beginning(&text[begun..seen]) };
        loop {
            let before = reader.at();
            match reader.form(reader.deepest()) {
                Ok(Token::End) if is_whole => return Ok(tokens),
                Ok(Token::End) => break,
                Ok(token) => tokens.push(token),
                Err(error) if error.is_incomplete() => {
                    reader = Reader::new(&text[begun..seen]);
                    reader.pass(before);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        begun += reader.at();
    }
}

/// The tokens without their places, which are counted from where a reader began.
fn unplaced(tokens: Vec<Token<'_>>) -> Vec<String> {
    let token = |token| match token {
        Token::String(text) => format!("{:?}", text.raw),
        other => format!("{other:?}"),
    };
    tokens.into_iter().map(token).collect()
}

proptest! {
    #[test]
    fn every_form_is_read_as_it_was_written(form in form()) {
        let text = form.to_string();
        prop_assert_eq!(Form::read(&text), Ok(form), "{}", text);
    }

    #[test]
    fn pieces_are_read_like_the_whole(forms in prop::collection::vec(form(), 0..4), step in 1..40_usize) {
        let text = forms.iter().map(|form| format!("#_[:x ^y #{{}}] {form}\n; \"\n")).collect::<String>();
        let whole = tokens_in_pieces(&text, text.len().max(1)).map(unplaced);
        prop_assert!(whole.is_ok(), "{:?}: {}", whole, text);
        prop_assert_eq!(tokens_in_pieces(&text, step).map(unplaced), whole, "{}", text);
    }

    #[test]
    fn no_text_is_too_strange(text in "[{}()\\[\\]:\"a-z0-9 #\\\\^_/.;é\n]{0,60}", step in 1..9_usize) {
        let whole = tokens_in_pieces(&text, text.len().max(1)).map(unplaced);
        let pieces = tokens_in_pieces(&text, step).map(unplaced);
        prop_assert_eq!(pieces.is_ok(), whole.is_ok(), "{:?}", pieces);
        if let (Ok(pieces), Ok(whole)) = (pieces, whole) {
            prop_assert_eq!(pieces, whole);
        }
        if let Ok(form) = Form::read(&text) {
            let again = form.to_string();
            prop_assert_eq!(Form::read(&again), Ok(form.clone()), "{}", again);
        }
    }
}

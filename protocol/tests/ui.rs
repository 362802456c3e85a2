//! What `#[handler]` accepts, and what the compiler says about mistakes: `ui/pass/*.rs` compile without a warning,
//! `ui/fail/NAME.rs` make the mistake NAME and stand beside the exact errors, `ui/fail/NAME.stderr`; `ui/schema` needs
//! the feature of that name.
//!
//! The errors are those of the Rust version that the workspace is built with; `TRYBUILD=overwrite cargo test -p
//! glomers-protocol --test ui` rewrites them. Read the diff: one error a mistake, at the user's own line, which says what
//! to write instead.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
    #[cfg(feature = "schema")]
    cases.compile_fail("tests/ui/schema/*.rs");
}

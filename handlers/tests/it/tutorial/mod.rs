//! The tests of the book's tutorial, `docs/tutorial`: one module per chapter. A chapter quotes code and reports of its
//! module word for word. The tests compare each quote, so the quoted code compiles and the quoted reports are real.

mod counter;
mod crash;
mod echo;
mod efficient;
mod gossip;
mod log;
mod retry;
mod store;
mod transactions;
mod unique_ids;

use glomers_workbench::{Report, Validity};

/// Lists each module and the chapter that quotes it.
macro_rules! chapters {
    ($($module:ident: $chapter:literal,)*) => {
        $(
            impl Chapter {
                #[allow(non_upper_case_globals, reason = "named as the module")]
                const $module: Self = Self {
                    name: $chapter,
                    text: include_str!(concat!("../../../../docs/tutorial/", $chapter, ".md")),
                    code: include_str!(concat!(stringify!($module), ".rs")),
                };
            }
        )*
        const CHAPTERS: &[Chapter] = &[$(Chapter::$module),*];
    };
}

chapters! {
    echo: "1-echo",
    unique_ids: "2-unique-ids",
    store: "3a-store",
    gossip: "3b-gossip",
    retry: "3c-retry",
    efficient: "3d-efficient",
    counter: "4-counter",
    log: "5-log",
    transactions: "6-transactions",
    crash: "7-crash",
}

struct Chapter {
    name: &'static str,
    text: &'static str,
    code: &'static str,
}

impl Chapter {
    /// The blocks of code in this language.
    fn blocks(&self, language: &str) -> impl Iterator<Item = &'static str> {
        let fence = format!("\n```{language}\n");
        let blocks: Vec<_> = self.text.split(&*fence).skip(1).collect();
        blocks.into_iter().map(|block| block.split("\n```").next().unwrap())
    }

    /// Asserts that a block of the chapter shows this report; `...` in the block stands for omitted lines.
    fn shows(&self, report: &Report) {
        let report = report.to_string();
        let is_shown = |block: &str| {
            let mut rest = &*report;
            format!("{block}\n").split("...\n").all(|part| {
                let found = rest.find(part.trim());
                rest = found.map_or("", |at| &rest[at..]);
                found.is_some()
            })
        };
        assert!(self.blocks("text").any(is_shown), "docs/tutorial/{}.md does not show this:\n{report}", self.name);
    }

    /// Asserts that a table of the chapter has the figures of this valid run.
    fn lists(&self, what: &str, report: &Report) {
        assert_eq!(report.valid(), Validity::Valid, "{report}");
        let latency = |quantile: &str| report.judgement.verdict.json()["stable-latencies"][quantile].clone();
        let messages = report.server_messages_per_operation().unwrap();
        let row = format!("| {what} | {messages:.2} | {} ms | {} ms |", latency("0.5"), latency("1"));
        assert!(self.text.contains(&row), "docs/tutorial/{}.md lacks\n{row}", self.name);
    }
}

#[test]
fn chapters_quote_what_compiles() {
    for chapter in CHAPTERS {
        let blocks: Vec<_> = chapter.blocks("rust").collect();
        assert!(!blocks.is_empty(), "docs/tutorial/{}.md quotes nothing", chapter.name);
        for block in blocks {
            assert!(chapter.code.contains(block), "docs/tutorial/{}.md quotes other code:\n{block}", chapter.name);
        }
    }
}

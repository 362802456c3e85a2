//! The Markdown blocks in which Maelstrom's documents state facts, each with its line.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::{mem, ops::Range};

/// A block of a Markdown text.
pub(crate) struct Block<'a> {
    /// The line in which it begins, counted from 1.
    pub(crate) line: usize,
    pub(crate) content: Content<'a>,
}

/// The content of a block.
pub(crate) enum Content<'a> {
    Heading(String),
    Paragraph(String),
    /// A fenced block: its language, and its text verbatim. The block's line is the first line of the text.
    Code {
        language: String,
        text: &'a str,
    },
    /// A row of a table, including the head.
    Row(Vec<String>),
}

/// The blocks of `source`, in order.
pub(crate) fn blocks(source: &str) -> Vec<Block<'_>> {
    let mut reader = Reader { source, ..Reader::default() };
    for (event, range) in Parser::new_ext(source, Options::ENABLE_TABLES).into_offset_iter() {
        reader.read(event, range);
    }
    reader.blocks
}

#[derive(Default)]
struct Reader<'a> {
    source: &'a str,
    blocks: Vec<Block<'a>>,
    /// The text of the current heading, paragraph or cell; the language of the current code block.
    text: String,
    cells: Vec<String>,
    /// The extent of the current code block.
    code: Option<Range<usize>>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { .. } | Tag::Paragraph | Tag::TableCell) => self.text.clear(),
            Event::Start(Tag::CodeBlock(kind)) => {
                self.text =
                    if let CodeBlockKind::Fenced(language) = kind { language.to_string() } else { String::new() };
                self.code = Some(range.end..range.end);
            }
            Event::Text(part) => match &mut self.code {
                Some(code) => *code = code.start.min(range.start)..range.end,
                None => self.text.push_str(&part),
            },
            Event::Code(part) => self.text.push_str(&part),
            Event::SoftBreak => self.text.push(' '),
            Event::End(TagEnd::TableCell) => self.cells.push(self.text.trim().to_owned()),
            Event::End(end) => self.end(end, range.start),
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd, start: usize) {
        let text = || self.text.trim().to_owned();
        let (start, content) = match end {
            TagEnd::Heading(_) => (start, Content::Heading(text())),
            TagEnd::Paragraph => (start, Content::Paragraph(text())),
            TagEnd::TableHead | TagEnd::TableRow => (start, Content::Row(mem::take(&mut self.cells))),
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or(start..start);
                (code.start, Content::Code { language: text(), text: &self.source[code] })
            }
            _ => return,
        };
        let line = self.source[..start].matches('\n').count() + 1;
        self.blocks.push(Block { line, content });
    }
}

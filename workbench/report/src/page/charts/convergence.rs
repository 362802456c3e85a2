//! The speed at which a value spreads, for sets that only grow: of the reads that began some time after a value was known, the
//! part that shows it, and the part of the values that every later read shows. Reads are spread evenly over the nodes,
//! so the first is the mean part of the nodes that show a value.

use crate::page::{
    challenge::Threshold,
    charts::{
        frame::{Frame, LINE, TEXT, line, text},
        mark::Mark,
    },
};
use glomers_checkers::history::{Kind, Operation};
use glomers_json::Json;
use indexmap::IndexMap;
use plotters::{
    element::{PathElement, Text},
    series::LineSeries,
    style::{
        RGBColor,
        text_anchor::{HPos, Pos, VPos},
    },
};
use std::time::Duration;

const SHOWN: RGBColor = RGBColor(0x2f, 0x81, 0xf7);
const EVERYWHERE: RGBColor = RGBColor(0x2e, 0xa0, 0x43);
const THRESHOLD: RGBColor = RGBColor(0xd6, 0x33, 0x6c);

/// The number of parts of the time that is drawn.
const PARTS: usize = 60;

/// The most pairs of a read and a value that are looked at. Of more, one read in so many is.
const PAIRS: usize = 20_000_000;

/// The values of a history and the reads of them.
struct Values {
    /// When each value was known: acknowledged, or shown by a read.
    known: Vec<Option<Duration>>,
    reads: Vec<Read>,
}

struct Read {
    begun: Duration,
    /// The numbers of the values that it shows, in order.
    shown: Vec<usize>,
}

/// The chart; `None` if no value was known before a read.
pub(super) fn draw(operations: &[Operation<'_>], thresholds: &[Threshold]) -> Option<String> {
    let values = Values::of(operations);
    let spread = values.spread(thresholds)?;
    let frame = Frame { faults: &[], end: spread.span };
    let mut legend = vec![
        (Mark::Circle.sign(), "reads that show the value".to_owned(), SHOWN),
        (Mark::Cross.sign(), "values that every later read shows".to_owned(), EVERYWHERE),
    ];
    if !thresholds.is_empty() {
        legend.push((LINE, "thresholds of the challenge".to_owned(), THRESHOLD));
    }
    let chart = frame.chart("Convergence, by the time since a value was known", 260, &legend, |area| {
        let mut chart = frame.shares(area);
        for (points, mark, colour) in
            [(&spread.shown, Mark::Circle, SHOWN), (&spread.everywhere, Mark::Cross, EVERYWHERE)]
        {
            let _ = chart.draw_series(LineSeries::new(points.iter().copied(), line(colour)));
            let marked = points.iter().step_by(5);
            marked.for_each(|point| mark.draw(chart.plotting_area(), *point, colour));
        }
        for (row, (name, time)) in thresholds.iter().enumerate() {
            let x = time.as_secs_f64();
            let _ = chart.plotting_area().draw(&PathElement::new([(x, 0.0), (x, 100.0)], line(THRESHOLD)));
            // Below each other: thresholds may be close.
            let y = 16.0 + 12.0 * f64::from(u8::try_from(row % 7).unwrap_or_default());
            // Beside the line, on the side with more room.
            let side = if x > 0.7 * spread.span.as_secs_f64() { HPos::Right } else { HPos::Left };
            let style = text(TEXT).pos(Pos::new(side, VPos::Center));
            let _ = chart.plotting_area().draw(&Text::new(format!(" {name} "), (x, y), style));
        }
    });
    Some(chart)
}

/// The two lines of the chart: points of a time in seconds and a percentage.
struct Spread {
    span: Duration,
    shown: Vec<(f64, f64)>,
    everywhere: Vec<(f64, f64)>,
}

impl Values {
    fn of(operations: &[Operation<'_>]) -> Self {
        let mut numbers: IndexMap<&str, usize> = IndexMap::new();
        let mut known: Vec<Option<Duration>> = Vec::new();
        for Operation { invocation, completion } in
            operations.iter().filter(|operation| operation.invocation.f != "read")
        {
            let number = *numbers.entry(invocation.value.as_str()).or_insert(known.len());
            known.resize(known.len().max(number + 1), None);
            let ok = completion.filter(|completion| completion.kind == Kind::Ok);
            known[number] = known[number].or(ok.map(|ok| ok.time));
        }
        let mut reads: Vec<(Duration, Read)> = Vec::new();
        for operation in operations.iter().filter(|operation| operation.invocation.f == "read") {
            let Some(ok) = operation.ok() else { continue };
            let elements: Vec<Json> = ok.value.decode().unwrap_or_default();
            let mut shown: Vec<usize> =
                elements.iter().filter_map(|element| numbers.get(element.as_str()).copied()).collect();
            shown.sort_unstable();
            reads.push((ok.time, Read { begun: operation.invocation.time, shown }));
        }
        reads.sort_by_key(|(ended, _)| *ended);
        for (ended, read) in &reads {
            for number in &read.shown {
                known[*number] = Some(known[*number].map_or(*ended, |known| known.min(*ended)));
            }
        }
        Self { known, reads: reads.into_iter().map(|(_, read)| read).collect() }
    }

    /// Calls `see` for each value that was known when a read began, with the time since then and whether it was shown.
    fn look(&self, mut see: impl FnMut(usize, Duration, bool)) {
        let every = (self.reads.len() * self.known.len()).div_ceil(PAIRS).max(1);
        for read in self.reads.iter().step_by(every) {
            let mut shown = read.shown.iter().copied().peekable();
            for (number, known) in self.known.iter().enumerate() {
                while shown.next_if(|shown| *shown < number).is_some() {}
                let is_shown = shown.peek() == Some(&number);
                if let Some(known) = known.filter(|known| *known <= read.begun) {
                    see(number, read.begun - known, is_shown);
                }
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts and parts are small"
    )]
    fn spread(&self, thresholds: &[Threshold]) -> Option<Spread> {
        // When each value was missed for the last time.
        let mut missed: Vec<Option<Duration>> = vec![None; self.known.len()];
        self.look(|number, age, is_shown| {
            let last = missed[number].get_or_insert_default();
            if !is_shown {
                *last = age.max(*last);
            }
        });
        let mut stable: Vec<Duration> = missed.into_iter().flatten().collect();
        stable.sort_unstable();
        let most = thresholds.iter().map(|(_, time)| *time).chain([*stable.last()?]).max()?;
        let span = most.mul_f64(1.15).max(Duration::from_millis(100));
        let width = span.as_secs_f64() / PARTS as f64;
        let mut counts = [(0_u32, 0_u32); PARTS];
        self.look(|_, age, is_shown| {
            if let Some((shown, all)) = counts.get_mut((age.as_secs_f64() / width) as usize) {
                *shown += u32::from(is_shown);
                *all += 1;
            }
        });
        let middle = |part: usize| (part as f64 + 0.5) * width;
        let percent = |part: f64, all: f64| 100.0 * part / all;
        let shown = counts.iter().enumerate().filter(|(_, (_, all))| *all > 0);
        let shown = shown.map(|(part, (shown, all))| (middle(part), percent(f64::from(*shown), f64::from(*all))));
        let reached = |part| {
            let time = Duration::from_secs_f64(part as f64 * width);
            let count = stable.partition_point(|missed| *missed <= time);
            (part as f64 * width, percent(count as f64, stable.len() as f64))
        };
        Some(Spread { span, shown: shown.collect(), everywhere: (0..=PARTS).map(reached).collect() })
    }
}

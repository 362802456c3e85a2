//! A cycle of transactions as a small graph: a box for each transaction, and an arrow for each reason why one came
//! before another. The arrows go round in a circle, so the contradiction can be seen.

use glomers_checkers::{finding::Finding, text::shorten};
use glomers_workbench::Report;
use maud::{Markup, html};
use serde::Deserialize;
use std::f64::consts::TAU;

/// The most transactions that are drawn. Larger cycles are told in words only.
const MOST: usize = 10;

/// The most bytes of a transaction in its box.
const LABEL: usize = 24;

const BOX: (f64, f64) = (200.0, 46.0);

#[derive(Deserialize)]
struct Cycle {
    steps: Vec<Step>,
}

/// An arrow. The transactions are the indices of their entries.
#[derive(Deserialize)]
struct Step {
    from: usize,
    to: usize,
    rel: String,
    why: String,
}

/// The graph of a finding, if it is a cycle.
pub(super) fn graph(report: &Report, finding: &Finding) -> Option<Markup> {
    let cycle: Cycle = serde_json::from_str(finding.detail.as_deref()?).ok()?;
    let count = cycle.steps.len();
    (2..=MOST).contains(&count).then(|| draw(report, &cycle.steps))
}

fn draw(report: &Report, steps: &[Step]) -> Markup {
    let (width, height) = size(steps.len());
    let centres: Vec<_> = (0..steps.len()).map(|place| centre(place, steps.len())).collect();
    html! {
        div.cycle tabindex="0" role="group" aria-label="Cycle" {
            svg viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img"
                aria-label="The transactions of the cycle and the order between them" {
                @for (place, step) in steps.iter().enumerate() {
                    (arrow(place + 1, step, centres[place], centres[(place + 1) % steps.len()]))
                }
                @for (step, centre) in steps.iter().zip(&centres) {
                    (transaction(report, step.from, *centre))
                }
            }
            ol {
                @for Step { from, to, rel, why } in steps {
                    li { "T" (from) " before T" (to) " (" b { (rel) } "): " (why) }
                }
            }
        }
    }
}

/// The size of the picture.
fn size(count: usize) -> (f64, f64) {
    let (x, y) = radii(count);
    (2.0 * x + BOX.0 + 20.0, 2.0 * y + BOX.1 + 40.0)
}

/// The radii of the ellipse on which the transactions are.
#[expect(clippy::cast_precision_loss, reason = "there are ten at most")]
fn radii(count: usize) -> (f64, f64) {
    let more = count.saturating_sub(3) as f64;
    (145.0 + 20.0 * more, if count == 2 { 40.0 } else { 75.0 + 28.0 * more })
}

#[expect(clippy::cast_precision_loss, reason = "there are ten at most")]
fn centre(place: usize, count: usize) -> (f64, f64) {
    let (x, y) = radii(count);
    let (width, height) = size(count);
    // Two are side by side; more begin at the top.
    let angle = TAU * (place as f64 / count as f64) - if count == 2 { TAU / 2.0 } else { TAU / 4.0 };
    (width / 2.0 + x * angle.cos(), height / 2.0 + if count == 2 { 0.0 } else { y * angle.sin() })
}

fn transaction(report: &Report, entry: usize, (x, y): (f64, f64)) -> Markup {
    let value = report.history.ops().get(entry).map(|op| shorten(op.value.as_str(), 400)).unwrap_or_default();
    let short: String = value.chars().take(LABEL).collect();
    let dots = if short.len() < value.len() { "\u{2026}" } else { "" };
    let number = |number: f64| format!("{number:.1}");
    html! {
        g.transaction {
            title { "T" (entry) ": " (value) }
            rect x=(number(x - BOX.0 / 2.0)) y=(number(y - BOX.1 / 2.0)) width=(BOX.0) height=(BOX.1) rx="6" {}
            text x=(number(x)) y=(number(y - 5.0)) text-anchor="middle" { tspan.name { "T" (entry) } }
            text x=(number(x)) y=(number(y + 14.0)) text-anchor="middle" { (short) (dots) }
        }
    }
}

/// An arrow that bends outwards, from the edge of one box to that of the other.
fn arrow(number: usize, step: &Step, from: (f64, f64), to: (f64, f64)) -> Markup {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    // To the left of the arrow, which is outside, as the transactions go round clockwise.
    let bend = if dy.abs() < 1.0 { 46.0 } else { 30.0 };
    let middle = (f64::midpoint(from.0, to.0) + dy / length * bend, f64::midpoint(from.1, to.1) - dx / length * bend);
    let (begin, end) = (edge(from, middle), edge(to, middle));
    let (x, y) = (end.0 - middle.0, end.1 - middle.1);
    let angle = y.atan2(x);
    let corner = |turn: f64| {
        let (x, y) = (end.0 - 10.0 * (angle + turn).cos(), end.1 - 10.0 * (angle + turn).sin());
        format!("{x:.1},{y:.1}")
    };
    let path = format!("M{:.1},{:.1} Q{:.1},{:.1} {:.1},{:.1}", begin.0, begin.1, middle.0, middle.1, end.0, end.1);
    let head = format!("{:.1},{:.1} {} {}", end.0, end.1, corner(0.4), corner(-0.4));
    // The curve passes half-way between its control point and the middle of its ends; the label is outside of it.
    let label = (
        f64::midpoint(middle.0, f64::midpoint(begin.0, end.0)) + dy / length * 42.0,
        f64::midpoint(middle.1, f64::midpoint(begin.1, end.1)) - dx / length * 12.0 + 4.0,
    );
    html! {
        g.arrow.(kind(&step.rel)) {
            title { (step.why) }
            path d=(path) {}
            polygon points=(head) {}
            text x=(format!("{:.1}", label.0)) y=(format!("{:.1}", label.1)) text-anchor="middle" { (number) ". " (step.rel) }
        }
    }
}

/// The point at which a line from the centre of a box towards another point leaves the box.
fn edge(centre: (f64, f64), towards: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (towards.0 - centre.0, towards.1 - centre.1);
    let margin = 3.0;
    let across = (BOX.0 / 2.0 + margin) / dx.abs().max(0.001);
    let along = (BOX.1 / 2.0 + margin) / dy.abs().max(0.001);
    let part = across.min(along).min(1.0);
    (centre.0 + dx * part, centre.1 + dy * part)
}

/// The class of a relation, which has a line of its own.
fn kind(rel: &str) -> &'static str {
    match rel {
        "ww" => "ww",
        "wr" => "wr",
        "rw" => "rw",
        _ => "order",
    }
}

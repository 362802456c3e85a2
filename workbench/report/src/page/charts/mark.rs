//! The marks of points, one for each series of a chart: colours alone would not tell the series apart.

use plotters::{
    backend::SVGBackend,
    coord::{
        cartesian::Cartesian2d,
        ranged1d::{AsRangedCoord, Ranged},
        types::RangedCoordf64,
    },
    drawing::DrawingArea,
    element::{Circle, Cross, EmptyElement, Polygon, Rectangle, TriangleMarker},
    style::{Color, RGBColor},
};

/// The shape of a point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mark {
    Circle,
    Cross,
    Triangle,
    Square,
    Diamond,
    Ring,
    Frame,
    Plus,
}

impl Mark {
    const ALL: [Self; 8] =
        [Self::Circle, Self::Cross, Self::Triangle, Self::Square, Self::Diamond, Self::Ring, Self::Frame, Self::Plus];

    /// The mark of a series, by its number.
    pub(super) fn of(number: usize) -> Self {
        Self::ALL[number % Self::ALL.len()]
    }

    /// The mark in a legend.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Circle => '\u{25cf}',
            Self::Cross => '\u{d7}',
            Self::Triangle => '\u{25b2}',
            Self::Square => '\u{25a0}',
            Self::Diamond => '\u{25c6}',
            Self::Ring => '\u{25cb}',
            Self::Frame => '\u{25a1}',
            Self::Plus => '+',
        }
    }

    /// Draws it at a point.
    pub(super) fn draw<Y>(
        self,
        plot: &DrawingArea<SVGBackend<'_>, Cartesian2d<RangedCoordf64, Y>>,
        point: (f64, f64),
        colour: RGBColor,
    ) where
        Y: Ranged<ValueType = f64> + AsRangedCoord,
    {
        let (fill, stroke) = (colour.filled(), colour.stroke_width(1));
        let here = EmptyElement::at(point);
        let _ = match self {
            Self::Circle => plot.draw(&Circle::new(point, 3, fill)),
            Self::Cross => plot.draw(&Cross::new(point, 3, stroke)),
            Self::Triangle => plot.draw(&TriangleMarker::new(point, 4, fill)),
            Self::Square => plot.draw(&(here + Rectangle::new([(-3, -3), (3, 3)], fill))),
            Self::Diamond => plot.draw(&(here + Polygon::new(vec![(0, -4), (4, 0), (0, 4), (-4, 0)], fill))),
            Self::Ring => plot.draw(&Circle::new(point, 3, stroke)),
            Self::Frame => plot.draw(&(here + Rectangle::new([(-3, -3), (3, 3)], stroke))),
            Self::Plus => plot
                .draw(&(here + Rectangle::new([(-4, 0), (4, 0)], stroke) + Rectangle::new([(0, -4), (0, 4)], stroke))),
        };
    }
}

//! Draws counts as stacked bars.
//!
//! The drawing has no colours of its own: it names variables of the stylesheet, so that it is
//! readable in light and dark. It is as wide as a telephone's screen and is scaled up from there.

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::StackedAreaPlot;
use kuva::render::datetime::DateTimeAxis;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;
use kuva::render::theme::Theme;

use crate::domain::daily_counts::Counts;

const WIDTH: u32 = 400;
const HEIGHT: u32 = 230;
const TEXT_SIZE: u32 = 14;
/// What the axes take of the width, left and right.
const MARGINS: (f64, f64) = (62.0, 8.0);
const DAY_SECONDS: f64 = 86_400.0;
/// Up to so many bars have room for gaps between them.
const BARS_WITH_GAPS: usize = 40;

/// What is drawn, and how.
pub(super) struct Drawing<'a> {
    /// Tells this drawing's parts from those of others on the page.
    pub(super) name: &'a str,
    pub(super) counts: &'a Counts,
    /// The stylesheet's variable for each series.
    pub(super) colors: &'a [&'static str],
    /// Hundredths of each bar instead of numbers.
    pub(super) is_share: bool,
    pub(super) across: &'a str,
    pub(super) upward: &'a str,
    /// What the picture shows, for whoever does not see it.
    pub(super) says: &'a str,
}

/// The drawing as an SVG element.
pub(super) fn draw(drawing: &Drawing<'_>) -> String {
    let plots = vec![Plot::StackedArea(bars(drawing))];
    let layout = axes(Layout::auto_from_plots(&plots), drawing);
    let inner = SvgBackend::new().render_scene(&render_multiple(plots, layout));
    // The library counts its ids from one in each drawing.
    let inner = inner.replace("kuva-clip-", &format!("{}-clip-", drawing.name));
    format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">{inner}</svg>",
        drawing.says
    )
}

/// The instants between which the counts are, in seconds since 1970-01-01.
fn span(counts: &Counts) -> (f64, f64) {
    let steps = i64::try_from(counts.steps()).unwrap_or_default();
    let last_day = counts.first_day + steps * counts.step_days;
    let instant = |day| number(day) * DAY_SECONDS;
    (instant(counts.first_day), instant(last_day))
}

fn bars(drawing: &Drawing<'_>) -> StackedAreaPlot {
    let counts = drawing.counts;
    let edges = edges(counts.steps());
    let (first, _) = span(counts);
    let step_seconds = number(counts.step_days) * DAY_SECONDS;
    let mut plot = StackedAreaPlot::new()
        .with_x(edges.iter().map(|(_, edge)| first + edge * step_seconds))
        .with_strokes(false)
        .with_fill_opacity(1.0);
    for (series, color) in counts.series.iter().zip(drawing.colors) {
        let height = |bar: Option<usize>| bar.and_then(|bar| series.counts.get(bar)).copied();
        let heights = edges
            .iter()
            .map(|(bar, _)| number(height(*bar).unwrap_or_default()));
        plot = plot
            .with_series(heights)
            .with_color(format!("var({color})"));
    }
    if drawing.is_share {
        plot.with_normalized()
    } else {
        plot
    }
}

fn axes(layout: Layout, drawing: &Drawing<'_>) -> Layout {
    let (first, last) = span(drawing.counts);
    let days = if last - first > 45.0 * DAY_SECONDS {
        DateTimeAxis::months("%-d %b")
    } else {
        DateTimeAxis::weeks("%-d %b")
    };
    let (top, step, unit) = if drawing.is_share {
        (100, 25, "%")
    } else {
        let (top, step) = scale(drawing.counts);
        (top, step, "")
    };
    let mark = move |at| format!("{}{unit}", short(at));
    layout
        .with_width(WIDTH.into())
        .with_height(HEIGHT.into())
        .with_force_margins(MARGINS.0, MARGINS.1)
        .with_x_datetime(days)
        .with_x_axis_min(first)
        .with_x_axis_max(last)
        .with_x_label(drawing.across)
        .with_y_axis_min(0.0)
        .with_y_axis_max(number(top))
        .with_y_tick_step(number(step))
        .with_y_tick_format(TickFormat::Custom(Arc::new(mark)))
        .with_y_label(drawing.upward)
        .with_tick_size(TEXT_SIZE)
        .with_label_size(TEXT_SIZE)
        .with_theme(theme())
}

fn theme() -> Theme {
    Theme {
        background: "none".into(),
        axis_color: "var(--soft)".into(),
        grid_color: "var(--line)".into(),
        tick_color: "var(--soft)".into(),
        text_color: "var(--soft)".into(),
        font_family: Some("inherit".into()),
        ..Theme::light()
    }
}

/// Where the outline of the bars bends: at which bar's height (none: at the ground), and where, in
/// bars from the left.
fn edges(bars: usize) -> Vec<(Option<usize>, f64)> {
    let gap = if bars > BARS_WITH_GAPS { 0.0 } else { 0.1 };
    let mut edges = Vec::new();
    for (bar, left) in (0..bars).zip(0u32..) {
        let (from, to) = (f64::from(left) + gap, f64::from(left + 1) - gap);
        if gap > 0.0 {
            edges.extend([(None, from), (Some(bar), from), (Some(bar), to), (None, to)]);
        } else {
            edges.extend([(Some(bar), from), (Some(bar), to)]);
        }
    }
    edges
}

/// The top of the axis and the step between its marks: whole numbers, three to five marks.
fn scale(counts: &Counts) -> (i64, i64) {
    let height = |bar| -> i64 {
        let at = counts
            .series
            .iter()
            .filter_map(|series| series.counts.get(bar));
        at.sum()
    };
    let highest = (0..counts.steps())
        .map(height)
        .max()
        .unwrap_or_default()
        .max(1);
    let mut step = 1;
    for factor in [2, 5, 10].iter().cycle() {
        if highest <= 4 * step {
            break;
        }
        // 1, 2, 5, 10, 20, 50, 100 …
        step = match factor {
            5 => step / 2 * 5,
            _ => step * 2,
        };
    }
    (
        highest.div_euclid(step) * step + if highest % step == 0 { 0 } else { step },
        step,
    )
}

/// A number on an axis: `250`, `1.5k`, `20M`.
fn short(number: f64) -> String {
    let (number, unit) = if number >= 1e6 {
        (number / 1e6, "M")
    } else if number >= 1e3 {
        (number / 1e3, "k")
    } else {
        (number, "")
    };
    let text = format!("{number:.1}");
    format!("{}{unit}", text.trim_end_matches(".0"))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture of more than 2^53 requests may be a pixel off"
)]
fn number(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::{Counts, scale, short};
    use crate::domain::daily_counts::Series;

    #[test]
    fn marks_are_whole_and_few() {
        let of = |highest| {
            let series = vec![Series {
                name: String::new(),
                counts: vec![0, highest],
            }];
            scale(&Counts {
                first_day: 0,
                step_days: 1,
                series,
            })
        };
        assert_eq!(of(0), (1, 1));
        assert_eq!(of(3), (3, 1));
        assert_eq!(of(5), (6, 2));
        assert_eq!(of(9), (10, 5));
        assert_eq!(of(41), (60, 20));
        assert_eq!(of(1_234_567), (1_500_000, 500_000));
        for highest in 1..5000 {
            let (top, step) = of(highest);
            assert!(
                top >= highest && top % step == 0 && top / step <= 5,
                "{highest}"
            );
        }
    }

    #[test]
    fn long_numbers_are_short() {
        let texts = [0.0, 250.0, 1500.0, 20_000.0, 1_500_000.0].map(short);
        assert_eq!(texts, ["0", "250", "1.5k", "20k", "1.5M"]);
    }
}

//! Bars as SVG.

use std::fmt::Write;

/// One bar.
pub(crate) struct Bar {
    /// What it is compared within.
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) value: f64,
}

const WIDTH: f64 = 860.0;
const LABELS: f64 = 250.0;
const ROW: f64 = 20.0;
const COLOURS: [&str; 7] = ["#9aa0a6", "#1a73e8", "#669df6", "#188038", "#81c995", "#f9ab00", "#d93025"];

/// A chart of bars by group; lengths are logarithmic, because a warm run takes a hundredth of a cold one.
pub(crate) fn bars(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(0.1, f64::max);
    let least = 0.02_f64;
    let length = |value: f64| {
        let share = (value.max(least) / least).ln() / (most / least).ln();
        share * (WIDTH - LABELS - 70.0)
    };
    let mut body = String::new();
    let mut y = 40.0;
    let mut group = "";
    let mut row = 0;
    for bar in bars {
        if bar.group != group {
            group = &bar.group;
            row = 0;
            y += ROW * 0.8;
            let _ = writeln!(body, r#"<text x="8" y="{:.0}" font-weight="bold">{group}</text>"#, y + 14.0);
            y += ROW;
        }
        let _ = writeln!(
            body,
            r#"<text x="{:.0}" y="{:.0}" text-anchor="end">{}</text><rect x="{LABELS}" y="{:.0}" width="{:.1}" height="{:.0}" fill="{}"/><text x="{:.1}" y="{:.0}">{:.2}</text>"#,
            LABELS - 8.0,
            y + 14.0,
            bar.name,
            y + 2.0,
            length(bar.value),
            ROW - 4.0,
            COLOURS[row % COLOURS.len()],
            LABELS + length(bar.value) + 6.0,
            y + 14.0,
            bar.value,
        );
        y += ROW;
        row += 1;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"22\" font-size=\"15\">{title} (logarithmic)</text>\n{body}</svg>\n",
        y + 16.0
    )
}

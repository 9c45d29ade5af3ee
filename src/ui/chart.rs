//! Charts: a picture that `charts/chart.js` draws in the browser, and the same numbers as a table beside it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::money::grouped;

/// How the numbers are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Something over time; the second series may be the period to compare with, which is dashed.
    #[default]
    Line,
    /// Upright bars beside each other.
    Bar,
    /// Lying bars, for long names and ranks.
    Hbar,
    /// Upright bars of parts one upon another.
    Stack,
}

/// One row of numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Series {
    pub name: String,
    /// A number for each label; none where there is nothing to show.
    pub values: Vec<Option<f64>>,
    /// The staff page behind each number; empty where there is none behind any.
    #[serde(default)]
    pub hrefs: Vec<Option<String>>,
    /// What each number is of where that is not the chart's label: the days of the period compared with.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether the last number is of days that are not over: it is drawn as one that grows.
    #[serde(default)]
    pub unfinished: bool,
}

impl Series {
    /// The place of the number that still grows.
    fn growing(&self) -> Option<usize> {
        self.values
            .iter()
            .rposition(Option::is_some)
            .filter(|_| self.unfinished)
    }
}

/// What a chart shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChartData {
    pub kind: ChartKind,
    pub title: String,
    /// What the numbers are over, below the title of the saved picture.
    #[serde(default)]
    pub about: String,
    /// What is to be known about the numbers, below the chart.
    #[serde(default)]
    pub note: String,
    /// What the labels are, at the head of the table: the month, the region.
    pub axis: String,
    pub labels: Vec<String>,
    /// Stands behind each number: empty or "%".
    #[serde(default)]
    pub unit: String,
    pub series: Vec<Series>,
}

/// What the script is given.
#[derive(Serialize)]
struct Drawn<'a> {
    #[serde(flatten)]
    data: &'a ChartData,
    texts: Texts,
}

#[derive(Serialize)]
struct Texts {
    save: String,
    open: String,
    empty: String,
    hint: String,
    summary: String,
    rows: String,
    unfinished: String,
    stop: String,
}

impl ChartData {
    fn has_values(&self) -> bool {
        self.series
            .iter()
            .any(|one| one.values.iter().any(Option::is_some))
    }

    /// What a screen reader says of the whole.
    fn summary(&self) -> String {
        self.series
            .iter()
            .filter_map(|one| {
                let (label, most) = self
                    .labels
                    .iter()
                    .zip(&one.values)
                    .filter_map(|(label, value)| Some((label, (*value)?)))
                    .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
                let count = one.values.iter().flatten().count();
                let name = if one.name.is_empty() {
                    &self.title
                } else {
                    &one.name
                };
                Some(tr!(
                    "chart.summary",
                    name = name,
                    count = count,
                    label = label,
                    most = shown(most, &self.unit)
                ))
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The data for the script with its texts.
    fn json(&self) -> String {
        let texts = Texts {
            save: tr!("chart.save"),
            open: tr!("chart.open"),
            empty: tr!("chart.empty"),
            hint: tr!("chart.hint"),
            summary: self.summary(),
            rows: tr!("chart.rows"),
            unfinished: tr!("chart.unfinished"),
            stop: tr!("chart.stop"),
        };
        serde_json::to_string(&Drawn { data: self, texts }).unwrap_or_default()
    }

    /// Which room the stylesheet keeps free until the chart is drawn: about what the script will take.
    fn room(&self) -> &'static str {
        let rows = self.labels.len().max(2);
        let height = match self.kind {
            ChartKind::Hbar if self.series.len() > 1 => 84 + rows * (14 + 15 * self.series.len()),
            ChartKind::Hbar => 84 + rows * 30,
            _ => 340,
        };
        match height {
            0..=260 => "s",
            261..=380 => "m",
            381..=560 => "l",
            _ => "xl",
        }
    }
}

/// A number as it stands in the table: at most two decimals, as the script writes it, too.
fn shown(value: f64, unit: &str) -> String {
    let hundredths = (value.abs() * 100.0).round() as i64;
    let sign = if value < 0.0 && hundredths > 0 {
        "-"
    } else {
        ""
    };
    let whole = grouped(hundredths / 100);
    let rest = match hundredths % 100 {
        0 => String::new(),
        rest if rest % 10 == 0 => format!(".{}", rest / 10),
        rest => format!(".{rest:02}"),
    };
    format!("{sign}{whole}{rest}{unit}")
}

/// A chart with its title, and its numbers as a table.
#[component]
pub fn Chart(data: ChartData) -> impl IntoView {
    load();
    let json = data.json();
    let room = data.room();
    let filled = data.has_values();
    // Stands there until the chart is drawn, or without JavaScript.
    let instead = if filled {
        tr!("chart.in_table")
    } else {
        tr!("chart.empty")
    };
    let (title, note) = (data.title.clone(), data.note.clone());
    view! {
        <figure>
            {(!title.is_empty()).then(|| view! { <figcaption class="mb-2 font-medium">{title}</figcaption> })}
            <mailuo-chart data=json data-room=room>
                <p class="p-8 text-center text-base-content/70">{instead}</p>
            </mailuo-chart>
            {(!note.is_empty()).then(|| view! { <p class="text-xs text-base-content/70">{note}</p> })}
            {filled.then(|| view! { <Numbers data=data/> })}
        </figure>
    }
}

#[component]
fn Numbers(data: ChartData) -> impl IntoView {
    let ChartData {
        axis,
        labels,
        unit,
        series,
        ..
    } = data;
    let heads = series
        .iter()
        .map(|one| one.name.clone())
        .map(|name| view! { <th scope="col" class="text-end">{name}</th> })
        .collect_view();
    let rows = labels
        .into_iter()
        .enumerate()
        .map(|(i, label)| {
            let cells = series
                .iter()
                .map(|one| {
                    let value = one.values.get(i).copied().flatten();
                    let number =
                        value.map_or_else(|| "–".to_owned(), |value| shown(value, &unit));
                    let own = one.labels.get(i).filter(|own| !own.is_empty()).cloned();
                    let growing = (one.growing() == Some(i)).then(|| tr!("chart.unfinished"));
                    let notes: Vec<String> = own.into_iter().chain(growing).collect();
                    let notes = (!notes.is_empty()).then(|| {
                        view! { <span class="block whitespace-nowrap text-xs text-base-content/70">{notes.join(" · ")}</span> }
                    });
                    let number = match one.hrefs.get(i).cloned().flatten() {
                        Some(href) => view! { <a class="link inline-flex min-h-8 min-w-8 items-center justify-end" href=href>{number}</a> }.into_any(),
                        None => number.into_any(),
                    };
                    view! { <td class="num text-end">{number}{notes}</td> }
                })
                .collect_view();
            view! { <tr><th scope="row" class="font-normal">{label}</th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <details class="mt-2">
            <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("ui.as_table")}</summary>
            <div class="mt-1 overflow-x-auto">
                <table class="table table-sm">
                    <thead><tr><th scope="col">{axis}</th>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

/// Brings the script that draws, once for as long as the page lives. It is the wasm, which the page's policy trusts,
/// that puts it there: a script that came with the view would not run after a move within the app.
#[cfg(feature = "hydrate")]
fn load() {
    let address = super::boot::boot().charts;
    if address.is_empty() {
        return;
    }
    Effect::new(move |_| {
        let page = document();
        if page
            .query_selector("script[data-charts]")
            .ok()
            .flatten()
            .is_some()
        {
            return;
        }
        let (Ok(script), Ok(Some(head))) =
            (page.create_element("script"), page.query_selector("head"))
        else {
            return;
        };
        let _ = script.set_attribute("data-charts", "");
        let _ = script.set_attribute("type", "module");
        let _ = script.set_attribute("src", &address);
        let _ = head.append_child(&script);
    });
}

#[cfg(not(feature = "hydrate"))]
fn load() {}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_most_two_decimals() {
        assert_eq!(shown(1_234.0, ""), "1,234");
        assert_eq!(shown(99.5, "%"), "99.5%");
        assert_eq!(shown(33.333, "%"), "33.33%");
        assert_eq!(shown(0.05, ""), "0.05");
        assert_eq!(shown(-1_200.5, ""), "-1,200.5");
        assert_eq!(shown(-0.001, ""), "0");
    }

    #[test]
    fn the_script_gets_what_it_reads() {
        let data = ChartData {
            kind: ChartKind::Hbar,
            labels: vec!["a".to_owned(), "b".to_owned()],
            series: vec![Series {
                name: "n".to_owned(),
                values: vec![Some(1.0), None],
                hrefs: vec![Some("/x".to_owned()), None],
                unfinished: true,
                ..Series::default()
            }],
            ..ChartData::default()
        };
        let json: serde_json::Value = serde_json::from_str(&data.json()).expect("JSON");
        assert_eq!(json["kind"], "hbar");
        assert_eq!(json["series"][0]["values"], serde_json::json!([1.0, null]));
        assert_eq!(json["series"][0]["hrefs"][0], "/x");
        assert!(json["texts"]["summary"].is_string());
        assert_eq!(json["series"][0]["unfinished"], true);
        // Where the last number is none, the one before it grows.
        assert_eq!(data.series[0].growing(), Some(0));
    }
}

//! Owns `orgate audit export`.

use std::io::Write as _;

use clap::ValueEnum;
use orgate_app::app::App;
use orgate_app::audit_log::{self, CSV_HEADER, csv_row, json_line};

use super::refused;

/// What the command takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The organization's short name or id. Default: the deployment's own log.
    #[arg(long)]
    organization: Option<String>,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::JsonLines)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    JsonLines,
    Csv,
}

/// Prints the log, a part at a time.
pub async fn run(app: &App, arguments: Arguments) -> Result<(), String> {
    let organization = arguments.organization.as_deref();
    let mut out = std::io::stdout().lock();
    let mut write =
        |text: &str| out.write_all(text.as_bytes()).map_err(|reason| format!("the export cannot be written: {reason}"));
    if matches!(arguments.format, Format::Csv) {
        write(CSV_HEADER)?;
    }
    let mut cursor = None;
    loop {
        let page = audit_log::export_by_operator(app, organization, cursor).await;
        let page = page.map_err(|error| refused(error, organization))?;
        for event in &page.items {
            write(&match arguments.format {
                Format::JsonLines => json_line(event),
                Format::Csv => csv_row(event),
            })?;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

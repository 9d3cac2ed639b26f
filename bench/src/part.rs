//! Owns what one measurement leaves behind, a [`Part`], and the page that all of a run make together.

use std::fs;
use std::path::{Path, PathBuf};

use orgate_app::clock::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::figure::{self, Figure};
use crate::machine::{self, Fact};
use crate::process;

/// More than this was busy beforehand: somebody else is at the machine.
const QUIET: f64 = 0.05;

/// What one measurement found.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its subcommand.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// Which part of all cores something else used just before it.
    pub busy_before: Option<f64>,
    /// What goes into the table.
    pub figures: Vec<Figure>,
    /// What people read: tables and circumstances, in Markdown.
    pub text: String,
    /// Every number.
    pub data: Value,
}

/// What the page of a run is made from.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder with the parts.
    #[arg(long)]
    parts: PathBuf,
    /// Where the page goes. Without it, it is only printed.
    #[arg(long)]
    results: Option<PathBuf>,
    /// What its name ends with, behind the date.
    #[arg(long)]
    name: Option<String>,
    /// How the run was started, for the page.
    #[arg(long)]
    command: String,
    /// Measurements that ended with an error.
    #[arg(long)]
    failed: Vec<String>,
}

impl Part {
    /// Prints it, and adds it to the folder if there is one.
    ///
    /// *Errors*: the folder cannot be written.
    pub fn keep(&self, folder: Option<&Path>) -> Result<(), String> {
        if let Some(folder) = folder {
            let failed = |reason: std::io::Error| format!("parts: {reason}");
            fs::create_dir_all(folder).map_err(failed)?;
            let number = files(folder)?.len();
            let json = serde_json::to_string(self).map_err(|reason| format!("parts: {reason}"))?;
            fs::write(folder.join(format!("{number:02}-{}.json", self.name)), json).map_err(failed)?;
        }
        crate::write(&format!("{}\n{}", self.section(), figure::table(self.figures.iter())))
    }

    fn section(&self) -> String {
        format!("## {}\n\n{}\n", self.title, self.text.trim())
    }

    fn quiet(&self) -> String {
        match self.busy_before {
            Some(busy) if busy > QUIET => format!("{}: **not quiet**, {:.0} % busy", self.name, busy * 100.0),
            Some(_) => format!("{}: quiet", self.name),
            None => format!("{}: not known", self.name),
        }
    }
}

/// What numbers in JSON are; nothing when they cannot be written.
///
/// *Errors*: a map whose keys are no text.
pub fn data(numbers: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(numbers).map_err(|reason| format!("results: {reason}"))
}

/// The parts of a run, in the order in which they were measured.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = fs::read_dir(folder).map_err(|reason| format!("parts: {reason}"))?;
    let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// Makes the page of a run: prints the table, and keeps the whole as `<date>-<name>.md` and `.json`.
///
/// *Errors*: a part that cannot be read, a folder that cannot be written.
pub fn page(arguments: &Arguments) -> Result<(), String> {
    let mut parts: Vec<Part> = Vec::new();
    for file in files(&arguments.parts)? {
        let text = fs::read_to_string(&file).map_err(|reason| format!("parts: {reason}"))?;
        parts.push(serde_json::from_str(&text).map_err(|reason| format!("parts: {reason}"))?);
    }
    let date: String = SystemClock.now().to_rfc3339().chars().take(10).collect();
    let machine = machine::facts(process::cores());
    let text = text(&date, arguments, &machine, &parts);
    if let Some(folder) = &arguments.results {
        let name = arguments.name.as_ref().map_or_else(|| date.clone(), |name| format!("{date}-{name}"));
        let all = serde_json::json!({"date": date, "command": arguments.command, "machine": machine, "parts": parts});
        let json = serde_json::to_string_pretty(&all).map_err(|reason| format!("results: {reason}"))?;
        let failed = |reason: std::io::Error| format!("results: {reason}");
        fs::create_dir_all(folder).map_err(failed)?;
        fs::write(folder.join(format!("{name}.json")), json + "\n").map_err(failed)?;
        fs::write(folder.join(format!("{name}.md")), &text).map_err(failed)?;
    }
    crate::write(&figure::table(parts.iter().flat_map(|part| &part.figures)))
}

fn text(date: &str, arguments: &Arguments, machine: &[Fact], parts: &[Part]) -> String {
    let quiet: Vec<String> = parts.iter().map(Part::quiet).collect();
    let mut lines = vec![
        format!("# Measurements, {date}\n"),
        figure::table(parts.iter().flat_map(|part| &part.figures)),
        format!("- command: `{}`", arguments.command),
        format!("- the machine just before each measurement: {}", quiet.join("; ")),
    ];
    if !arguments.failed.is_empty() {
        lines.push(format!("- **ended with an error**: {}", arguments.failed.join(", ")));
    }
    lines.extend(machine.iter().map(|(name, value)| format!("- {name}: {value}")));
    lines.push(String::new());
    lines.extend(parts.iter().map(Part::section));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Aim, Unit};

    fn part(name: &str, busy_before: Option<f64>, value: f64) -> Part {
        Part {
            name: name.to_owned(),
            title: format!("About {name}"),
            busy_before,
            figures: vec![Figure::new(format!("{name} memory"), value, Unit::Mebibytes).aim(Aim::Below(40.0))],
            text: "What was seen.\n\n".to_owned(),
            data: serde_json::json!({"rounds": [1, 2]}),
        }
    }

    fn arguments(parts: &Path, results: Option<PathBuf>) -> Arguments {
        Arguments {
            parts: parts.to_owned(),
            results,
            name: Some("start".to_owned()),
            command: "bench/run start".to_owned(),
            failed: vec!["sso".to_owned()],
        }
    }

    #[test]
    fn the_page_begins_with_all_figures_and_says_what_went_wrong_and_when_the_machine_was_not_quiet() {
        let parts = [part("start", Some(0.0), 20.0), part("peer", Some(0.43), 50.0), part("growth", None, 1.0)];
        let text = text("2026-11-29", &arguments(Path::new("/"), None), &[("cores", "2".to_owned())], &parts);
        assert_eq!(
            text,
            "# Measurements, 2026-11-29\n\n| | measured | aim | |\n|---|---:|---|---|\n\
             | start memory | 20.0 MiB | below 40 MiB | reached |\n\
             | peer memory | 50.0 MiB | below 40 MiB | **missed** |\n\
             | growth memory | 1.0 MiB | below 40 MiB | reached |\n\n2 of 3 aims were reached.\n\n\
             - command: `bench/run start`\n\
             - the machine just before each measurement: start: quiet; peer: **not quiet**, 43 % busy; growth: not known\n\
             - **ended with an error**: sso\n- cores: 2\n\n\
             ## About start\n\nWhat was seen.\n\n## About peer\n\nWhat was seen.\n\n## About growth\n\nWhat was seen.\n"
        );
    }

    #[test]
    fn parts_are_kept_in_the_order_in_which_they_came_and_become_one_page_with_every_number() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, results) = (folder.path().join("parts"), folder.path().join("results"));
        for name in ["start", "check"] {
            part(name, Some(0.0), 20.0).keep(Some(&parts)).unwrap();
        }
        page(&arguments(&parts, Some(results.clone()))).unwrap();
        let names: Vec<String> =
            files(&results).unwrap().iter().map(|path| path.file_name().unwrap().display().to_string()).collect();
        assert_eq!(names.len(), 2);
        assert!(names[0].ends_with("-start.json") && names[1].ends_with("-start.md"), "{names:?}");
        let kept: Value = serde_json::from_str(&fs::read_to_string(results.join(&names[0])).unwrap()).unwrap();
        assert_eq!(kept["parts"][0]["name"], "start");
        assert_eq!(kept["parts"][1]["name"], "check");
        assert_eq!(kept["parts"][1]["data"]["rounds"][1], 2);
    }
}

//! Writes every page with sample data into a folder, to be looked at and photographed:
//! `cargo run -p orgate-web --example preview -- <folder>`, then serve the folder over HTTP.

#[path = "../tests/pages/samples/mod.rs"]
mod samples;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use orgate_web::pages::{Theme, assets};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name the folder to write to")?);
    for (path, text) in [
        (assets::STYLESHEET_PATH, assets::STYLESHEET),
        (assets::SCRIPT_PATH, assets::SCRIPT),
        (assets::PASSKEYS_PATH, assets::PASSKEYS),
        (assets::ICON_PATH, assets::ICON),
    ] {
        write(&folder, path.trim_start_matches('/'), text)?;
    }
    for theme in [Theme::Light, Theme::Dark] {
        for (name, html) in samples::all(theme) {
            write(&folder, &format!("{}/{name}.html", theme.value()), &html)?;
        }
    }
    Ok(())
}

fn write(folder: &std::path::Path, path: &str, text: &str) -> std::io::Result<()> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)
}

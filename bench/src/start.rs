//! Owns what the built program itself takes: the time from its start to its first answer, memory while it rests and while
//! many passwords are hashed at once, and the size of its file.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::figure::{Aim, Figure, Unit};
use crate::load::now;
use crate::paced::connect;
use crate::part::{Part, data};
use crate::process::{Memory, SERVER_CORE, memory};
use crate::report::Spread;
use crate::sign_in::exchange::{exchange, post};
use crate::stage::{Common, Filled, Stage};

/// Between two tries to reach a program that starts.
const AGAIN: Duration = Duration::from_micros(500);
/// A program that has not answered by then never will.
const LONGEST: Duration = Duration::from_secs(60);
/// *Source*: L3; sign-ins that are sent at once.
const AT_ONCE: usize = 64;
/// Storms of that many.
const STORMS: usize = 3;

/// What is measured.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The program.
    #[arg(long)]
    program: PathBuf,
    /// A folder for databases that begin empty, and for mails.
    #[arg(long)]
    folder: PathBuf,
    /// Copies that may be changed: the program tidies what is over.
    #[command(flatten)]
    filled: Filled,
    #[command(flatten)]
    common: Common,
    /// How often it is started over each database.
    #[arg(long, default_value_t = 15)]
    starts: u32,
    /// How long it rests before its memory is read, in seconds.
    #[arg(long, default_value_t = 5.0)]
    rest: f64,
}

/// Every number.
#[derive(Serialize)]
struct Report {
    starts: u32,
    rest: f64,
    at_once: usize,
    binary_mebibytes: f64,
    databases: Vec<Seen>,
}

/// What was seen over one database.
#[derive(Serialize)]
struct Seen {
    database: &'static str,
    /// From the start to the first answer of `/readyz`. *Units*: seconds.
    starts: Vec<f64>,
    /// After a rest.
    idle: Memory,
    /// After the storms.
    after: Memory,
}

/// Measures the program.
///
/// *Errors*: it does not start, or answers something else than expected.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let stage = arguments.common.begin()?;
    fs::create_dir_all(&arguments.folder).map_err(|reason| format!("folder: {reason}"))?;
    let size = fs::metadata(&arguments.program).map_err(|reason| format!("program: {reason}"))?.len();
    let mut databases = vec![measure(arguments, "an empty SQLite file", None)?];
    for (engine, url) in arguments.filled.each() {
        let name = if engine == "SQLite" { "a filled SQLite file" } else { "a filled PostgreSQL" };
        databases.push(measure(arguments, name, Some(url))?);
    }
    let report = Report {
        starts: arguments.starts,
        rest: arguments.rest,
        at_once: AT_ONCE,
        binary_mebibytes: f64::from(u32::try_from(size / 1024).unwrap_or(u32::MAX)) / 1024.0,
        databases,
    };
    report.part(stage)?.keep(arguments.common.parts.as_deref())
}

fn measure(arguments: &Arguments, database: &'static str, url: Option<&str>) -> Result<Seen, String> {
    let mut starts = Vec::new();
    let mut last = None;
    for number in 0..arguments.starts.max(1) {
        // The one before ends first, for both would share a core.
        drop(last.take());
        let new = arguments.folder.join(format!("start-{number}.db"));
        let url = url.map_or_else(|| format!("sqlite:{}", new.display()), str::to_owned);
        let (program, took) = Program::start(&arguments.program, &url, &arguments.folder)?;
        starts.push(took);
        last = Some(program);
    }
    let program = last.ok_or("it was never started")?;
    thread::sleep(Duration::from_secs_f64(arguments.rest));
    let idle = program.memory()?;
    for storm in 0..STORMS {
        sign_in_at_once(program.address, storm)?;
    }
    Ok(Seen { database, starts, idle, after: program.memory()? })
}

/// The program, which is killed with this handle.
struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts it on the measured core, and says how long it was until its first answer. *Units*: seconds.
    fn start(program: &Path, url: &str, folder: &Path) -> Result<(Self, f64), String> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = free.map_err(|reason| format!("a free port: {reason}"))?;
        let settings = [
            ("ORGATE_LISTEN", address.to_string()),
            ("ORGATE_PUBLIC_URL", "https://id.example.test".to_owned()),
            ("ORGATE_DATABASE_URL", url.to_owned()),
            ("ORGATE_SECRET_KEY", crate::server::SECRET_KEY.to_owned()),
            ("ORGATE_MAIL", format!("dir:{}", folder.join("mail").display())),
            ("ORGATE_LIMIT_SIGN_INS", "4000000000".to_owned()),
            ("ORGATE_LIMIT_TRIES", "none".to_owned()),
        ];
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &SERVER_CORE.to_string()]).arg(program).arg("serve").env_clear().envs(settings);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let began = now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut started = Self { child: child.map_err(|reason| format!("taskset: {reason}"))?, address };
        while !is_ready(address) {
            let ended = started.child.try_wait().map_err(|reason| format!("program: {reason}"))?;
            if ended.is_some() || began.elapsed() > LONGEST {
                return Err("the program did not start; run it by hand to see why".to_owned());
            }
            thread::sleep(AGAIN);
        }
        Ok((started, began.elapsed().as_secs_f64()))
    }

    fn memory(&self) -> Result<Memory, String> {
        memory(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Nobody asks it for anything any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = b"GET /readyz HTTP/1.1\r\nhost: id.example.test\r\nconnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(request).is_ok() && stream.read_exact(&mut answer).is_ok() && answer.ends_with(b" 200")
}

/// Nobody's address takes as much hashing as somebody's (R-IN-5).
fn sign_in_at_once(address: SocketAddr, storm: usize) -> Result<(), String> {
    let one = |number: usize| {
        let email = format!("nobody.{storm}.{number}@example.test");
        let body = format!("{{\"method\":\"password\",\"email\":\"{email}\",\"password\":\"nobody has this one\"}}");
        let request = post("/api/v1/sessions", "application/json", &body);
        let answer = exchange(&mut connect(address)?, &request, &mut vec![0; 16 * 1024])?;
        // What was hashed; a full queue would answer otherwise.
        if answer.status == 401 { Ok(()) } else { Err(format!("a sign-in was answered {}", answer.status)) }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|number| scope.spawn(move || one(number))).collect();
        for thread in threads {
            thread.join().map_err(|_| "a thread of the storm ended")??;
        }
        Ok(())
    })
}

impl Report {
    fn part(&self, stage: Stage) -> Result<Part, String> {
        Ok(Part {
            name: "start".to_owned(),
            title: "The program: start, memory, size".to_owned(),
            busy_before: stage.busy_before,
            figures: self.figures(),
            text: self.text(stage),
            data: data(self)?,
        })
    }

    fn figures(&self) -> Vec<Figure> {
        let of_each = |seen: &Seen| {
            let (name, start) = (seen.database, Spread::of(seen.starts.clone()));
            [
                Figure::new(
                    format!("cold start over {name}, median"),
                    start.map_or(f64::NAN, |start| start.median),
                    Unit::Seconds,
                )
                .aim(Aim::Below(0.2)),
                Figure::new(format!("idle memory over {name}"), seen.idle.resident, Unit::Mebibytes)
                    .aim(Aim::Below(40.0)),
                Figure::new(
                    format!("peak memory, {} sign-ins at once, over {name}", self.at_once),
                    seen.after.peak,
                    Unit::Mebibytes,
                )
                .aim(Aim::AtMost(300.0)),
            ]
        };
        let mut figures: Vec<Figure> = self.databases.iter().flat_map(of_each).collect();
        figures.push(Figure::new("size of the program's file", self.binary_mebibytes, Unit::Mebibytes));
        figures
    }

    fn text(&self, stage: Stage) -> String {
        let head = "| database | first answer: median s | least, greatest | idle MiB | its own MiB | peak MiB | afterwards MiB |";
        let mut lines = vec![format!("{head}\n|---|---:|---:|---:|---:|---:|---:|")];
        lines.extend(self.databases.iter().filter_map(|seen| {
            let start = Spread::of(seen.starts.clone())?;
            Some(format!(
                "| {} | {:.3} | {:.3}, {:.3} | {:.1} | {:.1} | {:.1} | {:.1} |",
                seen.database,
                start.median,
                start.least,
                start.greatest,
                seen.idle.resident,
                seen.idle.own,
                seen.after.peak,
                seen.after.resident
            ))
        }));
        lines.push(format!(
            "\n- `orgate serve` on {}, {} starts, from the start of its process to the first 200 of `/readyz`, which asks the \
             database. An empty file gets its schema in that time.\n\
             - Idle: resident memory {} s after the last start; its own is that without pages of its file and libraries, which the system \
             can take back. Peak: after {STORMS} storms of {} password sign-ins at once, \
             all of which were hashed.\n\
             - The file: {:.1} MiB.\n",
            stage.core(),
            self.starts,
            self.rest,
            self.at_once,
            self.binary_mebibytes
        ));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Verdict;

    #[test]
    fn the_median_start_and_the_peak_behind_the_storms_are_what_is_judged() {
        let seen = Seen {
            database: "an empty SQLite file",
            starts: vec![0.5, 0.1, 0.15],
            idle: Memory { resident: 39.0, own: 14.0, peak: 45.0 },
            after: Memory { resident: 60.0, own: 30.0, peak: 310.0 },
        };
        let report = Report { starts: 3, rest: 5.0, at_once: 64, binary_mebibytes: 20.0, databases: vec![seen] };
        let [start, idle, peak, size] = report.figures().try_into().unwrap();
        assert_eq!((start.value, start.verdict()), (Some(0.15), Verdict::Reached));
        assert_eq!((idle.value, idle.verdict()), (Some(39.0), Verdict::Reached));
        assert_eq!((peak.value, peak.verdict()), (Some(310.0), Verdict::Missed));
        assert_eq!((size.value, size.verdict()), (Some(20.0), Verdict::NoAim));
    }
}

//! Owns processes: the measured server on its core, everything else on the others, and how much processor time they took.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::available_parallelism;

/// What `/proc` counts processor time in, on every Linux. *Units*: ticks a second.
const TICKS: f64 = 100.0;
/// Where `/proc/<pid>/stat` has them, counted from behind the name.
const PARENT: usize = 1;
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;

/// How often moving the threads of a process is tried.
const TRIES: usize = 10;

/// The core that the measured server has to itself.
pub const SERVER_CORE: usize = 0;

/// A running server; it is killed with this handle.
pub struct Server {
    child: Child,
    orders: Option<ChildStdin>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this program again as a server, on a core of its own, with this command line.
    ///
    /// *Errors*: it does not start, or `taskset` is missing.
    pub fn start(arguments: &[&str]) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|reason| format!("own program: {reason}"))?;
        Self::launch(Command::new("taskset").args(["--cpu-list", &server_core()]).arg(program).args(arguments))
            .map(|(server, _)| server)
    }

    /// Starts a script of Node.js as a server, on the same core; what it prints behind its address can be read.
    ///
    /// *Errors*: as [`Server::start`].
    pub fn start_script(script: &Path, arguments: &[&str]) -> Result<(Self, BufReader<ChildStdout>), String> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &server_core(), "node"]).arg(script).args(arguments);
        Self::launch(command.env("NODE_ENV", "production"))
    }

    fn launch(command: &mut Command) -> Result<(Self, BufReader<ChildStdout>), String> {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().map_err(|reason| format!("taskset: {reason}"))?;
        let mut printed = BufReader::new(child.stdout.take().ok_or("the server prints nothing")?);
        let mut line = String::new();
        printed.read_line(&mut line).map_err(|reason| format!("server: {reason}"))?;
        let address = line.trim().parse().map_err(|_| "the server did not start; run it by hand to see why")?;
        Ok((Self { orders: child.stdin.take(), child, address }, printed))
    }

    /// Sends a line to its standard input.
    ///
    /// *Errors*: it is gone.
    pub fn tell(&mut self, order: &str) -> Result<(), String> {
        let orders = self.orders.as_mut().ok_or("the server takes no orders")?;
        writeln!(orders, "{order}").and_then(|()| orders.flush()).map_err(|reason| format!("server: {reason}"))
    }

    /// How much processor time it has taken. *Units*: seconds.
    pub fn cpu_seconds(&self) -> Result<f64, String> {
        Ok(stat(self.child.id()).ok_or("the server is gone")?.cpu_seconds)
    }

    /// What it has in memory.
    pub fn memory(&self) -> Result<Memory, String> {
        memory(self.child.id())
    }
}

fn server_core() -> String {
    SERVER_CORE.to_string()
}

impl Drop for Server {
    fn drop(&mut self) {
        // It holds nothing that a kill could lose.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Moves this process, and what it starts from now on, off the server's core. `false` on a machine that has no other.
///
/// *Errors*: `taskset` is missing or refuses.
pub fn leave_server_core(process: u32, cores: usize) -> Result<bool, String> {
    if cores < 2 {
        return Ok(false);
    }
    let others: Vec<String> = (0..cores).filter(|core| *core != SERVER_CORE).map(|core| core.to_string()).collect();
    move_to(&others.join(","), process)?;
    Ok(true)
}

/// Moves this process onto the server's core.
///
/// *Errors*: those of [`leave_server_core`].
pub fn take_server_core(process: u32) -> Result<(), String> {
    move_to(&SERVER_CORE.to_string(), process)
}

/// How many cores there are for this process; asked before any of these moves it.
pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// A thread that ends while `taskset` goes through them makes it give up, so it gets more than one try.
fn move_to(cores: &str, process: u32) -> Result<(), String> {
    let mut refused = String::new();
    for _ in 0..TRIES {
        let moved =
            Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", cores, &process.to_string()]).output();
        let moved = moved.map_err(|reason| format!("taskset: {reason}"))?;
        if moved.status.success() {
            return Ok(());
        }
        refused = String::from_utf8_lossy(&moved.stderr).trim().to_owned();
    }
    Err(refused)
}

/// A database server: its processes leave the measured server's core too.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseServer {
    /// The process that the others are children of.
    pub parent: u32,
}

impl DatabaseServer {
    /// Moves it and its children off the server's core.
    ///
    /// *Errors*: those of [`leave_server_core`].
    pub fn leave_server_core(self, cores: usize) -> Result<(), String> {
        for process in self.processes() {
            leave_server_core(process, cores)?;
        }
        Ok(())
    }

    /// How much processor time it and its children have taken. *Units*: seconds.
    pub fn cpu_seconds(self) -> f64 {
        self.processes().into_iter().filter_map(stat).map(|stat| stat.cpu_seconds).sum()
    }

    fn processes(self) -> Vec<u32> {
        let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(|pid| *pid == self.parent || stat(*pid).is_some_and(|stat| stat.parent == self.parent)).collect()
    }
}

/// What a process has in memory. *Units*: mebibytes.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Memory {
    /// Now.
    pub resident: f64,
    /// Of that, what is no page of a file, which the system could take back.
    pub own: f64,
    /// At most so far.
    pub peak: f64,
}

/// What a process has in memory.
///
/// *Errors*: it is gone.
pub fn memory(process: u32) -> Result<Memory, String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).map_err(|reason| format!("server: {reason}"))?;
    parse_memory(&status).ok_or_else(|| "the server is gone".to_owned())
}

fn parse_memory(status: &str) -> Option<Memory> {
    let mebibytes = |key: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(key))?.split_ascii_whitespace().next()?;
        value.parse::<u32>().ok().map(|kibibytes| f64::from(kibibytes) / 1024.0)
    };
    Some(Memory { resident: mebibytes("VmRSS:")?, own: mebibytes("RssAnon:")?, peak: mebibytes("VmHWM:")? })
}

struct Stat {
    parent: u32,
    cpu_seconds: f64,
}

fn stat(process: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name may hold spaces and brackets; what follows its last bracket does not.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u32>().ok().map(f64::from);
    let parent = fields.get(PARENT)?.parse().ok()?;
    Some(Stat { parent, cpu_seconds: (ticks(USER_TIME)? + ticks(SYSTEM_TIME)?) / TICKS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_is_resident_now_and_was_at_most() {
        let status = "Name:\torgate\nVmPeak:\t  999999 kB\nVmHWM:\t   40960 kB\nVmRSS:\t   20992 kB\nRssAnon:\t    8192 kB\nThreads:\t4\n";
        assert_eq!(parse_memory(status), Some(Memory { resident: 20.5, own: 8.0, peak: 40.0 }));
        assert_eq!(parse_memory("Name:\tgone\nState:\tZ (zombie)\n"), None);
    }

    #[test]
    fn processor_time_is_read_behind_a_name_with_spaces_and_brackets() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 2 0 100 1 1";
        let stat = parse_stat(text).unwrap();
        assert_eq!(stat.parent, 7);
        assert!((stat.cpu_seconds - 1.75).abs() < f64::EPSILON);
    }
}

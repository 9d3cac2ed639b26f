//! The power goes while clients write to SQLite (REL-2): the node is killed, and what it had not synced is gone, in part or
//! torn. A control, whose syncs of the log are not heeded as by `synchronous=NORMAL`, has to lose what was acknowledged:
//! so it is shown that this test would see it.

use tempfile::TempDir;

use crate::crash::Crashing;
use crate::power_file::{Disk, Left};
use crate::preload::Library;
use crate::scale::{Random, count, now, report};
use crate::sqlite_file::is_whole;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nodes/power.c");
/// In one of so many cycles the control loses something; in nearly every one it does.
const CONTROLS: u64 = 5;

struct Scene {
    crashing: Crashing,
    disk: Disk,
    random: Random,
    /// Notes the writes; every start loads it.
    _library: Library,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As the kernel names it.
        let real = folder.path().canonicalize().unwrap();
        let disk = Disk { database: real.join("orgate.db"), notes: real.join("notes") };
        let library = Library::build(SOURCE);
        let more = [
            ("LD_PRELOAD", library.path()),
            ("POWER_FILE", disk.database.display().to_string()),
            ("POWER_NOTES", disk.notes.display().to_string()),
        ];
        let url = format!("sqlite:{}", disk.database.display());
        let crashing = Crashing::new(&url, folder, &more);
        Self { crashing, disk, random: Random::new(2), _library: library }
    }

    /// One cycle: writes, the cut, the file by itself, and what clients find after the start.
    fn cycle(&mut self, cycle: u64, left: Left) -> Result<usize, String> {
        self.crashing.crash(cycle);
        let lost = self.disk.cut(left, &mut self.random);
        let copy = TempDir::new().unwrap();
        self.disk.copy(copy.path());
        is_whole(copy.path())?;
        self.crashing.judge()?;
        Ok(lost)
    }
}

#[test]
fn rel_2_nothing_acknowledged_is_lost_when_the_power_goes() {
    let mut scene = Scene::new();
    let (cuts, began) = (count("POWER_CUTS", 4), now());
    let mut unsynced = 0;
    for cut in 0..cuts {
        let left = [Left::Some, Left::Nothing, Left::Beginning][usize::try_from(cut % 3).unwrap()];
        unsynced += scene.cycle(cut, left).unwrap_or_else(|wrong| panic!("cut {cut}, {left:?}: {wrong}"));
    }
    let said = format!(
        "{cuts} power cuts, {} acknowledged, 0 lost, {unsynced} writes without sync taken back or torn, {}",
        scene.crashing.acknowledged,
        scene.crashing.times()
    );
    report("REL-2", began, &said);
    assert!(scene.crashing.acknowledged as u64 > cuts * 10, "the node was at work when the power went");
}

#[test]
fn rel_2_the_control_whose_log_is_not_synced_loses_what_was_acknowledged() {
    let (mut scene, began) = (Scene::new(), now());
    // What was there before is safe.
    scene.cycle(0, Left::Nothing).unwrap();
    scene.crashing.node.kill();
    scene.crashing.node.set("POWER_DEAF", "1".to_owned());
    scene.crashing.node.start();
    for cycle in 1..=CONTROLS {
        if let Err(wrong) = scene.cycle(cycle, Left::Nothing) {
            assert!(
                wrong.contains("was acknowledged and is gone")
                    || wrong.contains("promised")
                    || wrong.contains("session"),
                "{wrong}"
            );
            return report("REL-2 control", began, &format!("lost in cycle {cycle}"));
        }
    }
    panic!("the control lost nothing in {CONTROLS} cycles: this test sees nothing");
}

//! Owns libraries in C that are loaded before a program under test.

use std::process::Command;

use tempfile::TempDir;

/// A built library; it is gone with this handle.
pub struct Library {
    folder: TempDir,
}

impl Library {
    /// Builds this source. Not among temporary files: from a folder that is mounted `noexec` a program may load nothing.
    pub fn build(source: &str) -> Self {
        let library = Self { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() };
        let path = library.path();
        // LD_PRELOAD is a list, which is split at both and knows no quotes.
        assert!(!path.contains([' ', ':']), "set CARGO_TARGET_DIR to a folder without spaces and colons: {path}");
        let arguments = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", &path, source];
        let built = Command::new("cc").args(arguments).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        library
    }

    /// What `LD_PRELOAD` is set to.
    pub fn path(&self) -> String {
        self.folder.path().join("library.so").display().to_string()
    }
}

//! The program itself, as a person runs it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The built program: what `CERTBENCH` names, else built here (at once, when it is up to date).
///
/// # Panics
/// When it does not build: without it the test has no meaning.
pub fn certbench() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| match std::env::var_os("CERTBENCH") {
        Some(path) => path.into(),
        None => build(),
    })
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--package",
            "certbench",
            "--message-format",
            "json",
        ])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("cargo build: {error}"));
    assert!(output.status.success(), "certbench does not build");
    let said = String::from_utf8_lossy(&output.stdout);
    let built = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = built
        .filter(|message| message["target"]["name"] == "certbench")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.unwrap_or_else(|| panic!("cargo names no executable"))
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs the program to its end, with nobody at the terminal.
///
/// # Panics
/// When it cannot be started.
pub fn run(arguments: &[&str]) -> Output {
    let running = start(arguments).wait_with_output();
    running.unwrap_or_else(|error| panic!("certbench {arguments:?}: {error}"))
}

/// Starts the program, with nobody at the terminal; what it prints is kept for its end.
///
/// # Panics
/// When it cannot be started.
pub fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(certbench());
    command
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// A folder of its own for a test, gone afterwards.
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder, named for the test.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("certbench-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self(folder)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it, and gives the file's path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

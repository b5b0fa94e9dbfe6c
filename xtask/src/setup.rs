//! What the tests need beside Rust and a C compiler, prepared under the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, bail};

use crate::parts::{Outcome, Parts};
use crate::process::{command, output, run};
use crate::vm;

/// Debian packages of the virtual machine: emulator, guest programs, archive and interface tools.
const VM_PACKAGES: &[&str] = &[
    "qemu-system-x86",
    "busybox-static",
    "can-utils",
    "cpio",
    "iproute2",
];
/// Debian packages of the PDFs: their fonts, and the programs that look into them.
const PDF_PACKAGES: &[&str] = &[
    "fonts-noto-cjk",
    "fonts-dejavu-core",
    "poppler-utils",
    "qpdf",
];
/// The browser that a report is looked at with.
const BROWSER_PACKAGES: &[&str] = &["chromium"];
/// What looks for barriers in it, as npm names it.
const AXE: &str = "axe-core@4.14.1";
const CARGO_DENY: &str = "0.20.2";

/// The folders that everything else is named from.
pub(crate) struct Workspace {
    /// The root of the checkout.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The workspace that this program was built in.
    pub(crate) fn here() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap_or(Path::new("."))
            .to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root, target }
    }

    /// cargo, in the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = command("cargo");
        cargo.current_dir(&self.root);
        cargo
    }

    /// The Python that has the third-party peers.
    pub(crate) fn peers_python(&self) -> PathBuf {
        self.target.join("peers-venv/bin/python")
    }

    /// The folder with what looks at a report in a browser.
    pub(crate) fn browser(&self) -> PathBuf {
        self.target.join("browser")
    }

    /// The folder of the virtual machine's kernel and image.
    pub(crate) fn vm(&self) -> PathBuf {
        self.target.join("vm")
    }
}

/// `cargo xtask setup`.
pub(crate) fn everything(workspace: &Workspace, parts: &mut Parts) {
    peers(workspace, parts);
    vm(workspace, parts);
    browser(workspace, parts);
    pdf(parts);
    parts.run("set up cargo-deny", |_| {
        not_run(cargo_deny(workspace).map(drop))
    });
}

/// A part of its own: the Python environment of the peers.
pub(crate) fn peers(workspace: &Workspace, parts: &mut Parts) {
    parts.run("set up peers", |_| not_run(peers_venv(workspace)));
}

/// A part of its own: the kernel, the guest program and the image.
pub(crate) fn vm(workspace: &Workspace, parts: &mut Parts) {
    parts.run("set up vm", |_| {
        not_run(packages(VM_PACKAGES).and_then(|()| vm::build(workspace)))
    });
}

/// A part of its own: Chromium, and axe-core in `target/browser`.
pub(crate) fn browser(workspace: &Workspace, parts: &mut Parts) {
    parts.run("set up the browser", |_| {
        not_run(packages(BROWSER_PACKAGES).and_then(|()| axe(workspace)))
    });
}

/// A part of its own: fonts of a report, and programs that look into a PDF.
pub(crate) fn pdf(parts: &mut Parts) {
    parts.run("set up PDFs", |_| not_run(packages(PDF_PACKAGES)));
}

/// What could not be set up is not run: that is another thing than a failed test.
fn not_run(result: anyhow::Result<()>) -> Outcome {
    result.map_or_else(
        |error| Outcome::NotRun(format!("{error:#}")),
        |()| Outcome::Passed,
    )
}

/// `target/peers-venv`, made again only when the requirements change.
fn peers_venv(workspace: &Workspace) -> anyhow::Result<()> {
    let venv = workspace.target.join("peers-venv");
    let requirements = workspace.root.join("tests/peers/requirements.txt");
    let wanted = fs::read_to_string(&requirements).context("tests/peers/requirements.txt")?;
    let stamp = venv.join("requirements.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("{} is up to date", venv.display());
        return Ok(());
    }
    if !has_venv() {
        packages(&["python3-venv"])?;
    }
    run(command("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "-r",
    ];
    run(command(&workspace.peers_python().to_string_lossy())
        .args(pip)
        .arg(&requirements))?;
    fs::write(&stamp, wanted).context("cannot write the stamp of the Python environment")
}

/// axe-core of the pinned version, made again only when that changes.
fn axe(workspace: &Workspace) -> anyhow::Result<()> {
    let folder = workspace.browser();
    let stamp = folder.join("axe.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == AXE) {
        println!("{} is up to date", folder.display());
        return Ok(());
    }
    if output(Command::new("npm").arg("--version")).is_err() {
        packages(&["npm"])?;
    }
    fs::create_dir_all(&folder).context("cannot make the browser's folder")?;
    let mut npm = command("npm");
    npm.args([
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
    ]);
    run(npm.arg(&folder).arg(AXE))?;
    fs::write(&stamp, AXE).context("cannot write the stamp of axe-core")
}

/// Debian splits `ensurepip` off: a Python without it cannot make an environment with pip.
fn has_venv() -> bool {
    let mut python = Command::new("python3");
    python
        .args(["-c", "import venv, ensurepip"])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// cargo-deny of the pinned version, in `target/tools`. A debug build: a minute instead of many, and the
/// checks take two seconds.
pub(crate) fn cargo_deny(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let tools = workspace.target.join("tools");
    let program = tools.join("bin/cargo-deny");
    let current = program.exists()
        && output(Command::new(&program).arg("--version"))
            .is_ok_and(|version| version.contains(CARGO_DENY));
    if !current {
        let build = tools.join("build");
        let mut install = workspace.cargo();
        install.args([
            "install",
            "--quiet",
            "--locked",
            "--debug",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--root",
        ]);
        install
            .arg(&tools)
            .env("CARGO_TARGET_DIR", &build)
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        run(&mut install)?;
        fs::remove_dir_all(&build).ok(); // only the program is kept
    }
    Ok(program)
}

/// Installs what is missing of these Debian packages, as root; says what to do where it cannot.
pub(crate) fn packages(wanted: &[&str]) -> anyhow::Result<()> {
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|package| !installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!(
        "apt-get install --no-install-recommends {}",
        missing.join(" ")
    );
    if output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() != "0") {
        bail!("missing {}; as root: {by_hand}", missing.join(", "));
    }
    update_package_lists()?;
    println!("{by_hand}");
    run(apt()
        .args(["install", "--yes", "--no-install-recommends", "-qq"])
        .args(&missing)
        .stdout(Stdio::null()))
}

fn installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query
        .args(["-W", "-f=${db:Status-Status}", package])
        .stderr(Stdio::null());
    query
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

/// `apt-get update`, at most once in a run.
pub(crate) fn update_package_lists() -> anyhow::Result<()> {
    static UPDATED: OnceLock<bool> = OnceLock::new();
    let updated = *UPDATED.get_or_init(|| run(apt().args(["update", "-qq"])).is_ok());
    if updated {
        Ok(())
    } else {
        bail!("apt-get update failed")
    }
}

/// apt-get that asks nothing and waits for another that runs.
pub(crate) fn apt() -> Command {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt.args([
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "APT::Sandbox::User=root",
    ]);
    apt
}

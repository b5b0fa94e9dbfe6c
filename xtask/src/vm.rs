//! The virtual machine: Debian's kernel and an initramfs with can-utils and the project's guest program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{command, output, run};
use crate::setup::{Workspace, apt, update_package_lists};

const GUEST_TARGET: &str = "x86_64-unknown-linux-gnu";
/// The guest is emulated and waits for wires: its dependencies need not be optimised.
const QUICK_BUILD: &str = "profile.dev.package.'*'.opt-level=0";

/// Kernel, guest program and image, in `target/vm`.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<()> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        bail!("the guest is x86-64 Linux, this machine is not");
    }
    let vm = workspace.vm();
    fs::create_dir_all(&vm).with_context(|| format!("cannot make {}", vm.display()))?;
    let kernel = kernel(&vm)?;
    let guest = guest(workspace, Profile::Quick)?;
    image(workspace, &kernel, &guest, &vm)
}

/// The same with a guest program as it is released, for measurements, in a folder of its own; `build` has
/// been before.
pub(crate) fn build_released(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = workspace.vm().join("released");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let kernel = kernel(&workspace.vm())?;
    let guest = guest(workspace, Profile::Released)?;
    image(workspace, &kernel, &guest, &folder)?;
    Ok(folder)
}

fn image(workspace: &Workspace, kernel: &Path, guest: &Path, out: &Path) -> anyhow::Result<()> {
    let script = workspace.root.join("tests/vm/image.sh");
    run(command("bash").arg(script).arg(kernel).arg(guest).arg(out))
}

/// How the guest program is built.
#[derive(Clone, Copy, PartialEq)]
enum Profile {
    Quick,
    Released,
}

/// The newest kernel package of Debian, unpacked and not installed.
fn kernel(vm: &Path) -> anyhow::Result<PathBuf> {
    let kernel = vm.join("kernel");
    if kernel.join("boot").is_dir() {
        return Ok(kernel);
    }
    let package = match image_package() {
        Ok(package) => package,
        Err(_) => update_package_lists().and_then(|()| image_package())?,
    };
    println!("downloading {package}");
    run(apt().args(["download", "-qq", &package]).current_dir(vm))?;
    let downloaded = fs::read_dir(vm)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get download left no .deb")?;
    let unpacking = vm.join("kernel.part");
    run(command("dpkg").arg("-x").arg(&downloaded).arg(&unpacking))?;
    fs::rename(&unpacking, &kernel)?;
    fs::remove_file(&downloaded)?;
    Ok(kernel)
}

/// `linux-image-amd64` depends on the package that has the kernel in it.
fn image_package() -> anyhow::Result<String> {
    let depends = output(Command::new("apt-cache").args(["depends", "linux-image-amd64"]))?;
    let package = depends
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "));
    let package = package.filter(|package| package.starts_with("linux-image-"));
    package
        .map(str::to_owned)
        .context("apt-cache knows no linux-image-amd64")
}

/// The program that runs in the guest, linked statically: the guest has no libraries of ours.
fn guest(workspace: &Workspace, profile: Profile) -> anyhow::Result<PathBuf> {
    let target = workspace.vm().join("build");
    let mut build = workspace.cargo();
    build.arg("build");
    let folder = match profile {
        Profile::Quick => {
            build.args(["--config", QUICK_BUILD]);
            "debug"
        }
        Profile::Released => {
            build.arg("--release");
            "release"
        }
    };
    build.args([
        "--package",
        "certbench-tests",
        "--example",
        "guest",
        "--target",
        GUEST_TARGET,
    ]);
    build
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    run(&mut build)?;
    Ok(target
        .join(GUEST_TARGET)
        .join(folder)
        .join("examples/guest"))
}

//! A real browser that opens a page and tells what it and axe see.
//!
//! `CERTBENCH_BROWSER` names the folder with axe-core (`cargo xtask setup` makes it); the browser is
//! Debian's Chromium, without a window. A report forbids scripts: what is opened is a copy of the page
//! with axe in it and without that line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The line of a page that forbids everything but its own style.
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>";

/// Runs axe, but not on the watermarks: they are to be seen through, and the banners say the same in
/// full contrast. leaves nothing in the page but what it said.
const ASK: &str = r#"
axe.run({ exclude: [".watermark"] }, { resultTypes: ["violations"] }).then(said => {
  const root = document.documentElement;
  const told = {
    axe: axe.version,
    violations: said.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(" and ")),
    passes: said.passes.map(p => p.id),
    wider: root.scrollWidth - root.clientWidth,
    loaded: performance.getEntriesByType("resource").length,
  };
  const page = document.createElement("pre");
  page.id = "told";
  page.textContent = JSON.stringify(told);
  document.body.replaceChildren(page);
});
"#;

/// The browser and axe.
pub struct Browser {
    axe: String,
}

impl Browser {
    /// The axe that `CERTBENCH_BROWSER` names; without it the test is not run, and this says so.
    ///
    /// # Panics
    /// When the folder has none.
    pub fn for_test(test: &str) -> Option<Self> {
        let Some(folder) = std::env::var_os("CERTBENCH_BROWSER") else {
            let why = "CERTBENCH_BROWSER is not set; `cargo xtask browser` sets it";
            crate::not_run(test, why);
            return None;
        };
        let file = Path::new(&folder).join("node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Some(Self { axe })
    }

    /// What axe and the browser say about a page in a window of this width, in pixels:
    /// `violations`, `passes`, `wider` (pixels that it is wider than its window), `loaded` (files that
    /// it asked for).
    ///
    /// # Panics
    /// When the browser cannot be started or says nothing.
    pub fn look(&self, page: &str, width: u32) -> Value {
        assert_eq!(page.matches(POLICY).count(), 1, "a report runs no scripts");
        let axe = self.axe.replace("</script", "<\\/script");
        let scripts = format!("<script>{axe}</script><script>{ASK}</script></body>");
        let page = page
            .replacen(POLICY, "", 1)
            .replacen("</body>", &scripts, 1);
        let folder = fresh_folder();
        let file = folder.join("page.html");
        std::fs::write(&file, page).expect("a page");
        let mut chromium = Command::new("chromium");
        chromium
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
            .arg("--virtual-time-budget=600000")
            .arg(format!("--window-size={width},1400"))
            .arg(format!(
                "--user-data-dir={}",
                folder.join("profile").display()
            ))
            .arg(&file)
            .stderr(Stdio::null());
        let output = chromium.output();
        let output = output.unwrap_or_else(|e| panic!("chromium: {e}; apt-get install chromium"));
        std::fs::remove_dir_all(&folder).ok();
        let seen = String::from_utf8_lossy(&output.stdout);
        let told = seen
            .split_once("<pre id=\"told\">")
            .and_then(|(_, t)| t.split_once("</pre>"));
        let told = told
            .unwrap_or_else(|| panic!("axe said nothing: {:.500}", seen))
            .0;
        let told = told
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        serde_json::from_str(&told).expect("JSON")
    }
}

fn fresh_folder() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("certbench-browser-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

//! `certbench keygen FILE`: a key to sign reports with.

use crate::exit::Exit;
use crate::say;
use certbench_record::Key;
use std::path::PathBuf;

/// Make a key to sign reports with.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the private key goes (PKCS#8 PEM, readable by its owner alone); the public one goes beside
    /// it, with `.pub.pem` at the end
    file: PathBuf,
}

/// Makes both files; nothing is written over.
pub(crate) fn keygen(args: &Args) -> anyhow::Result<Exit> {
    let public = args.file.with_extension("pub.pem");
    for path in [&args.file, &public] {
        if path.exists() {
            eprintln!("certbench: {}: is there already", path.display());
            return Ok(Exit::Usage);
        }
    }
    let key = Key::generate()?;
    key.write(&args.file)?;
    std::fs::write(&public, key.public().pem()?)?;
    say!("{}", args.file.display());
    say!("{}", public.display());
    say!("key id {}", key.public().id());
    Ok(Exit::Passed)
}

//! What a bench's ledger says of issued reports, and keys as files.

use certbench_record::{Entry, Envelope, IN_TOTO, Key, Ledger, PublicKey, RecordError};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn issued(report: &str) -> Entry {
    Entry::Issued {
        report: report.to_string(),
        run: "run".to_string(),
        utc: "2026-11-22T08:00:00Z".to_string(),
        statement_sha256: "ab".repeat(32),
        replaces: None,
    }
}

#[test]
fn a_report_number_is_given_once() {
    let ledger = Ledger::open(&folder("numbers")).unwrap();
    assert!(!ledger.has_issued("R-1").unwrap());
    ledger.add(&issued("R-1")).unwrap();
    ledger.add(&issued("R-2")).unwrap();
    assert!(ledger.has_issued("R-1").unwrap());
    assert!(matches!(ledger.add(&issued("R-1")), Err(RecordError::Number(n)) if n == "R-1"));
    let (lines, damage) = ledger.lines().unwrap();
    assert_eq!((lines.len(), damage), (2, vec![]));
}

#[test]
fn a_key_is_written_for_its_owner_alone_and_never_over_another() {
    let folder = folder("keys");
    let path = folder.join("lab.pem");
    let key = Key::generate().unwrap();
    key.write(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(key.write(&path).is_err());
    let again = Key::read(&path).unwrap();
    assert_eq!(again.public(), key.public());
    let public = folder.join("lab.pub.pem");
    std::fs::write(&public, key.public().pem().unwrap()).unwrap();
    assert_eq!(PublicKey::read(&public).unwrap(), key.public());
    let envelope = Envelope::sign(IN_TOTO, b"{}", &again);
    assert_eq!(envelope.verify(&key.public()).unwrap(), b"{}");
    assert_ne!(Key::generate().unwrap().public(), key.public());
}

#[test]
fn a_key_that_openssl_wrote_is_read() {
    // openssl genpkey -algorithm ed25519, over the seed of RFC 8032's test 1.
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
               -----END PRIVATE KEY-----\n";
    let path = folder("openssl").join("key.pem");
    std::fs::write(&path, pem).unwrap();
    let hex: String = Key::read(&path)
        .unwrap()
        .public()
        .bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(
        hex,
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    );
}

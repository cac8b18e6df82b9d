//! Writes `OUT_DIR/assets.rs`: the site's files, to be embedded by `src/ui/assets.rs`.
//!
//! `TERAPI_EMBED_SITE` names the folder the release build has filled. Without it (tests, lints,
//! `cargo leptos watch`) the list is empty and the server reads its files from disk.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to a build script through the environment"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

const SITE: &str = "TERAPI_EMBED_SITE";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={SITE}");
    let source = match env::var_os(SITE).filter(|folder| !folder.is_empty()) {
        Some(folder) => {
            let folder = PathBuf::from(folder);
            let files = site_files(&folder).unwrap_or_else(|e| panic!("{SITE}={}: {e}", folder.display()));
            assert!(
                !files.is_empty(),
                "{SITE}={} holds no files: build the front first",
                folder.display()
            );
            list(&folder, &files)
        }
        None => list(Path::new(""), &[]),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("assets.rs");
    fs::write(&out, source).unwrap_or_else(|e| panic!("{}: {e}", out.display()));
}

/// Every file below `folder`, sorted, so that the same site always gives the same hash.
fn site_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut unread = vec![folder.to_path_buf()];
    while let Some(next) = unread.pop() {
        println!("cargo::rerun-if-changed={}", next.display());
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                unread.push(path);
            } else {
                println!("cargo::rerun-if-changed={}", path.display());
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The Rust source of the list. `x.br` and `x.gz` become encodings of `x`, not files of their own.
fn list(folder: &Path, files: &[PathBuf]) -> String {
    let mut site = Sha256::new();
    let mut entries = String::new();
    for file in files.iter().filter(|file| !is_encoding(file, files)) {
        let bytes = fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let hash = Sha256::digest(&bytes);
        let name = file
            .strip_prefix(folder)
            .expect("found below the folder")
            .to_str();
        let name = name.unwrap_or_else(|| panic!("{}: the name is not UTF-8", file.display()));
        site.update((name.len() as u64).to_le_bytes());
        site.update(name);
        site.update(hash);
        writeln!(
            entries,
            "    File {{ path: {name:?}, hash: \"{}\", raw: include_bytes!({file:?}), brotli: {}, gzip: {} }},",
            hex(&hash[..16]),
            encoding(file, "br", files),
            encoding(file, "gz", files),
        )
        .expect("writing to a String cannot fail");
    }
    let site_hash = if entries.is_empty() {
        String::new()
    } else {
        hex(&site.finalize()[..8])
    };
    format!("const EMBEDDED_HASH: &str = \"{site_hash}\";\nstatic EMBEDDED: &[File] = &[\n{entries}];\n")
}

/// Whether `file` is only a compressed form of another file of the site.
fn is_encoding(file: &Path, files: &[PathBuf]) -> bool {
    let compressed = file.extension().is_some_and(|end| end == "br" || end == "gz");
    compressed && files.contains(&file.with_extension(""))
}

fn encoding(file: &Path, end: &str, files: &[PathBuf]) -> String {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    let path = PathBuf::from(name);
    if files.contains(&path) {
        format!("Some(include_bytes!({path:?}))")
    } else {
        "None".to_owned()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Reads every file in `providers/`, refuses to build when one is wrong, and embeds their texts.

// The rooms of the crate that read files are compiled into this program too; it uses only their front door.
#[allow(dead_code)]
#[path = "src/assembly.rs"]
mod assembly;
#[allow(dead_code, unused_imports)]
#[path = "src/document/mod.rs"]
mod document;
#[allow(dead_code, unused_imports)]
#[path = "src/provider/mod.rs"]
mod provider;
#[allow(dead_code, unused_imports)]
#[path = "src/template/mod.rs"]
mod template;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use document::Problem;
#[allow(unused_imports)]
use provider::{Fields, Pattern};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to build scripts through the environment"
)]
fn main() -> ExitCode {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=providers");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files: Vec<PathBuf> = std::fs::read_dir(root.join("providers"))
        .expect("providers/ is part of the crate")
        .map(|entry| entry.expect("providers/ can be listed").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    files.sort();
    let mut embedded = String::from(
        "/// Ids and texts of the built-in provider files.\nstatic EMBEDDED: &[(&str, &str)] = &[\n",
    );
    let mut sources = Vec::new();
    for path in &files {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        writeln!(
            embedded,
            "    ({name:?}, include_str!({:?})),",
            path.display().to_string()
        )
        .expect("writing to a string");
        sources.push(assembly::Source {
            file: shown(&root, path),
            text: read(path),
            name,
            strict: true,
        });
    }
    embedded.push_str("];\n");
    if let Err(problems) = assembly::assemble(sources) {
        for problem in &problems {
            println!("cargo::error={}", problem.to_string().replace('\n', " "));
        }
        return ExitCode::FAILURE;
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("set by cargo"));
    std::fs::write(out.join("embedded.rs"), embedded).expect("OUT_DIR can be written");
    ExitCode::SUCCESS
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("provider files are UTF-8")
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

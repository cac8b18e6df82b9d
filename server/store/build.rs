//! Recompiles the crate when a migration is added, removed or changed.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

//! Embeds the verifier for the browser, where `tools/verify-wasm/build` has made it; elsewhere the node builds without.

use std::path::Path;
use std::time::SystemTime;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("..");
    let place = root.join("target/verify");
    let module = place.join("lianzhan_verify.wasm");
    // A place that is not there would be looked for, and the node built again, each time. Its age is set back so that making
    // it is no change.
    if fs::create_dir_all(&place).is_ok() && !module.is_file() {
        let _ = fs::File::open(&place).and_then(|place| place.set_modified(SystemTime::UNIX_EPOCH));
    }
    println!("cargo::rerun-if-changed={}", place.display());
    println!("cargo::rerun-if-changed={}", root.join("protocol/src").display());
    println!("cargo::rerun-if-changed=build.rs");

    let built = fs::metadata(&module).and_then(|module| module.modified()).ok();
    if built.is_some() && built < newest(&root.join("protocol/src")) {
        println!(
            "cargo::warning=the verifier at /verify is older than protocol; tools/verify-wasm/build makes a new one"
        );
    }
    let value = match built {
        Some(_) => format!("Some(include_bytes!({:?}))", module.canonicalize()?),
        None => "None".to_owned(),
    };
    fs::write(Path::new(&env::var("OUT_DIR")?).join("verifier.rs"), value)?;
    Ok(())
}

fn newest(path: &Path) -> Option<SystemTime> {
    match fs::read_dir(path) {
        Ok(inside) => inside.filter_map(|entry| newest(&entry.ok()?.path())).max(),
        Err(_) => fs::metadata(path).and_then(|file| file.modified()).ok(),
    }
}

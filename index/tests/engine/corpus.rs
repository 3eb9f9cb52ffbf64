//! The seed corpora of the fuzz targets, through the same functions: what once broke something stays in them.

#[path = "../../../fuzz/bodies.rs"]
mod bodies;

use std::path::Path;

fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        // Which one it was stands above the panic.
        eprintln!("{}", path.display());
        body(&bytes);
        // Cut and doubled, it is another input.
        body(&bytes[..bytes.len() / 2]);
        body(&[bytes.as_slice(), b" ", &bytes].concat());
        count += 1;
    }
    assert!(count >= 30, "{}: {count} seeds", folder.display());
}

#[test]
fn the_seeds_of_the_query_target() {
    replay("query", bodies::query);
}

#[test]
fn the_seeds_of_the_analyser_target() {
    replay("analyser", bodies::analyser);
}

/// Seeds cut, joined and damaged at random: 600 on each run, `MUSUBI_FUZZ` says otherwise.
#[test]
fn damaged_seeds() {
    let amount = std::env::var("MUSUBI_FUZZ").map_or(600, |text| text.parse::<usize>().unwrap());
    let mut state = std::env::var("MUSUBI_TEST_SEED").map_or(1, |text| text.parse::<u64>().unwrap()) | 1 << 40;
    let mut below = |sides: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % sides as u64) as usize
    };
    let mut seeds = Vec::new();
    for target in ["query", "analyser"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        seeds.extend(paths.iter().map(|path| std::fs::read(path).unwrap()));
    }
    for _ in 0..amount {
        let (mut bytes, other) = (seeds[below(seeds.len())].clone(), &seeds[below(seeds.len())]);
        for _ in 0..1 + below(4) {
            let at = below(bytes.len() + 1);
            match below(4) {
                0 => bytes.truncate(at),
                1 => drop(bytes.splice(at..at, other.iter().copied().take(40)).collect::<Vec<_>>()),
                2 if at < bytes.len() => bytes[at] = below(256) as u8,
                _ => bytes.insert(at, b" ()\"-:OR~*"[below(10)]),
            }
        }
        eprintln!("{bytes:?}");
        bodies::query(&bytes);
        bodies::analyser(&bytes);
    }
}

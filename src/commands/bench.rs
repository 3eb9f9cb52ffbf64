//! `musubi bench-corpus` writes generated organisations; `musubi bench` measures the engine on them.

use super::arguments::{BenchArguments, BenchCorpusArguments};
use super::terminal::{Terminal, counter};
use super::{Ending, Failure};
use crate::config::Config;
use musubi_index::bench_corpus::BenchCorpus;
use std::fs::File;
use std::io::{BufWriter, Write};

pub fn corpus(arguments: &BenchCorpusArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let mut file = BufWriter::new(File::create(&arguments.out)?);
    let bar = counter(terminal);
    let mut lines = 0u64;
    for organization in BenchCorpus::new(arguments.seed).documents(arguments.count as usize) {
        serde_json::to_writer(&mut file, &organization).map_err(std::io::Error::from)?;
        file.write_all(b"\n")?;
        lines += 1;
        bar.set_position(lines);
    }
    file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    bar.finish_and_clear();
    let out = arguments.out.display();
    terminal.line(
        &format!("{}件の文書（{lines}機関）を {out} に書きました。", arguments.count),
        &format!("Wrote {} documents ({lines} organisations) to {out}.", arguments.count),
    );
    terminal.result(&serde_json::json!({ "documents": arguments.count, "organizations": lines }));
    Ok(Ending::Done)
}

pub fn run(_config: &Config, _arguments: &BenchArguments) -> Result<Ending, Failure> {
    Err(super::not_here_yet("bench"))
}

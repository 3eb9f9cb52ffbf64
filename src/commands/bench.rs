//! `musubi bench-corpus` writes generated organisations; `musubi bench` measures the engine on them.

use super::arguments::{BenchArguments, BenchCorpusArguments, BenchSubject};
use super::terminal::{Terminal, counter};
use super::{Ending, Failure};
use musubi_index::EngineError;
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::reference::{Comparison, Job, build_with_engine, build_with_tantivy};
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use uuid::Uuid;

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

/// Measures the engine beside bare tantivy on the same data in the same run. Only ratios carry over to another machine.
pub fn run(arguments: &BenchArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let folder = std::env::temp_dir().join(format!("musubi-bench-{}", Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(arguments, &folder, terminal);
    // The files are of no further use, whether it went well or not.
    let _ = std::fs::remove_dir_all(&folder);
    let measured = measured.map_err(|error| {
        Failure::cannot_run(format!("測れませんでした: {error}"), format!("It could not be measured: {error}"))
    })?;
    print(arguments, &measured, terminal);
    Ok(Ending::Done)
}

/// Rounds of each job; the jobs take turns, so that whatever else the machine does meets them alike.
const ROUNDS: usize = 9;

/// A job with its seconds, round by round. The first is the engine's.
struct Row {
    name: String,
    seconds: Vec<f64>,
}

impl Row {
    fn median(&self) -> f64 {
        middle(self.seconds.clone()).1
    }

    /// How many times as long the engine took as this: smallest, median and largest over the rounds.
    fn ratio(&self, engine: &Row) -> (f64, f64, f64) {
        middle(engine.seconds.iter().zip(&self.seconds).map(|(engine, own)| engine / own).collect())
    }
}

fn middle(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_unstable_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    (at(0), at(values.len() / 2), at(values.len().saturating_sub(1)))
}

fn measure(arguments: &BenchArguments, folder: &Path, terminal: &Terminal) -> Result<Vec<Row>, EngineError> {
    let size = arguments.size as usize;
    let bar = counter(terminal);
    let groups: &[&[Job]] = match arguments.what {
        BenchSubject::Index => {
            let alone = build_rounds("tantivy", |round| {
                build_with_tantivy(&fresh(folder, "tantivy", round)?, size, || bar.inc(1))
            })?;
            let engine = build_rounds("engine", |round| {
                build_with_engine(&fresh(folder, "engine", round)?, size, || bar.inc(1)).map(drop)
            })?;
            bar.finish_and_clear();
            return Ok(vec![engine, alone]);
        }
        BenchSubject::Search => &[&Job::SEARCH, &Job::FACETS],
        BenchSubject::Match => &[&Job::MATCH],
    };
    let comparison = Comparison::build(folder, size, || bar.inc(1))?;
    bar.finish_and_clear();
    let mut rows = Vec::new();
    for jobs in groups {
        let mut group: Vec<Row> =
            jobs.iter().map(|job| Row { name: job.to_string(), seconds: Vec::with_capacity(ROUNDS) }).collect();
        for round in 0..=ROUNDS {
            for (job, row) in jobs.iter().zip(&mut group) {
                let start = Instant::now();
                black_box(comparison.run(*job)?);
                // The first round warms the caches.
                if round > 0 {
                    row.seconds.push(start.elapsed().as_secs_f64() / job.questions() as f64);
                }
            }
        }
        rows.extend(group);
    }
    Ok(rows)
}

fn build_rounds(name: &str, mut build: impl FnMut(usize) -> Result<(), EngineError>) -> Result<Row, EngineError> {
    const BUILDS: usize = 3;
    let mut seconds = Vec::new();
    for round in 0..BUILDS {
        let start = Instant::now();
        build(round)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(Row { name: format!("index: {name}"), seconds })
}

fn fresh(folder: &Path, name: &str, round: usize) -> Result<PathBuf, EngineError> {
    let own = folder.join(format!("{name}-{round}"));
    std::fs::create_dir_all(&own).map_err(|error| EngineError::Writer(error.to_string()))?;
    Ok(own)
}

fn print(arguments: &BenchArguments, rows: &[Row], terminal: &Terminal) {
    let memory = most_memory().map_or(String::new(), |mebibytes| format!(", {mebibytes} MiB"));
    let what = match arguments.what {
        BenchSubject::Index => ("作成", "one build"),
        BenchSubject::Search | BenchSubject::Match => ("1問", "one question"),
    };
    terminal.line(
        &format!("{}件の文書{memory}。{}あたりの中央値と、エンジンに対する比:", arguments.size, what.0),
        &format!("{} documents{memory}. Median for {}, and how it compares with the engine:", arguments.size, what.1),
    );
    let mut engine = rows.first();
    let mut results = Vec::new();
    for row in rows {
        if row.name.ends_with(": engine") {
            engine = Some(row);
        }
        let Some(engine) = engine else { continue };
        let (least, ratio, most) = row.ratio(engine);
        let milliseconds = row.median() * 1_000.0;
        terminal.line(
            &format!("  {:<40} {milliseconds:>10.3} ms   エンジン÷これ {ratio:.2} ({least:.2}〜{most:.2})", row.name),
            &format!("  {:<40} {milliseconds:>10.3} ms   engine / this {ratio:.2} ({least:.2} to {most:.2})", row.name),
        );
        results.push(serde_json::json!({
            "job": row.name, "milliseconds": milliseconds,
            "engine_to_this": { "median": ratio, "least": least, "most": most },
        }));
    }
    terminal.result(&serde_json::json!({ "documents": arguments.size, "results": results }));
}

/// The most memory this process has used, where the system says so.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kibibytes| kibibytes / 1024)
}

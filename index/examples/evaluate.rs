//! `cargo run --release -p musubi-index --example evaluate -- FOLDER OUT.tsv [name=value …]`
//!
//! Ranks a judged folder with the engine's own weights, or with some of them changed (for fitting and ablation).
//! With `--lines FOLDER…` it reads such changes line by line and prints nDCG@10 of every folder for each.

use std::io::BufRead;
use std::path::Path;

use musubi_index::Weights;
use musubi_index::evaluation::JudgedSet;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [first, folders @ ..] if first == "--lines" => lines(folders),
        [folder, out, changes @ ..] => one(folder, out, changes),
        _ => Err("usage: evaluate FOLDER OUT.tsv [name=value …]".into()),
    }
}

fn one(folder: &str, out: &str, changes: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let weights = changed(changes.iter().map(String::as_str))?;
    let work = tempfile::tempdir()?;
    let set = JudgedSet::index(Path::new(folder), work.path(), &mut |_| {})?;
    let summary = set.run(&weights, Some(Path::new(out)), &mut |_| {})?;
    println!(
        "{folder}: {} queries  nDCG@10 {:.4}  MRR@10 {:.4}  R@20 {:.4}  R@100 {:.4}",
        summary.queries, summary.ndcg_10, summary.mrr_10, summary.recall_20, summary.recall_100
    );
    Ok(())
}

fn lines(folders: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let mut works = Vec::new();
    let mut sets = Vec::new();
    for folder in folders {
        let work = tempfile::tempdir()?;
        sets.push(JudgedSet::index(Path::new(folder), work.path(), &mut |_| {})?);
        works.push(work);
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let weights = changed(line.split_whitespace())?;
        for set in &sets {
            print!("{:.4} ", set.run(&weights, None, &mut |_| {})?.ndcg_10);
        }
        println!("{line}");
    }
    Ok(())
}

fn changed<'text>(changes: impl Iterator<Item = &'text str>) -> Result<Weights, Box<dyn std::error::Error>> {
    let mut weights = Weights::default();
    for change in changes {
        let (name, value) = change.split_once('=').ok_or("expected name=value")?;
        change_weight(&mut weights, name, value.parse()?)?;
    }
    Ok(weights)
}

fn change_weight(weights: &mut Weights, name: &str, value: f32) -> Result<(), String> {
    match name {
        "broad_concepts" => weights.broad_concepts = value > 0.0,
        "title_length" => (weights.fields.length[0], weights.fields.length[2]) = (value, value),
        "body_length" => (weights.fields.length[1], weights.fields.length[3]) = (value, value),
        "chosen_terms" => weights.chosen_terms = value as usize,
        "documents" => weights.documents = value as usize,
        "voices" => weights.voices = value as usize,
        "breadth_postings" => weights.breadth_postings = value as u64,
        other if weights.set(other, value) => {}
        other => return Err(format!("no weight is called {other}, or {value} cannot be one")),
    }
    Ok(())
}

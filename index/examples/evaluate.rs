//! `cargo run --release -p musubi-index --example evaluate -- FOLDER OUT.tsv [name=value …]`
//!
//! Ranks a judged folder with the engine's own weights, or with some of them changed (for fitting and ablation).

use std::path::{Path, PathBuf};

use musubi_index::Weights;
use musubi_index::evaluation::run_with;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, changes @ ..] = arguments.as_slice() else {
        return Err("usage: evaluate FOLDER OUT.tsv [name=value …]".into());
    };
    let mut weights = Weights::default();
    for change in changes {
        let (name, value) = change.split_once('=').ok_or("expected name=value")?;
        change_weight(&mut weights, name, value.parse()?)?;
    }
    let work = tempfile::tempdir()?;
    let summary = run_with(Path::new(folder), work.path(), &PathBuf::from(out), &weights, |_| {})?;
    println!(
        "{folder}: {} queries  nDCG@10 {:.4}  MRR@10 {:.4}  R@20 {:.4}  R@100 {:.4}",
        summary.queries, summary.ndcg_10, summary.mrr_10, summary.recall_20, summary.recall_100
    );
    Ok(())
}

fn change_weight(weights: &mut Weights, name: &str, value: f32) -> Result<(), String> {
    match name {
        "title_words" => weights.fields.weights[0] = value,
        "body_words" => weights.fields.weights[1] = value,
        "title_grams" => weights.fields.weights[2] = value,
        "body_grams" => weights.fields.weights[3] = value,
        "saturation" => weights.fields.saturation = value,
        "title_length" => (weights.fields.length[0], weights.fields.length[2]) = (value, value),
        "body_length" => (weights.fields.length[1], weights.fields.length[3]) = (value, value),
        "repetition" => weights.repetition = value,
        "chosen_terms" => weights.chosen_terms = value as usize,
        "documents" => weights.documents = value as usize,
        "voices" => weights.voices = value as usize,
        "decay" => weights.decay = value,
        "sharpness" => weights.sharpness = value,
        "sharing" => weights.sharing = value,
        "half_life" => weights.half_life = value,
        "profile" => weights.profile = value,
        "offer" => weights.offer = value,
        "record" => weights.record = value,
        "partners" => weights.partners = value,
        "activity" => weights.activity = value,
        other => return Err(format!("no weight is called {other}")),
    }
    Ok(())
}

//! `musubi evaluate`: a judged folder through the engine of the service, with its one configuration.

use super::arguments::EvaluateArguments;
use super::terminal::Terminal;
use super::{Ending, Failure};
use musubi_index::evaluation;
use uuid::Uuid;

pub fn run(arguments: &EvaluateArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let work = std::env::temp_dir().join(format!("musubi-evaluate-{}", Uuid::new_v4().simple()));
    let result = evaluation::run(&arguments.folder, &work, &arguments.run, |_| {});
    // The index of the folder is of no further use, whether the run succeeded or not.
    let _ = std::fs::remove_dir_all(&work);
    let summary = result.map_err(|error| {
        Failure::cannot_run(
            format!("評価できませんでした: {error}"),
            format!("The folder could not be evaluated: {error}"),
        )
    })?;
    let folder = arguments.folder.display();
    let measures = format!(
        "nDCG@10 {:.4}  MRR@10 {:.4}  R@20 {:.4}  R@100 {:.4}",
        summary.ndcg_10, summary.mrr_10, summary.recall_20, summary.recall_100
    );
    terminal.line(
        &format!("{folder}: {}件の問い  {measures}", summary.queries),
        &format!("{folder}: {} queries  {measures}", summary.queries),
    );
    terminal.result(&serde_json::json!({
        "queries": summary.queries,
        "ndcg_10": summary.ndcg_10,
        "mrr_10": summary.mrr_10,
        "recall_20": summary.recall_20,
        "recall_100": summary.recall_100,
    }));
    Ok(Ending::Done)
}

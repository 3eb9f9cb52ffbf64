//! Feeds a judged folder to the same engine as the service, with the same weights, and measures the ranking.
//!
//! A folder holds `organizations.jsonl`, `records.jsonl`, `queries.jsonl` and `qrels.tsv`. The judgements are read
//! after all ranking is done. `score.py` beside the sets is the independent scorer.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::document::{Document, Source};
use crate::engine::{Engine, Settings};
use crate::error::EngineError;
use crate::mark::Mark;
use crate::matching::score::Weights;
use crate::request::{Filters, MatchRequest, Reader};

/// Parties written for each query.
pub const RUN_LENGTH: usize = 100;

/// Why an evaluation could not be done.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    #[error("cannot read or write {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: {source}")]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("{path}:{line}: expected query, organisation and gain, separated by tabs")]
    Judgement { path: PathBuf, line: usize },
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Means over the judged queries; a query without an answer counts as zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    pub queries: usize,
    pub ndcg_10: f64,
    pub mrr_10: f64,
    pub recall_20: f64,
    pub recall_100: f64,
}

/// How far an evaluation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Indexed { documents: usize },
    Answered { queries: usize, of: usize },
}

#[derive(Deserialize)]
struct OrganizationLine {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Deserialize)]
struct RecordLine {
    id: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
struct QueryLine {
    id: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    seeker: Option<String>,
}

/// Indexes the folder, ranks every query, writes `query<TAB>organisation<TAB>score` to `out`, and returns the measures.
/// The index lies in a folder beside `out` meanwhile.
///
/// # Errors
/// A file that cannot be read or written, a line that is not what it should be, or a failure of the engine.
pub fn run(folder: &Path, out: &Path, mut progress: impl FnMut(Progress)) -> Result<Summary, EvaluationError> {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".index");
    let work = out.with_file_name(name);
    let evaluated = JudgedSet::index(folder, &work, &mut progress)
        .and_then(|set| set.run(&Weights::default(), Some(out), &mut progress));
    // Left over or not, it is only a copy.
    let _ = std::fs::remove_dir_all(&work);
    evaluated
}

/// A judged folder in an index, to be ranked with one table of weights after another.
pub struct JudgedSet {
    folder: PathBuf,
    engine: Engine,
    queries: Vec<QueryLine>,
}

impl JudgedSet {
    /// Indexes a folder in a fresh place.
    ///
    /// # Errors
    /// A file or a line that cannot be read, or a failure of the engine.
    pub fn index(
        folder: &Path,
        work: &Path,
        progress: &mut impl FnMut(Progress),
    ) -> Result<JudgedSet, EvaluationError> {
        let engine = index(folder, work, progress)?;
        Ok(JudgedSet { folder: folder.to_path_buf(), engine, queries: read_lines(&folder.join("queries.jsonl"))? })
    }

    /// Ranks every query, writes the run if asked, and measures it.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn run(
        &self,
        weights: &Weights,
        out: Option<&Path>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Summary, EvaluationError> {
        let ranked = rank(&self.engine, &self.queries, weights, progress);
        if let Some(out) = out {
            write_run(out, &self.queries, &ranked)?;
        }
        measure(&self.folder, &self.queries, &ranked)
    }
}

impl JudgedSet {
    /// nDCG@10 of each judged query, in order.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn per_query(&self, weights: &Weights) -> Result<Vec<f64>, EvaluationError> {
        let ranked = rank(&self.engine, &self.queries, weights, &mut |_| {});
        let gains = read_judgements(&self.folder.join("qrels.tsv"))?;
        let judged =
            self.queries.iter().zip(&ranked).filter_map(|(query, parties)| Some((gains.get(&query.id)?, parties)));
        Ok(judged.map(|(gains, parties)| ndcg_10(gains, parties)).collect())
    }
}

/// Discounted gain of the first ten beside the best possible.
fn ndcg_10(gains: &HashMap<String, f64>, parties: &[(String, f32)]) -> f64 {
    let discounted = |values: &mut dyn Iterator<Item = f64>| {
        values.take(10).enumerate().map(|(rank, gain)| gain / (rank as f64 + 2.0).log2()).sum::<f64>()
    };
    let mut ideal: Vec<f64> = gains.values().copied().collect();
    ideal.sort_by(|left, right| right.total_cmp(left));
    let gain = |party: &(String, f32)| gains.get(&party.0).copied().unwrap_or(0.0);
    discounted(&mut parties.iter().map(gain)) / discounted(&mut ideal.into_iter())
}

fn index(folder: &Path, work: &Path, progress: &mut impl FnMut(Progress)) -> Result<Engine, EvaluationError> {
    let (engine, _) = Engine::open(work, Settings::default())?;
    let mut rebuild = engine.rebuild()?;
    let mut documents = 0;
    for line in read_lines::<OrganizationLine>(&folder.join("organizations.jsonl"))? {
        documents += 1;
        rebuild.add(Document {
            id: format!("organization:{}", line.id),
            kind: "organization".to_string(),
            parties: vec![line.id.clone()],
            owner: Some(line.id),
            source: Source::Profile,
            published: true,
            titles: line.name.into_iter().collect(),
            bodies: line.description.into_iter().collect(),
            ..Document::default()
        })?;
    }
    for line in read_lines::<RecordLine>(&folder.join("records.jsonl"))? {
        documents += 1;
        rebuild.add(Document {
            id: format!("record:{}", line.id),
            kind: "record".to_string(),
            parties: line.members,
            source: Source::Record,
            published: true,
            titles: line.title.into_iter().collect(),
            bodies: line.text.into_iter().collect(),
            day: line.date.as_deref().and_then(day_of),
            ..Document::default()
        })?;
    }
    rebuild.finish(&Mark::default())?;
    progress(Progress::Indexed { documents });
    Ok(engine)
}

fn rank(
    engine: &Engine,
    queries: &[QueryLine],
    weights: &Weights,
    progress: &mut impl FnMut(Progress),
) -> Vec<Vec<(String, f32)>> {
    let mut ranked = Vec::with_capacity(queries.len());
    for query in queries {
        let mut texts = Vec::new();
        texts.extend(query.title.clone().map(|title| (title, 1.0)));
        texts.extend(query.text.clone().map(|text| (text, weights.question_text)));
        let answer = engine.match_parties_with(
            &MatchRequest {
                texts,
                reader: Reader::Visitor,
                filters: Filters::default(),
                party_filters: Filters::default(),
                without_parties: Vec::new(),
                seeker: query.seeker.clone(),
                today: query.date.as_deref().and_then(day_of),
                limit: RUN_LENGTH,
            },
            weights,
        );
        ranked.push(answer.parties.into_iter().map(|party| (party.party, party.score)).collect());
        progress(Progress::Answered { queries: ranked.len(), of: queries.len() });
    }
    ranked
}

fn write_run(out: &Path, queries: &[QueryLine], ranked: &[Vec<(String, f32)>]) -> Result<(), EvaluationError> {
    let file_error = |source| EvaluationError::File { path: out.to_path_buf(), source };
    let mut file = BufWriter::new(File::create(out).map_err(file_error)?);
    for (query, parties) in queries.iter().zip(ranked) {
        for (party, score) in parties {
            writeln!(file, "{}\t{party}\t{score}", query.id).map_err(file_error)?;
        }
    }
    file.flush().map_err(file_error)
}

fn measure(folder: &Path, queries: &[QueryLine], ranked: &[Vec<(String, f32)>]) -> Result<Summary, EvaluationError> {
    let gains = read_judgements(&folder.join("qrels.tsv"))?;
    let mut summary = Summary::default();
    for (query, parties) in queries.iter().zip(ranked) {
        let Some(gains) = gains.get(&query.id).filter(|gains| !gains.is_empty()) else { continue };
        let gain = |party: &(String, f32)| gains.get(&party.0).copied().unwrap_or(0.0);
        summary.queries += 1;
        summary.ndcg_10 += ndcg_10(gains, parties);
        let first = parties.iter().take(10).position(|party| gain(party) > 0.0);
        summary.mrr_10 += first.map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0));
        let found = |depth: usize| {
            parties.iter().take(depth).filter(|party| gain(party) > 0.0).count() as f64 / gains.len() as f64
        };
        summary.recall_20 += found(20);
        summary.recall_100 += found(100);
    }
    let count = summary.queries.max(1) as f64;
    Ok(Summary {
        ndcg_10: summary.ndcg_10 / count,
        mrr_10: summary.mrr_10 / count,
        recall_20: summary.recall_20 / count,
        recall_100: summary.recall_100 / count,
        ..summary
    })
}

fn read_judgements(path: &Path) -> Result<HashMap<String, HashMap<String, f64>>, EvaluationError> {
    let mut gains: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for (number, line) in text_lines(path)?.into_iter().enumerate() {
        let columns: Vec<&str> = line.split('\t').collect();
        let judged = match columns[..] {
            [query, party, gain] => gain.parse::<f64>().ok().map(|gain| (query, party, gain)),
            _ => None,
        };
        let Some((query, party, gain)) = judged else {
            return Err(EvaluationError::Judgement { path: path.to_path_buf(), line: number + 1 });
        };
        if gain > 0.0 {
            gains.entry(query.to_string()).or_default().insert(party.to_string(), gain);
        }
    }
    Ok(gains)
}

fn read_lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, EvaluationError> {
    let mut values = Vec::new();
    for (number, line) in text_lines(path)?.into_iter().enumerate() {
        let value = serde_json::from_str(&line).map_err(|source| EvaluationError::Line {
            path: path.to_path_buf(),
            line: number + 1,
            source,
        })?;
        values.push(value);
    }
    Ok(values)
}

fn text_lines(path: &Path) -> Result<Vec<String>, EvaluationError> {
    let file_error = |source| EvaluationError::File { path: path.to_path_buf(), source };
    let file = File::open(path).map_err(file_error)?;
    let lines: Result<Vec<String>, _> = BufReader::new(file).lines().collect();
    Ok(lines.map_err(file_error)?.into_iter().filter(|line| !line.trim().is_empty()).collect())
}

/// Days since 1970-01-01 of `YYYY`, `YYYY-MM` or `YYYY-MM-DD` (a missing part is its first value).
pub fn day_of(date: &str) -> Option<i32> {
    let mut parts = date.trim().split('-');
    let year: i64 = parts.next()?.parse().ok()?;
    let month: i64 = parts.next().map_or(Some(1), |month| month.parse().ok())?;
    let day: i64 = parts.next().map_or(Some(1), |day| day.get(..2).unwrap_or(day).parse().ok())?;
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days from civil, Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

#[cfg(test)]
mod tests {
    use super::day_of;

    #[test]
    fn days() {
        assert_eq!(day_of("1970-01-01"), Some(0));
        assert_eq!(day_of("2000-03-01"), Some(11_017));
        assert_eq!(day_of("2024"), Some(19_723));
        assert_eq!(day_of("soon"), None);
    }
}

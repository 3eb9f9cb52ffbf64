//! `musubi fit`: proposes new weights from judged folders, or from the decisions made in the system, and prints what would change. It never writes them: the table is
//! in the source, and a person decides.

use super::arguments::FitArguments;
use super::terminal::{Terminal, counter};
use super::{Access, Ending, Failure, open_database};
use crate::config::Config;
use crate::domain::Clock;
use crate::exchange::decisions::{self, Written};
use musubi_index::Weights;
use musubi_index::evaluation::{EvaluationError, JudgedSet};
use musubi_index::fitting::{self, Plan, Proposal};
use std::path::Path;
use uuid::Uuid;

/// Things with decisions below which a proposal says nothing but chance.
const FEW: usize = 30;

pub fn run(config: &Config, arguments: &FitArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let mut plan = Plan { rounds: arguments.rounds, ..Plan::default() };
    if !arguments.weights.is_empty() {
        if let Some(unknown) = arguments.weights.iter().find(|name| !Weights::NAMES.contains(&name.as_str())) {
            let known = Weights::NAMES.join(", ");
            return Err(Failure::wrong_use(
                format!("「{unknown}」という重みはありません。あるもの: {known}"),
                format!("No weight is called \"{unknown}\". There are: {known}"),
            ));
        }
        plan.names = arguments.weights.clone();
    }
    let mut arguments = arguments.clone();
    if let Some(folder) = &arguments.decisions {
        let database = open_database(config, Access::Read)?.database;
        let now = Clock::system().timestamp();
        let written = database.read(|conn| decisions::write(conn, folder, &now))?;
        tell(&written, folder, terminal);
        if written.queries == 0 {
            return Ok(Ending::Partly);
        }
        arguments.folders.push(folder.clone());
    }
    let arguments = &arguments;
    let work = std::env::temp_dir().join(format!("musubi-fit-{}", Uuid::now_v7().simple()));
    let fitted = fit(arguments, &plan, &work, terminal);
    // Only copies lie there.
    let _ = std::fs::remove_dir_all(&work);
    let proposal = fitted.map_err(|error| {
        Failure::cannot_run(
            format!("重みを探せませんでした: {error}"),
            format!("The weights could not be fitted: {error}"),
        )
    })?;
    print(arguments, &proposal, terminal);
    Ok(Ending::Done)
}

/// What there is to learn from.
fn tell(written: &Written, folder: &Path, terminal: &Terminal) {
    let Written { queries, judgements, left_out } = written;
    let name = folder.display();
    terminal.line(
        &format!("{name}: 決まったことのあるもの {queries}件、判断 {judgements}件（公開でないため、または選ばれた相手がないため除いた判断 {left_out}件）"),
        &format!(
            "{name}: {queries} things with decisions, {judgements} decisions ({left_out} left out: not public, or nobody was wanted)"
        ),
    );
    if *queries == 0 {
        terminal.line("まだ学べる判断がありません。", "There are no decisions to learn from yet.");
    } else if *queries < FEW {
        terminal.line(
            &format!("{FEW}件に満たないため、提案は偶然と見分けがつきません。"),
            &format!("With fewer than {FEW}, a proposal cannot be told from chance."),
        );
    }
}

fn fit(arguments: &FitArguments, plan: &Plan, work: &Path, terminal: &Terminal) -> Result<Proposal, EvaluationError> {
    let mut sets = Vec::with_capacity(arguments.folders.len());
    for (number, folder) in arguments.folders.iter().enumerate() {
        sets.push(JudgedSet::index(folder, &work.join(number.to_string()), &mut |_| {})?);
    }
    let bar = counter(terminal);
    let proposal = fitting::fit(&sets, &Weights::default(), plan, &mut || bar.inc(1));
    bar.finish_and_clear();
    proposal
}

fn print(arguments: &FitArguments, proposal: &Proposal, terminal: &Terminal) {
    terminal.line(
        "重み           今        提案（変わるものだけ。書き換えはしません）",
        "Weight         present   proposed (only what would change; nothing is written)",
    );
    for (name, present, proposed) in &proposal.changes {
        let row = format!("  {name:<20} {present:>8.3} {proposed:>8.3}");
        terminal.line(&row, &row);
    }
    for (folder, found) in arguments.folders.iter().zip(&proposal.folders) {
        let name = folder.display();
        let (present, proposed) = (found.present, found.proposed);
        let expected = format!("{:+.4} [{:+.4}, {:+.4}]", found.expected, found.least, found.most);
        terminal.line(
            &format!("{name}: nDCG@10 {present:.4} → {proposed:.4}（同じ問いで）、交差検証での差 {expected}"),
            &format!("{name}: nDCG@10 {present:.4} to {proposed:.4} on the same queries; cross-validated {expected}"),
        );
    }
    if proposal.is_better() {
        terminal.line("交差検証でも良くなっています。", "It holds in cross-validation.");
    } else {
        terminal.line(
            "交差検証では良くなったと言えません。今の重みを保つことを勧めます。",
            "Cross-validation does not show a gain: keep the present weights.",
        );
    }
    let changes: Vec<serde_json::Value> = proposal
        .changes
        .iter()
        .map(
            |(name, present, proposed)| serde_json::json!({ "weight": name, "present": present, "proposed": proposed }),
        )
        .collect();
    let folders: Vec<serde_json::Value> = arguments
        .folders
        .iter()
        .zip(&proposal.folders)
        .map(|(folder, found)| {
            serde_json::json!({
                "folder": folder.display().to_string(), "present": found.present, "proposed": found.proposed,
                "cross_validated": { "gain": found.expected, "least": found.least, "most": found.most },
            })
        })
        .collect();
    terminal.result(&serde_json::json!({ "changes": changes, "folders": folders, "better": proposal.is_better() }));
}

//! `/metrics` in the Prometheus text format, on an address of its own: numbers only, never text.

use crate::app::App;
use actix_web::{HttpResponse, web};
use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

/// What is counted while requests are answered, and what is read when somebody looks.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    answered: IntCounterVec,
    seconds: HistogramVec,
    documents: IntGauge,
    lag: IntGauge,
    rebuilding: IntGauge,
    rebuilds: IntGauge,
    commits: IntGauge,
    failing: IntGauge,
    watch_lag: IntGauge,
}

/// Upper bounds of the histogram, seconds.
const BUCKETS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("musubi".to_owned()), None)?;
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let answered = IntCounterVec::new(
            Opts::new("requests_total", "Requests answered, by method and class of status."),
            &["method", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("request_seconds", "Time to answer, by method.").buckets(BUCKETS.to_vec()),
            &["method"],
        )?;
        registry.register(Box::new(answered.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Self {
            documents: gauge("index_documents", "Documents that can be found.")?,
            lag: gauge("index_lag_transactions", "Transactions that the index has not followed yet.")?,
            rebuilding: gauge("index_rebuilding", "1 while the index is built anew.")?,
            rebuilds: gauge("index_rebuilds", "Times the index was built anew since the start.")?,
            commits: gauge("index_commits", "Commits of the index since the start.")?,
            failing: gauge("index_failing", "1 while following the log fails.")?,
            watch_lag: gauge(
                "saved_searches_lag_transactions",
                "Transactions that saved searches were not told of yet.",
            )?,
            registry,
            answered,
            seconds,
        })
    }

    /// Counts an answer.
    pub fn answered(&self, method: &str, status: u16, seconds: f64) {
        // Whatever a client calls its method, the number of series stays bounded.
        let known = ["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let method = if known.contains(&method) { method } else { "other" };
        let class = format!("{}xx", status / 100);
        self.answered.with_label_values(&[method, &class]).inc();
        self.seconds.with_label_values(&[method]).observe(seconds);
    }

    fn text(&self, app: &App) -> String {
        let status = app.feed.status();
        self.documents.set(app.engine.documents() as i64);
        self.lag.set(status.lag());
        self.rebuilding.set(i64::from(status.rebuilding));
        self.rebuilds.set(status.rebuilds as i64);
        self.commits.set(status.commits as i64);
        self.failing.set(i64::from(status.failure.is_some()));
        self.watch_lag.set((status.head_seq - app.watch.reached()).max(0));
        let mut bytes = Vec::new();
        match TextEncoder::new().encode(&self.registry.gather(), &mut bytes) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                tracing::error!(%error, "metrics could not be written");
                String::new()
            }
        }
    }
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/metrics", web::get().to(metrics));
}

async fn metrics(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(app.metrics.text(&app))
}

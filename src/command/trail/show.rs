//! The command `trail show`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::args::ShowArgs;
use super::event_selectors;
use super::queue_plan;
use super::session::{HomeRegion, TrailSession};
use super::show_row::{ShowColumns, TrailRow};
use super::topic_plan;
use super::trail_state::{Trail, TrailReader};
use crate::command::Context;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::{Coverage, Report, count};
use crate::sink::Provenance;
use crate::sink::table_writer::TableWriter;
use crate::source::aws::{AwsError, AwsErrorKind, Connection};
use crate::syntax::glob::split_list;
use crate::syntax::window::Window;
use crate::table::layout::{Format, TableLayout};

/// What is asked for.
pub(super) struct ShowRequest {
    args: ShowArgs,
    connection: Connection,
    layout: TableLayout,
    columns: ShowColumns,
    command: String,
    now: Timestamp,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TrailPage {
    trails: Vec<Trail>,
    next_token: Option<String>,
}

impl ShowRequest {
    pub(super) fn new(args: ShowArgs, context: &Context) -> Result<ShowRequest, Error> {
        let zone = args.format.zone()?;
        let set = context.settings.names();
        let layout = args.format.layout(zone, set, context.terminal, context.columns, true)?;
        if layout.format == Format::Xlsx {
            args.format.check_workbook(context.terminal.is_some())?;
        }
        let columns = ShowColumns::new(&split_list(&args.columns))?;
        let connection = args.connection.connection()?;
        let command = context.command_line();
        Ok(ShowRequest { args, connection, layout, columns, command, now: context.now })
    }

    /// True if the rows go to standard output.
    pub(super) fn writes_stdout(&self) -> bool {
        self.args.format.output.is_none()
    }

    /// Reads all trails, and writes a row for each.
    pub(super) async fn run(&self, report: &Report, stop: &Cancellation) -> Result<(), Error> {
        let provenance = Provenance { now: self.now, command: &self.command, window: Window::default() };
        let path = self.args.format.output.as_deref();
        let mut table = TableWriter::open(path, &self.layout, self.columns.output(), &provenance)?;
        report.progress("reading the trails");
        let session = TrailSession::connect(&self.connection, self.args.home.region.as_deref()).await?;
        let mut trails = all(&session).await.map_err(|error| Error::Failed(error.to_string()))?;
        trails.retain(|trail| self.args.name.as_ref().is_none_or(|name| *name == trail.name));
        trails.sort_by(|one, other| (&one.name, &one.arn).cmp(&(&other.name, &other.arn)));
        trails.dedup_by(|one, other| one.arn == other.arn);
        let number = trails.len() as u64;
        let mut reading = TrailReading { session: &session, report, table: &mut table };
        let mut rows = Vec::new();
        for trail in trails {
            rows.push(reading.read(trail).await);
        }
        report.clear();
        for row in &rows {
            table.row(&self.columns.cells(row))?;
        }
        table.finish(&mut Coverage::default(), stop)?;
        let account = &session.home.account;
        match (number, &self.args.name) {
            (0, Some(name)) => report.note(&format!("account {account} has no trail {name}")),
            (0, None) => report.note(&format!("account {account} has no trail; trail2tsv trail create makes one")),
            _ => report.note(&format!("{} of account {account}", count(number, "trail"))),
        }
        Ok(())
    }
}

/// Names and home regions of all trails of the account, in whatever region.
async fn all(session: &TrailSession) -> Result<Vec<Trail>, AwsError> {
    /// A faulty service could continue forever.
    const MAX_PAGES: usize = 100;
    let reader = TrailReader { client: &session.client, region: &session.home.region };
    let mut trails: Vec<Trail> = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let parameters = token.as_ref().map_or_else(|| json!({}), |token| json!({"NextToken": token}));
        let page: TrailPage = reader.call("ListTrails", "*", &parameters).await?;
        trails.extend(page.trails);
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(trails);
        }
    }
    let text = format!("the list of trails has more than {MAX_PAGES} pages, so no trail is shown; try again later");
    Err(AwsError::new(AwsErrorKind::Other, text))
}

/// Reads the parts of a trail. What cannot be read is reported and left empty.
struct TrailReading<'a> {
    session: &'a TrailSession,
    report: &'a Report,
    table: &'a mut TableWriter,
}

impl TrailReading<'_> {
    async fn read(&mut self, listed: Trail) -> TrailRow {
        let (name, arn) = (listed.name.clone(), listed.arn.clone());
        let region = listed.home_region.clone().unwrap_or_else(|| self.session.home.region.clone());
        let reader = TrailReader { client: &self.session.client, region: &region };
        let described = reader.describe(Some(&arn)).await;
        let described = self.part(&name, "settings", described).unwrap_or_default();
        let trail = described.into_iter().find(|trail| trail.arn == arn).unwrap_or(listed);
        let status = self.part(&name, "status", reader.status(&arn).await);
        let selectors = self.part(&name, "event selectors", reader.event_selectors(&arn).await);
        let insights = self.part(&name, "Insights", reader.insights(&arn).await);
        let tags = self.part(&name, "tags", reader.tags(&arn).await).unwrap_or_default();
        let mut row = TrailRow {
            home_region: region.clone(),
            status,
            events: selectors.map(|selectors| event_selectors::summary(&selectors)),
            insights: insights.map(|insights| insights.join(", ")),
            tags: tags.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", "),
            ..TrailRow::default()
        };
        if let Some(topic) = &trail.topic_arn {
            self.read_queues(&name, topic, &mut row).await;
        }
        row.trail = trail;
        row
    }

    /// Reads the queues that the topic sends to.
    async fn read_queues(&mut self, trail: &str, topic: &str, row: &mut TrailRow) {
        let home = &self.session.home;
        let region = topic.split(':').nth(3).unwrap_or_default().to_string();
        let subscriptions = topic_plan::subscriptions(&self.session.client, &region, topic).await;
        let Some(subscriptions) = self.part(trail, "topic", subscriptions) else { return };
        let mut queues: Vec<String> = Vec::new();
        for subscription in subscriptions.into_iter().filter(|subscription| subscription.protocol == "sqs") {
            let arn = subscription.endpoint;
            let region = arn.split(':').nth(3).unwrap_or_default().to_string();
            let home = HomeRegion { region, ..home.clone() };
            let Some(name) = home.local_name("sqs", &arn) else {
                queues.push(arn);
                continue;
            };
            let queue = queue_plan::find(&self.session.client, &home, name).await;
            match self.part(trail, &format!("queue {name}"), queue) {
                Some(Some(queue)) => {
                    row.messages = Some(row.messages.unwrap_or(0) + queue.messages());
                    queues.push(name.into());
                }
                Some(None) => queues.push(format!("{name} (does not exist)")),
                None => queues.push(name.into()),
            }
        }
        row.queues = queues.join(", ");
    }

    fn part<T>(&mut self, trail: &str, what: &str, result: Result<T, AwsError>) -> Option<T> {
        match result {
            Ok(part) => Some(part),
            Err(error) => {
                let (name, problem) = (format!("trail {trail}, {what}"), Problem::Resources(error.to_string()));
                let issue = Issue { name, problem, outcome: Outcome::Nothing };
                self.table.problem(&issue);
                self.report.issue(&issue);
                None
            }
        }
    }
}

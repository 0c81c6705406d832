//! Shows a plan and asks whether to carry it out.

use std::io::{IsTerminal, Write};

use crossbeam_channel::{bounded, select};

use super::args::ConfirmationArgs;
use super::plan::ChangePlan;
use super::session::TrailSession;
use crate::command::Context;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Report;

/// How a run that may change something goes on after it has read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Confirmation {
    /// Writes a script instead.
    DryRun,
    /// Changes without a question.
    Given,
    /// Asks on the terminal.
    Ask,
}

impl Confirmation {
    /// What the options ask for. Returns a usage error if there is no terminal to ask on.
    pub(super) fn new(args: ConfirmationArgs) -> Result<Confirmation, Error> {
        let has_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        match args {
            ConfirmationArgs { dry_run: true, .. } => Ok(Confirmation::DryRun),
            ConfirmationArgs { yes: true, .. } => Ok(Confirmation::Given),
            _ if has_terminal => Ok(Confirmation::Ask),
            _ => Err(Error::usage("no terminal to ask on; add --yes to change without a question, or --dry-run")),
        }
    }

    /// Shows the plan and carries it out, unless the user declines. Returns true if all is as
    /// planned now.
    pub(super) async fn carry_out(
        self,
        plan: &ChangePlan,
        session: &TrailSession,
        context: &Context,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<bool, Error> {
        if self == Confirmation::DryRun {
            report.clear();
            let script = plan.script(session, &context.command_line());
            let written = std::io::stdout().lock().write_all(script.as_bytes());
            written.map_err(|error| Error::write("standard output", &error))?;
            report.note("dry run: nothing was changed");
            return Ok(true);
        }
        let home = &session.home;
        let heading = format!("account {}, region {}", home.account, home.region);
        let is_asked = self == Confirmation::Ask && !plan.is_empty();
        if is_asked {
            report.clear();
        }
        report.plan(&heading, &plan.lines(), is_asked);
        if is_asked && !ask(report, stop)? {
            report.note("nothing was changed");
            return Ok(false);
        }
        plan.run(session, report).await?;
        report.note(&plan.totals());
        Ok(true)
    }
}

/// Asks a question whose usual answer is no.
fn ask(report: &Report, stop: &Cancellation) -> Result<bool, Error> {
    report.prompt("Make these changes? [y/N] ");
    // An interrupt does not end the reading of a line.
    let (sender, answer) = bounded(1);
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        // The receiver is gone after an interrupt.
        let _ = sender.send(read.map(|_| line));
    });
    select! {
        recv(answer) -> line => match line {
            Ok(Ok(line)) => Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")),
            _ => Ok(false),
        },
        recv(stop.interruption()) -> _ => Err(Error::Interrupted),
    }
}

//! The subcommand `sync`: brings mirrors up to date and reads nothing.

mod verify;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::verify::Verifier;
use crate::error::Fatal;
use crate::error::cancel::Stop;
use crate::plan::SyncPlan;
use crate::report::{Mirrored, Report};
use crate::sink::target::Target;
use crate::source::s3::survey::{Day, Met, survey};
use crate::source::s3::{Arrived, Bucket, Next};

/// Mirrors, or lists what would be mirrored, and says what was done. `stop`
/// ends it early.
pub fn run(plan: &SyncPlan, report: &Report, stop: &Stop) -> Result<Mirrored, Fatal> {
    let mut mirrored = Mirrored::default();
    if plan.is_dry {
        return list(plan, report, stop);
    }
    let verifier = Arc::new(Verifier::default());
    for input in &plan.buckets {
        let mut bucket = Bucket::open(input, Some(verifier.clone()), report, stop)?;
        mirror(&mut bucket, report, stop)?;
        report.detail(1, || bucket.account());
        mirrored.fetched.add(&bucket.fetched());
        mirrored.late = mirrored.late.max(bucket.late());
        mirrored.unread.extend(bucket.unread());
    }
    Ok(mirrored)
}

/// Waits until all objects have arrived.
fn mirror(bucket: &mut Bucket, report: &Report, stop: &Stop) -> Result<(), Fatal> {
    const PATIENCE: Duration = Duration::from_millis(50);
    let mut shown = Instant::now();
    loop {
        if stop.is_interrupted() {
            return Err(Fatal::Interrupted);
        }
        match bucket.next(PATIENCE) {
            Next::Arrived(Arrived::Object { address, .. }) => report.detail(2, || address),
            Next::Arrived(Arrived::Skip(skip)) => report.skip(&skip),
            Next::Arrived(Arrived::Note(text)) => report.note(&text),
            Next::Arrived(Arrived::Fatal(fatal)) => return Err(fatal),
            Next::Arrived(Arrived::TooOld) | Next::Wait => {}
            Next::End => return Ok(()),
        }
        if shown.elapsed() > PATIENCE {
            report.fetching(&bucket.fetched());
            shown = Instant::now();
        }
    }
}

/// Writes a row for each account, region and day.
fn list(plan: &SyncPlan, report: &Report, stop: &Stop) -> Result<Mirrored, Fatal> {
    const HEADER: &str = "account\tregion\tday\tobjects\tbytes\tpresent\tarchived\n";
    let mut target = Target::open(None)?;
    let mut header = Some(HEADER);
    let (mut mirrored, mut objects, mut bytes) = (Mirrored::default(), 0, 0);
    for input in &plan.buckets {
        let surveyed = survey(input, report, stop, |met| {
            match met {
                Met::Skip(skip) => report.skip(&skip),
                Met::Day(day) => {
                    objects += day.objects;
                    bytes += day.bytes;
                    target.write(format!("{}{}", header.take().unwrap_or_default(), row(&day)).as_bytes())?;
                }
            }
            Ok(())
        })?;
        mirrored.fetched.add(&surveyed.fetched);
        mirrored.late = mirrored.late.max(surveyed.late);
        mirrored.unread.extend(surveyed.unread);
    }
    target.write(header.unwrap_or_default().as_bytes())?;
    target.finish()?;
    Ok(Mirrored { missing: Some((objects, bytes)), ..mirrored })
}

fn row(day: &Day) -> String {
    let Day { account, region, date, objects, bytes, present, archived } = day;
    let date = date.map(|date| date.to_string()).unwrap_or_default();
    // Whoever names folders may have put anything into them.
    let [account, region] = [account, region].map(|name| name.replace(|character: char| character.is_control(), "?"));
    format!("{account}\t{region}\t{date}\t{objects}\t{bytes}\t{present}\t{archived}\n")
}

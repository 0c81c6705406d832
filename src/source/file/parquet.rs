//! Parquet that this program wrote with whole events: the column `record` as the text of a
//! log.

#[cfg(feature = "parquet")]
mod bounded_file;
#[cfg(feature = "parquet")]
mod records;

use std::fs::File;
use std::io::Read;

use super::layer::UnpackLimit;
use crate::error::Problem;

/// Opens the events of a file, in its order, as the text of one log. Returns a problem if
/// the file has none or cannot be read.
#[cfg(feature = "parquet")]
pub fn records(file: File, limit: &UnpackLimit) -> Result<Box<dyn Read + Send>, Problem> {
    use self::records::RecordText;
    use super::layer::UnpackedReader;
    Ok(Box::new(UnpackedReader::new(RecordText::open(file)?, limit.clone())))
}

/// Returns a problem: this build cannot read Parquet.
#[cfg(not(feature = "parquet"))]
pub fn records(_file: File, _limit: &UnpackLimit) -> Result<Box<dyn Read + Send>, Problem> {
    Err(Problem::Parquet("this build of trail2tsv lacks its feature parquet".into()))
}

//! The command line of Mailuo.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    mailuo::cli::run().await
}

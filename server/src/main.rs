//! The binary: hands its arguments to the command line.

use std::process::ExitCode;

/// Made for many small values, which is what a request allocates. Without huge pages, for an idle server
/// would hold 16 MiB in them for nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keybearer::cli::main()
}
